"""`switch400 replay`: a recorded call decided again from its record, to see that it comes out the same (S2).

Rule: only the record and the plan of its hash are used; nothing is rung.
"""

import sys

import click

from b2bua.cli.place import Place, at_place
from b2bua.codec import PLAIN
from b2bua.record import CallRecord
from b2bua.store.errors import NotFound
from b2bua.store.store import Store
from routing.document import content_hash, parse
from routing.event import Event
from routing.explain import decision
from routing.facts import Facts
from routing.ids import CallId
from routing.number import parse_400
from routing.plan import Plan
from routing.replay import differences, replay


@click.command()
@click.argument("call_id", metavar="CALL-ID")
@at_place
def command(call_id: str, place: Place) -> None:
    """Decide the recorded call CALL-ID again; status 1 if it does not come out as recorded."""
    store = place.open_store()
    record = store.records.get(CallId(call_id))
    if record is None:
        raise NotFound(f"there is no record of a call {call_id}")
    events: list[Event] = [PLAIN.structure(event, Event) for event in record.events]  # type: ignore[arg-type] # a union
    state = replay(_plan_of(store, record), PLAIN.structure(record.facts, Facts), events)
    for line in (parts := differences(record.trace, state)):
        click.echo(line)
    if parts:
        sys.exit(1)
    click.echo(f"the same in {len(record.trace)} steps: {decision(state)}")


def _plan_of(store: Store, record: CallRecord) -> Plan:
    """The version of the plan that the call was decided by. Raises NotFound."""
    number = parse_400(record.number)
    for version in store.plans.history(number):
        if version.plan_hash == record.plan_hash:
            plan = parse(store.plans.version(number, version.id)[1])
            if content_hash(plan) == record.plan_hash:
                return plan
    raise NotFound(f"there is no plan {record.plan_hash[:12]} of {record.number} any more")
