"""`switch400 replay`: decides a recorded call again from its record, to check that the decisions are the same (S2).

Rule: only the record and the plan of its hash are used; no telephone rings. What is incomplete in a record is printed,
but is no difference: a call may end before it is decided, and its process or the daemon may end before the call does.
"""

import sys
from collections.abc import Iterator

import click
from cattrs.errors import BaseValidationError

from b2bua.base.errors import NotFound, StoreError
from b2bua.base.serialization import PLAIN
from b2bua.cli.locations import Locations, with_locations
from b2bua.records.call_record import CallRecord, CallState
from b2bua.store.store import Store
from routing.document import content_hash, parse
from routing.event import Arrived, Event
from routing.explain import decision
from routing.facts import Facts
from routing.ids import CallId
from routing.number import parse_400
from routing.plan import Plan
from routing.replay import differences, replay
from routing.state import State


@click.command()
@click.argument("call_id", metavar="CALL-ID")
@with_locations
def command(call_id: str, locations: Locations) -> None:
    """Decide the recorded call CALL-ID again; status 1 if the decisions differ from the record."""
    store = locations.open_store()
    record = store.records.get(CallId(call_id))
    if record is None:
        raise NotFound(f"there is no record of a call {call_id}")
    plan, facts, events = _plan_of(store, record), _facts_of(record), _events_of(record)
    state = replay(plan, facts, events)
    for line in _omissions(record, events, state):
        click.echo(line)
    parts = [*differences(record.trace, state), *_endings(record, state)]
    for line in parts:
        click.echo(line)
    if parts:
        sys.exit(1)
    steps = len(record.trace)
    click.echo(f"the same in {steps} step{'' if steps == 1 else 's'}: {decision(state)}")


def _omissions(record: CallRecord, events: list[Event], state: State) -> Iterator[str]:
    """What is missing in the record of the call."""
    if not events:
        yield "the record has no events: its process ended before it sent any"
    elif not isinstance(events[0], Arrived):
        yield f"the record begins with {type(events[0]).__name__}: the call was gone before anything was decided"
    if record.state is not CallState.ENDED:
        yield f"the call was {record.state.value} when its record was last written"
    elif state.outcome is None and record.ending:
        yield f"the events end before the call does: its record was closed as {record.ending.slug}"


def _endings(record: CallRecord, state: State) -> Iterator[str]:
    """How the call ends now, if that differs from the record."""
    if record.state is CallState.ENDED and record.ending and state.outcome:
        was, now = record.ending.slug, state.outcome.cause.slug
        if was != now:
            yield f"ending: recorded {was}, now {now}"


def _facts_of(record: CallRecord) -> Facts:
    if not record.facts:
        raise StoreError(f"call {record.call_id} cannot be decided again: its record holds no facts")
    try:
        return PLAIN.structure(record.facts, Facts)
    except _UNREADABLE as error:
        raise StoreError(
            f"call {record.call_id} cannot be decided again: this release cannot read its facts"
        ) from error


def _events_of(record: CallRecord) -> list[Event]:
    events: list[Event] = []
    for at, plain in enumerate(record.events, 1):
        try:
            events.append(PLAIN.structure(plain, Event))  # type: ignore[arg-type] # a union
        except _UNREADABLE as error:
            raise _unreadable(record, f"event {at} ({plain.get('_type', 'of no kind')})") from error
    return events


def _unreadable(record: CallRecord, what: str) -> StoreError:
    return StoreError(f"call {record.call_id} cannot be decided again: this release cannot read {what}")


_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, BaseValidationError)
"""What structuring raises for values that another release wrote, or that are damaged."""


def _plan_of(store: Store, record: CallRecord) -> Plan:
    """The version of the plan that the call was decided by. Raises NotFound."""
    number = parse_400(record.number)
    for version in store.plans.history(number):
        if version.plan_hash == record.plan_hash:
            plan = parse(store.plans.version(number, version.id)[1])
            if content_hash(plan) == record.plan_hash:
                return plan
            raise NotFound(
                f"this release reads version {version.id} of {number} otherwise than the one that took the call"
            )
    raise NotFound(f"there is no plan {record.plan_hash[:12]} of {record.number} any more")
