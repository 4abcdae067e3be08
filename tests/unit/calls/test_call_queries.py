"""The lines as the consoles see them: whoever joins, leaves or is cut off, the feed shows who stands where (R10)."""

from collections.abc import Callable

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine

from b2bua.calls.active_calls import ActiveCalls
from b2bua.calls.call_queries import CallQueries
from b2bua.console.feed import Feed, Mirror
from b2bua.console.rows import QUEUES
from b2bua.ipc.protocol import Ask
from routing.command import JoinQueue, LeaveQueue, LookAtTargets
from routing.event import Event, QueueMoved, TargetsLooked
from routing.ids import CallId, NodeName, TargetName
from tests.support.samples import ended_record, open_record, talking_record

CALLS = [CallId(f"c{index}") for index in range(5)]
DEEDS = st.lists(
    st.tuples(st.sampled_from(["join", "first", "leave", "gone", "cut", "subscribe"]), st.sampled_from(CALLS)),
    max_size=40,
)
WAIT = NodeName("wait")


def answers(feed: Feed) -> CallQueries:
    """Answers for five calls to one number that are up; what they are told is not looked at."""
    switchboard = ActiveCalls(lambda _: None, lambda _: None)
    for call_id in CALLS:
        switchboard.take(open_record(call_id))
    return CallQueries(create_engine("sqlite://"), switchboard, lambda _, __: None, feed)


def stand(line: list[tuple[CallId, bool]], deed: str, call: CallId) -> None:
    """The same deed on a plain list."""
    if deed in ("join", "first") and call not in dict(line):
        line.append((call, deed == "first"))
        line.sort(key=lambda entry: not entry[1])
    elif deed in ("leave", "gone"):
        line[:] = [entry for entry in line if entry[0] != call]


@pytest.mark.req("R10", "S3")
@given(DEEDS)
def test_the_feed_shows_the_lines(deeds: list[tuple[str, CallId]]) -> None:
    """For any coming and going: a console that looked on holds each call's place and whether it goes first."""

    async def live() -> None:
        feed, mirror = Feed(), Mirror()
        asked = answers(feed)
        mirror.replace(feed.snapshot([QUEUES]))
        line: list[tuple[CallId, bool]] = []
        act: dict[str, Callable[[CallId], None]] = {
            "join": lambda call: asked.line_up(Ask(call, JoinQueue(WAIT, priority=False), 1.0)),
            "first": lambda call: asked.line_up(Ask(call, JoinQueue(WAIT, priority=True), 1.0)),
            "leave": lambda call: asked.line_up(Ask(call, LeaveQueue(WAIT))),
            "gone": asked.gone,
            "subscribe": lambda _: mirror.replace(feed.snapshot([QUEUES])),
            "cut": lambda _: None,
        }
        for deed, call in [*deeds, ("cut", CALLS[0])]:
            act[deed](call)
            stand(line, deed, call)
            delta = feed.cut()
            if delta.changes:
                mirror.apply(delta)
        rows = mirror.rows(QUEUES)
        assert rows == feed.snapshot([QUEUES]).state[QUEUES]
        assert {key: (row["place"], row["priority"]) for key, row in rows.items()} == {
            call: (place, first) for place, (call, first) in enumerate(line, 1)
        }

    trio.run(live)


@pytest.mark.req("R10")
async def test_a_call_that_goes_from_queue_to_queue() -> None:
    """Left one and joined another in the same instant: it is shown in the second, since when it waits there."""
    feed = Feed()
    asked = answers(feed)
    asked.line_up(Ask(CALLS[0], JoinQueue(WAIT, priority=False), 60.0))
    asked.line_up(Ask(CALLS[0], LeaveQueue(WAIT)))
    asked.line_up(Ask(CALLS[0], JoinQueue(NodeName("night"), priority=False)))
    (row,) = feed.snapshot([QUEUES]).state[QUEUES].values()
    assert (row["node"], row["place"]) == ("night", 1)


@pytest.mark.req("R10")
async def test_calls_in_line_learn_their_places_when_all_have_come_back() -> None:
    """Before that nobody is told a place, since an older caller may be about to come back; then everybody is."""
    told: list[tuple[CallId, Event]] = []
    switchboard = ActiveCalls(lambda _: None, lambda _: None)
    for call_id in CALLS:
        switchboard.take(open_record(call_id))
    asked = CallQueries(create_engine("sqlite://"), switchboard, lambda *news: told.append(news), Feed())
    asked.line_up(Ask(CALLS[0], JoinQueue(WAIT, priority=False), 1.0))
    asked.line_up(Ask(CALLS[1], JoinQueue(WAIT, priority=False), 2.0))
    asked.line_up(Ask(CallId("unknown"), JoinQueue(WAIT, priority=False), 3.0))
    assert told == []
    asked.settle()
    assert told == [(CALLS[1], QueueMoved(0.0, WAIT, 0)), (CALLS[0], QueueMoved(0.0, WAIT, 1))]
    asked.gone(CALLS[1])
    assert told[2:] == [(CALLS[0], QueueMoved(0.0, WAIT, 0))]


@pytest.mark.req("R10")
async def test_the_last_line_of_a_target_is_given_to_one_call_only() -> None:
    """Of two calls that look at once the second sees it taken, until the first has rung or is over."""
    told: list[tuple[CallId, Event]] = []
    switchboard = ActiveCalls(lambda _: None, lambda _: None)
    for call_id in CALLS:
        switchboard.take(open_record(call_id))
    asked = CallQueries(create_engine("sqlite://"), switchboard, lambda *news: told.append(news), Feed())
    asked.settle()
    target = TargetName("mobile")
    look = LookAtTargets(WAIT, (target,), {target: 1}, 1)

    async def lines_in_use(call_id: CallId) -> int:
        told.clear()
        await asked.ask(Ask(call_id, look))
        ((_, event),) = told
        assert isinstance(event, TargetsLooked)
        return event.live[target]

    assert [await lines_in_use(CALLS[0]), await lines_in_use(CALLS[1])] == [0, 1]
    rang = talking_record(CALLS[0])
    switchboard.take(rang)
    asked.shown(rang)
    assert await lines_in_use(CALLS[1]) == 1, "it rings now"
    switchboard.take(ended_record(CALLS[0]))
    asked.gone(CALLS[0])
    assert await lines_in_use(CALLS[1]) == 0


async def test_what_is_no_question() -> None:
    """A call that is over gets no answer; a command that asks nothing is a fault of the program."""
    asked = answers(Feed())
    await asked.ask(Ask(CallId("unknown"), JoinQueue(WAIT, priority=False)))
    with pytest.raises(ValueError, match="LeaveQueue is not a question"):
        await asked.ask(Ask(CALLS[0], LeaveQueue(WAIT)))


@pytest.mark.req("R10")
async def test_a_call_that_comes_back_stands_where_it_stood() -> None:
    """Refused by a target after a minute in line: it is before one who has waited for half a minute."""
    feed = Feed()
    asked = answers(feed)
    asked.line_up(Ask(CALLS[0], JoinQueue(WAIT, priority=False), 30.0))
    asked.line_up(Ask(CALLS[1], JoinQueue(WAIT, priority=False, waited_s=60.0)))
    rows = feed.snapshot([QUEUES]).state[QUEUES]
    assert [rows[call]["place"] for call in (CALLS[1], CALLS[0])] == [1, 2]
