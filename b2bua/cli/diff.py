"""`switch400 plan diff`: where two versions of a plan decide calls differently.

Rule: shown before publishing (a file against the live plan), and between any two versions of the history.
"""

from pathlib import Path

import click

from b2bua.cli.documents import read_documents
from b2bua.cli.locations import Locations, with_locations
from routing.check import difference
from routing.document import parse
from routing.ids import Number400
from routing.number import parse_400
from routing.plan import Plan


@click.command("diff")
@click.argument("words", metavar="FILE | NUMBER OLD [NEW]", nargs=-1, required=True)
@with_locations
def command(words: tuple[str, ...], locations: Locations) -> None:
    """Compare FILE with the live plan of its number, or version OLD of NUMBER with NEW (default: what is live)."""
    match words:
        case (file,):
            [text] = read_documents([Path(file)])
            new = parse(text)
            old = _live(locations, new.number)
        case (number, first):
            old, new = _version(locations, parse_400(number), first), _live(locations, parse_400(number))
        case (number, first, last):
            old, new = _version(locations, parse_400(number), first), _version(locations, parse_400(number), last)
        case _:
            raise click.UsageError("give a FILE, or a NUMBER and one or two versions")
    changes = difference(old, new)
    for change in changes:
        click.echo(change)
    if not changes:
        click.echo("no call is decided differently")


def _live(locations: Locations, number: Number400) -> Plan:
    return parse(locations.open_store().plans.live(number).document)


def _version(locations: Locations, number: Number400, version: str) -> Plan:
    if not version.isdigit():
        raise click.BadParameter(f"{version} is no version; see `plan history`")
    return parse(locations.open_store().plans.version(number, int(version))[1])
