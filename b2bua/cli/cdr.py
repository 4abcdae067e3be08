"""`switch400 cdr`: call records as a list, filtered, or one record in full (P1)."""

import json
from typing import Any

import click

from b2bua.base.errors import NotFound
from b2bua.cli import times
from b2bua.cli.call_summary import summary_lines
from b2bua.cli.cdr_print import as_json, table
from b2bua.cli.locations import Locations, with_locations
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
    callback=times.option,
    help="From then on: 2026-05-01, '2026-05-01 08:30', 08:30, today, 2h …",
)
@click.option("--until", metavar="WHEN", callback=times.option, help="Before then.")
@click.option("--cause", default="", help="Release cause: busy, no-answer, normal …")
@click.option("--blame", type=click.Choice([blame.value for blame in Blame]), help="Ended by this side.")
@click.option("--plan", "plan_hash", default="", help="Decided by the plan with this hash.")
@click.option("--answered/--missed", default=None, help="Only calls that were answered, or that were not.")
@click.option("--open", "up", is_flag=True, help="Only calls that have not ended.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="The newest so many.")
@click.option("--json", "as_lines", is_flag=True, help="A record a line, whole, with ISO times.")
@click.option("--wide", is_flag=True, help="More columns.")
@click.pass_context
@with_locations
def command(
    context: click.Context, /, *, locations: Locations, as_lines: bool, wide: bool, **conditions: Any
) -> None:  # Any: as in `_query`
    """List call records, newest first; times are Asia/Shanghai."""
    if context.invoked_subcommand:
        return
    query = _query(**conditions)
    found = locations.open_store().records.find(query)
    if as_lines:
        for record in found:
            click.echo(json.dumps(as_json(record), ensure_ascii=False))
        return
    if table(found, wide=wide) == query.limit:
        click.echo(f"the newest {query.limit}; more with --limit, fewer with --since", err=True)


@command.command()
@click.argument("call_id", metavar="CALL-ID")
@with_locations
def show(call_id: str, locations: Locations) -> None:
    """Show one call: its times, every attempt, and why it went where it went."""
    record = locations.open_store().records.get(CallId(call_id))
    if record is None:
        raise NotFound(f"there is no record of a call {call_id}")
    for line in summary_lines(record):
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
    **rest: Any,  # Any: options of several types, which click has converted
) -> Query:
    """The search that the options describe. Raises NumberFault."""
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
