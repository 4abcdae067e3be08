"""`switch400 check`: what is wrong in plan documents, and what is suspicious.

Rule: faults end with status 1; suspicions are printed and end with 0, or with 1 where `--strict` asks for it.
"""

import sys
from pathlib import Path

import click

from b2bua.api.plan_review import findings
from b2bua.cli.documents import read_documents
from b2bua.cli.place import Place, at_place
from b2bua.media.paths import media_paths
from routing.check import CARRIER_WAIT_S
from routing.document import PlanFaults, parse


@click.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--carrier-wait", default=CARRIER_WAIT_S, show_default=True, help="Seconds a carrier lets a call ring.")
@click.option("--strict", is_flag=True, help="Suspicions count as faults.")
@at_place
def command(files: tuple[Path, ...], carrier_wait: int, strict: bool, place: Place) -> None:
    """Say what is wrong or suspicious in FILE…, a line each; prompts are looked for in this switch's library."""
    bad = False
    paths = media_paths(place.state)
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
