"""`switch400 explain`: where a call would go, and why (N8).

Rule: the routing core decides as in a real call; no telephone rings.
"""

import json
from datetime import datetime
from pathlib import Path

import click

from b2bua.admission.caller_lookup import SAID
from b2bua.api.plan_review import facts_of, keys_of
from b2bua.cli import times
from b2bua.cli.documents import read_documents
from b2bua.cli.locations import Locations, with_locations
from b2bua.config.trunks import Trunk
from routing.document import parse
from routing.explain import World, explain, lines, to_plain
from routing.ids import TargetName
from routing.number import parse_400, print_400
from routing.plan import Plan


@click.command()
@click.argument("number")
@click.option("--from", "caller", required=True, help="The caller's number, in any usual spelling; '' if withheld.")
@click.option("--class", "category", type=click.Choice(list(SAID)), help="What the carrier says of a landline (cpc).")
@click.option("--at", "at_ms", callback=times.option, help="When: '2026-05-01 08:30', 08:30 … (default: now).")
@click.option("--keys", default="", help="What the caller keys, one entry each time it is asked: 1,2 or 2580,801.")
@click.option("--busy", metavar="TARGET", multiple=True, help="A target that is busy; may be given again.")
@click.option("--silent", metavar="TARGET", multiple=True, help="A target that never answers; may be given again.")
@click.option("--trunk", default="", help="By which trunk of --config it comes: its carrier may allow no mobiles.")
@click.option("--file", "document", type=click.Path(path_type=Path), help="This document in place of the live plan.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_locations
def command(
    number: str,
    caller: str,
    category: str | None,
    at_ms: int | None,
    keys: str,
    busy: tuple[str, ...],
    silent: tuple[str, ...],
    trunk: str,
    document: Path | None,
    as_json: bool,
    locations: Locations,
) -> None:
    """Show each decision about a call to NUMBER: what is looked at, chosen and passed over; how it ends comes last."""
    if document:
        [text] = read_documents([document])
        plan = parse(text)
        if plan.number != parse_400(number):
            raise click.BadParameter(f"{document} is the plan of {print_400(plan.number)}", param_hint="NUMBER")
    else:
        plan = parse(locations.open_store().plans.live(parse_400(number)).document)
    arrived = times.from_ms(at_ms) if at_ms is not None else datetime.now(times.SHANGHAI)
    world = World(
        keys_of(keys),
        busy=_known(plan, "--busy", busy),
        silent=_known(plan, "--silent", silent),
    )
    came_by = _known_trunk(trunk, locations.trunks) if trunk else None
    explained = explain(plan, facts_of(plan, caller, arrived, trunk=came_by, category=category or ""), world)
    if as_json:
        click.echo(json.dumps(to_plain(explained), ensure_ascii=False))
    else:
        click.echo("\n".join(lines(explained)))


def _known_trunk(name: str, trunks: dict[str, Trunk]) -> Trunk:
    """The trunk of this name. Raises BadParameter if the configuration has no such trunk."""
    if name not in trunks:
        there = f"there are {', '.join(trunks)}" if trunks else "trunks are named in --config FILE"
        raise click.BadParameter(f"there is no trunk {name}; {there}", param_hint="--trunk")
    return trunks[name]


def _known(plan: Plan, option: str, names: tuple[str, ...]) -> tuple[TargetName, ...]:
    """The targets of the plan with these names. Raises BadParameter if it does not have one."""
    for name in names:
        if name not in plan.targets:
            raise click.BadParameter(
                f"there is no target {name}; there are {', '.join(plan.targets)}", param_hint=option
            )
    return tuple(map(TargetName, names))
