"""Explaining a call before it happens, and replaying one after it has (S2, N8)."""

from datetime import datetime

import attrs
import msgpack
import pytest
from hypothesis import given, settings

from b2bua.base.serialization import PLAIN
from routing import flow, trace
from routing.cause import NORMAL
from routing.document import parse
from routing.event import Arrived, Event, MediaLost, TargetAnswered, TargetHungUp
from routing.explain import World, decision, explain, lines, to_plain
from routing.facts import Caller, CallerClass, DayKind, Facts
from routing.ids import LegId, NodeName, TargetName
from routing.plan import Plan
from routing.replay import differences, replay
from tests.unit.routing.calls import TWO_TARGETS, Call, facts_of
from tests.unit.routing.example import PLAN, entered_anywhere
from tests.unit.routing.strategies import facts

ABROAD = Caller("+14155550100", CallerClass.OVERSEAS)


@pytest.mark.req("N8", "S2")
def test_the_whole_way_is_told() -> None:
    """Every node, what it looked at, what it chose, what it passed over and why; the last line is the decision."""
    told = lines(
        explain(PLAN, facts_of(PLAN, today=DayKind.WORKDAY), World(("2580", "1"), busy=[TargetName("sales-1")]))
    )
    text = "\n".join(told)
    assert "hours (time) → place" in text
    assert "looked at arrived: Wed 2026-04-15 10:00" in text
    assert "passed over night: not in holiday 00:00-24:00" in text
    assert "ring sales-1 (021-6228 8301): busy" in text
    assert told[-1] == "connected to sales-2"


WORLDS = [
    ("split", World(("2580",), silent=[TargetName("sales-1")], places={NodeName("split"): 1}), "connected to sales-2"),
    ("desk", World(("2580",), busy=[TargetName("duty")], live={TargetName("front-desk"): 2}), "connected to sales-1"),
    ("wait", World(("2580",)), "connected to sales-1"),
    ("mailbox", World(("2580",)), "released: normal (SIP 480, Q.850 16)"),
    ("menu", World(("2580", "0")), "released: busy (SIP 486, Q.850 17)"),
    ("menu", World(("2580",)), "connected to front-desk"),
    ("menu", World(("1111", "2222", "3333")), "released: wrong-password (SIP 403, Q.850 21)"),
]


@pytest.mark.req("N8")
@pytest.mark.parametrize(("start", "world", "ends"), WORLDS)
def test_whatever_a_call_meets_can_be_told(start: str, world: World, ends: str) -> None:
    """Places in line, lines in use, queues, mailboxes, menus and passwords are played as they are told."""
    plan = attrs.evolve(PLAN, start=NodeName(start))
    assert lines(explain(plan, facts_of(plan, today=DayKind.WORKDAY), world))[-1] == ends


def test_a_call_that_was_connected_is_told_so() -> None:
    """Whoever hung up; what else ended it is added."""
    talks = replay(parse(TWO_TARGETS), facts_of(parse(TWO_TARGETS)), (Arrived(0), TargetAnswered(1, LegId(1))))
    by_target, _ = flow.step(parse(TWO_TARGETS), talks, TargetHungUp(9, LegId(1), NORMAL))
    lost, _ = flow.step(parse(TWO_TARGETS), talks, MediaLost(9, LegId(1)))
    assert decision(by_target) == "connected to front-desk"
    assert decision(lost) == "connected to front-desk, ended by media-lost"


def test_a_release_is_told_with_its_cause() -> None:
    """A caller who is refused: the last line is the cause, in all its forms."""
    explained = explain(PLAN, facts_of(PLAN, caller=ABROAD), World())
    assert lines(explained)[-1] == "released: not-allowed (SIP 403, Q.850 55)"
    assert decision(Call(TWO_TARGETS).state) == "the call goes on"


@pytest.mark.req("S2")
@settings(max_examples=50)
@given(entered_anywhere(), facts())
def test_explain_s_last_line_is_the_decision(plan: Plan, of: Facts) -> None:
    """For any call facts, in words and for programs alike; and the recorded events decide the same again."""
    explained = explain(plan, of, World(keys=("2580", "2")))
    plain = to_plain(explained)
    assert lines(explained)[-1] == plain["decision"] == decision(explained.state)
    assert [attempt["target"] for attempt in plain["attempts"]] == [one.target for one in explained.state.attempts]
    recorded = [PLAIN.unstructure(event, unstructure_as=Event) for event in explained.events]
    wire = msgpack.unpackb(msgpack.packb(recorded))
    events: list[Event] = [PLAIN.structure(event, Event) for event in wire]  # type: ignore[arg-type] # a union
    again = replay(plan, of, events)
    assert again == explained.state
    assert differences([trace.to_plain(step) for step in explained.state.trace], again) == []


def test_a_replay_under_another_plan_differs() -> None:
    """Where the recorded trace and the replayed one part is said step by step."""
    call = Call(TWO_TARGETS)
    other = Call(TWO_TARGETS + '[hunt]\ntargets = ["mobile"]\n')
    recorded = [trace.to_plain(step) for step in call.state.trace]
    assert differences(recorded, other.state) == ["step 1: recorded hunt → front-desk, mobile, now hunt → mobile"]
    assert differences((), call.state) == ["step 1: recorded nothing, now hunt → front-desk, mobile"]


def test_an_attempt_still_ringing_is_told_so() -> None:
    """A call that is not over can be told too."""
    from routing.explain import Explained

    told = lines(Explained((), Call(TWO_TARGETS).state))
    assert "ring front-desk (021-6228 8300): rings" in "\n".join(told)


def test_begin_knows_the_facts() -> None:
    """A call that has not arrived has said nothing yet."""
    state = flow.begin(PLAN, facts_of(PLAN, arrived=datetime.fromisoformat("2026-04-15T10:00+08:00")))
    assert (state.trace, state.over, state.facts.dialled) == ((), False, PLAN.number)


def test_a_caller_who_keys_for_ever_is_cut_off() -> None:
    """An endless caller in an imagined world comes to an end too."""
    explained = explain(PLAN, facts_of(PLAN, today=DayKind.WORKDAY), World(("2580", *("*",) * 3000)))
    assert explained.state.over
