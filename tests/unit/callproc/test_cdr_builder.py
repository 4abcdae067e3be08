"""When a call's record is told: at once what others decide by, the rest together with what comes next."""

import pytest

from b2bua.callproc.cdr_builder import HELD_BACK_S, SIGN_OF_LIFE_S, CdrBuilder, ending
from b2bua.ipc.protocol import Assign, InviteKey
from b2bua.records.call_record import CallRecord, CallState
from routing.cause import BUSY, CRASHED, NORMAL
from routing.event import CallerHungUp, Event, TargetAnswered, TargetFailed, TargetHungUp, TargetRang, TargetsLooked
from routing.ids import LegId
from routing.plan import FIRST_HUNT
from tests.unit.routing.calls import HEAD, TWO_TARGETS, Call, facts_of

ONE, TWO = LegId(1), LegId(2)
LIMITED = HEAD + '[targets]\nfront-desk = { address = "021-6228 8300", capacity = 2 }\nmobile = "138 0013 8000"\n'


class Told:
    """A call and its scribe; `at` feeds an event and gives the record that is told then, if one is."""

    def __init__(self, document: str = TWO_TARGETS) -> None:
        self.call = Call(document)
        assign = Assign(
            call_id="c-1",
            invite=InviteKey("c-1@carrier", "tag"),
            accepted_ms=1_000_000,
            facts=facts_of(self.call.plan),
            plan_hash="hash",
            plan=None,
            routes=(),
            contact="sip:token@127.0.0.1",
            identity="127.0.0.1",
            media_host="127.0.0.1",
        )
        self.scribe = CdrBuilder(assign, dict, counts_calls=self.call.plan.counts_calls())

    def at(self, event: Event) -> CallRecord | None:
        """What is told right after an event."""
        self.call.then(event)
        return self.look(event.at_s)

    def look(self, at_s: float) -> CallRecord | None:
        """What is told when nothing has happened."""
        return self.scribe.write(self.call.state, at_s)


@pytest.fixture
def told() -> Told:
    """A call that rings its first target, which is told."""
    one = Told()
    assert one.look(0.0) is None
    first = one.look(HELD_BACK_S)
    assert first is not None
    assert [attempt.target for attempt in first.attempts] == ["front-desk"]
    return one


@pytest.mark.req("P1", "R10")
def test_lines_are_told_at_once_where_they_count() -> None:
    """Where a target has a capacity, nothing waits: that a line is taken, free again, and the next one's taken."""
    one = Told(LIMITED)
    one.call.then(TargetsLooked(0.0, FIRST_HUNT, {}, {}, {}))
    first = one.look(0.0)
    assert first is not None
    assert [attempt.target for attempt in first.attempts] == ["front-desk"]
    record = one.at(TargetFailed(0.2, ONE, BUSY))
    assert record is not None
    assert [attempt.ended_ms for attempt in record.attempts] == [1_000_200, None]


@pytest.mark.req("P1")
def test_lines_wait_for_company_where_nobody_counts_them(told: Told) -> None:
    """Busy and answered soon after are one record; without an answer the next line is told when the time is over."""
    assert told.at(TargetFailed(0.2, ONE, BUSY)) is None
    assert told.scribe.next_due_s() == pytest.approx(0.2 + HELD_BACK_S)
    record = told.at(TargetAnswered(0.25, TWO))
    assert record is not None
    assert [attempt.ended_ms for attempt in record.attempts] == [1_000_200, None]
    assert record.answered_ms == 1_000_250


@pytest.mark.req("P1")
def test_ringing_waits_for_the_answer(told: Told) -> None:
    """An answer soon after the ringing tells both in one record; the caller's answer is never put off."""
    assert told.at(TargetRang(0.1, ONE, early_media=False)) is None
    assert told.scribe.next_due_s() == pytest.approx(0.1 + HELD_BACK_S)
    record = told.at(TargetAnswered(0.15, ONE))
    assert record is not None
    assert (record.seq, record.rang_ms, record.answered_ms) == (2, 1_000_100, 1_000_150)
    assert told.scribe.next_due_s() is None


@pytest.mark.req("P1", "S3")
def test_ringing_is_told_in_time(told: Told) -> None:
    """If nothing joins it, the ringing is told when its time is over, once."""
    told.at(TargetRang(0.1, ONE, early_media=False))
    assert told.look(0.1 + HELD_BACK_S / 2) is None
    record = told.look(0.1 + HELD_BACK_S)
    assert record is not None
    assert record.state is CallState.RINGING
    assert told.look(0.1 + 2 * HELD_BACK_S) is None


@pytest.mark.req("P1")
def test_end_is_when_it_was_decided(told: Told) -> None:
    """A hang-up waits for the other leg to settle; the record's end is the hang-up all the same."""
    told.at(TargetAnswered(1.0, ONE))
    assert told.at(CallerHungUp(5.0, NORMAL)) is None
    record = told.at(TargetHungUp(5.04, ONE, NORMAL))
    assert record is not None
    assert (record.state, record.ended_ms, record.talk_ms) == (CallState.ENDED, 1_005_000, 4_000)
    assert told.look(60.0) is None


@pytest.mark.req("P1")
def test_sign_of_life(told: Told) -> None:
    """While nothing happens a record is told anew now and then, so that a crash costs little talk time."""
    told.at(TargetAnswered(1.0, ONE))
    assert told.look(1.0 + SIGN_OF_LIFE_S / 2) is None
    record = told.look(1.0 + SIGN_OF_LIFE_S)
    assert record is not None
    assert record.talk_ms == round(SIGN_OF_LIFE_S * 1000)


@pytest.mark.req("P1")
def test_a_call_given_up_leaves_no_attempt_open(told: Told) -> None:
    """What did not end by its flow is closed whole: the call, and the attempt that was still up."""
    told.at(TargetAnswered(1.0, ONE))
    record = told.scribe.close(told.call.state, 5.0, CRASHED)
    assert (record.state, record.ended_ms, record.ending) == (
        CallState.ENDED,
        1_005_000,
        ending(CRASHED, answered=True),
    )
    assert [attempt.ended_ms for attempt in record.attempts] == [1_005_000]
