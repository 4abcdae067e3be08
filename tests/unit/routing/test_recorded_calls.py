"""Calls that version 0.1.0 recorded are decided again as they were then (S2).

Rule: `recorded_calls.json` is never made anew. The names of events, their fields and timers stand in stored records,
and so do the words of a trace; a change to one of them must go on reading these.
"""

import json
from pathlib import Path
from typing import Any  # a record's plain form, as msgpack gives it

import pytest

from b2bua.base.serialization import PLAIN
from routing.document import parse
from routing.event import Event
from routing.facts import Facts
from routing.replay import differences, replay

CALLS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("recorded_calls.json").read_text(encoding="utf-8"))


@pytest.mark.req("S2")
@pytest.mark.parametrize("call", CALLS, ids=[f"{at}-{call['cause']}" for at, call in enumerate(CALLS)])
def test_a_call_recorded_by_an_earlier_version_replays(call: dict[str, Any]) -> None:
    """The same trace, word for word, and the same outcome."""
    events: list[Event] = [PLAIN.structure(event, Event) for event in call["events"]]  # type: ignore[arg-type] # a union
    state = replay(parse(call["plan"]), PLAIN.structure(call["facts"], Facts), events)
    assert differences(call["trace"], state) == []
    assert state.outcome is not None
    assert (state.outcome.cause.slug, state.outcome.hung_up_by.value) == (call["cause"], call["hung_up_by"])


def test_every_event_stands_in_a_recorded_call() -> None:
    """The calls above have every kind of event, so that none can be renamed unseen."""
    recorded = {event["_type"] for call in CALLS for event in call["events"]}
    assert recorded == {kind.__name__ for kind in Event.__args__}
