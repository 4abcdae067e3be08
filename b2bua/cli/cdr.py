"""`switch400 cdr`: call records, listed, filtered, and one of them told whole (P1)."""

import json
from typing import Any

import click

from b2bua.base.errors import NotFound
from b2bua.cli import when
from b2bua.cli.cdr_print import as_json, table
from b2bua.cli.cdr_story import story
from b2bua.cli.place import Place, at_place
from b2bua.store.query import Query, caller_pattern
from routing.cause import Blame
from routing.ids import CallId
from routing.number import parse_400


@click.group(invoke_without_command=True)
@click.option("--number", default="", help="Calls to this 400 number.")
@click.option("--caller", default="", help="Calls from this number; 138* for all that begin so.")
@click.option("--target", default="", help="Calls that this target of the plan got.")
@click.option("--trunk", default="", help="Calls that came by this trunk.")
@click.option(
    "--since",
    metavar="WHEN",
    callback=when.option,
    help="From then on: 2026-05-01, '2026-05-01 08:30', 08:30, today, 2h …",
)
@click.option("--until", metavar="WHEN", callback=when.option, help="Before then.")
@click.option("--cause", default="", help="Ended so: busy, no-answer, normal …")
@click.option("--blame", type=click.Choice([blame.value for blame in Blame]), help="Ended by whose doing.")
@click.option("--plan", "plan_hash", default="", help="Decided by the plan with this hash.")
@click.option("--answered/--missed", default=None, help="Only calls that were answered, or that were not.")
@click.option("--open", "up", is_flag=True, help="Only calls that have not ended.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="The newest so many.")
@click.option("--json", "as_lines", is_flag=True, help="A record a line, whole, with ISO times.")
@click.option("--wide", is_flag=True, help="More columns.")
@click.pass_context
@at_place
def command(context: click.Context, /, *, place: Place, as_lines: bool, wide: bool, **conditions: Any) -> None:
    """List call records, newest first; times are Asia/Shanghai."""
    if context.invoked_subcommand:
        return
    query = _query(**conditions)
    found = place.open_store().records.find(query)
    if as_lines:
        for record in found:
            click.echo(json.dumps(as_json(record), ensure_ascii=False))
        return
    if table(found, wide=wide) == query.limit:
        click.echo(f"the newest {query.limit}; more with --limit, fewer with --since", err=True)


@command.command()
@click.argument("call_id", metavar="CALL-ID")
@at_place
def show(call_id: str, place: Place) -> None:
    """Tell one call: its times, every attempt, and why it went where it went."""
    record = place.open_store().records.get(CallId(call_id))
    if record is None:
        raise NotFound(f"there is no record of a call {call_id}")
    for line in story(record):
        click.echo(line)


def _query(
    *,
    number: str,
    caller: str,
    since: int | None,
    until: int | None,
    cause: str,
    blame: str | None,
    up: bool,
    **rest: Any,
) -> Query:
    """The search that the options say; raises NumberFault."""
    return Query(
        number=parse_400(number) if number else "",
        caller=caller_pattern(caller),
        since_ms=since,
        until_ms=until,
        slug=cause,
        blame=Blame(blame) if blame else None,
        up=True if up else None,
        **rest,
    )
