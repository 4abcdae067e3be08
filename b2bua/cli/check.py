"""`switch400 check`: faults and suspicious points in plan documents.

Rule: faults give exit status 1; findings are printed and give 0, or 1 with `--strict`.
"""

import sys
from pathlib import Path

import click

from b2bua.api.plan_review import findings
from b2bua.cli.documents import read_documents
from b2bua.cli.locations import Locations, with_locations
from b2bua.media.paths import media_paths
from routing.check import CARRIER_WAIT_S
from routing.document import PlanFaults, parse


@click.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--carrier-wait", default=CARRIER_WAIT_S, show_default=True, help="Seconds a carrier lets a call ring.")
@click.option("--strict", is_flag=True, help="Suspicions count as faults.")
@with_locations
def command(files: tuple[Path, ...], carrier_wait: int, strict: bool, locations: Locations) -> None:
    """Print what is wrong or suspicious in FILE…, one line each; prompts are searched for in this switch's library."""
    bad = False
    paths = media_paths(locations.state)
    for file in files:
        try:
            [text] = read_documents([file])
            plan = parse(text)
        except PlanFaults as error:
            bad = True
            for fault in error.faults:
                click.echo(f"{file}: {fault.path.removeprefix(f'{file}: ')}: {fault.problem} — {fault.mend}")
            continue
        found = findings(plan, paths, carrier_wait)
        bad = bad or (strict and bool(found))
        for finding in found:
            click.echo(f"{file}: {finding}")
        if not found:
            click.echo(f"{file}: nothing suspicious")
    sys.exit(1 if bad else 0)
