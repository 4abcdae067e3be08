"""The calls that are up: whatever order their records come in, they are counted once and closed once."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.calls.active_calls import ActiveCalls
from b2bua.records.call_record import Attempt, CallRecord, CallState, Ending, Party
from routing.cause import CRASHED, NORMAL
from tests.support.samples import ARRIVED_MS, ended_record, ending, open_record, talking_record

NEWS = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 4)), max_size=30)


def switchboard() -> tuple[ActiveCalls, list[CallRecord], list[CallRecord]]:
    """One with what it kept and what it showed."""
    kept: list[CallRecord] = []
    shown: list[CallRecord] = []
    return ActiveCalls(kept.append, shown.append), kept, shown


@pytest.mark.req("P1")
@given(NEWS)
def test_only_news_counts(news: list[tuple[str, int]]) -> None:
    """Each version is kept and shown once, in rising order; late and repeated ones are passed over."""
    board, kept, shown = switchboard()
    newest: dict[str, int] = {}
    for call, seq in news:
        board.take(open_record(call, seq))
        newest[call] = max(seq, newest.get(call, -1))
    assert kept == shown
    assert {record.call_id: record.seq for record in board} == newest
    for call in newest:
        seqs = [record.seq for record in kept if record.call_id == call]
        assert seqs == sorted(set(seqs))
    assert board.of_number("4006001234") == board.of_trunk("carrier") == len(board) == len(newest)


@pytest.mark.req("R4", "R10")
def test_targets_are_counted_while_they_ring_or_talk() -> None:
    """A leg that has ended takes no seat; attempts are counted once, however often their call's record comes."""
    board, _, _ = switchboard()
    board.take(open_record("c-1", 0))
    assert board.on_target("4006001234", "mobile") == 0
    board.take(talking_record("c-1", 1))
    board.take(talking_record("c-1", 2))
    assert board.on_target("4006001234", "mobile") == 1
    assert board.on_target("4006001234", "front-desk") == 0
    assert board.on_target("4009999999", "mobile") == 0
    assert (board.had("4006001234", "mobile"), board.had("4006001234", "front-desk")) == (1, 1)
    board.take(ended_record("c-1", 3))
    assert board.on_target("4006001234", "mobile") == 0
    assert board.get("c-1") is None
    assert board.had("4006001234", "mobile") == 1


@pytest.mark.req("P1", "S5")
def test_a_crashed_call_is_closed_with_what_was_known() -> None:
    """The record ends now, its open attempt too; it is charged from the target's answer; nobody is closed twice."""
    board, kept, _ = switchboard()
    board.take(talking_record("c-1", 2))
    board.crashed("c-1")
    board.crashed("c-1")
    board.crashed("unknown")
    assert len(kept) == 2
    closed = kept[-1]
    assert (closed.seq, closed.state, closed.hung_up_by) == (3, CallState.ENDED, Party.SWITCH)
    assert closed.ending == Ending(CRASHED.slug, CRASHED.q850, CRASHED.sip, CRASHED.blame)
    assert closed.ended_ms is not None
    assert closed.talk_ms == closed.ended_ms - (ARRIVED_MS + 2000)
    assert [attempt.ended_ms for attempt in closed.attempts] == [ARRIVED_MS + 500, closed.ended_ms]
    board.take(talking_record("c-1", 9))
    assert len(kept) == 2, "a call that is over does not begin again"
    assert len(board) == 0
    board.take(ended_record("c-1", 4))
    assert kept[-1].hung_up_by is Party.CALLER, "its process had said how it ended"


@pytest.mark.req("P1", "S5")
def test_only_the_talk_that_goes_on_is_charged() -> None:
    """A first target that answered and was left does not lengthen the talk of a crashed call twice."""
    board, kept, _ = switchboard()
    left = Attempt(1, "a", "02162288300", ARRIVED_MS, None, ARRIVED_MS + 100, ARRIVED_MS + 900, ending(NORMAL))
    board.take(attrs.evolve(talking_record("c-1", 2), answered_ms=ARRIVED_MS + 100, attempts=(left,)))
    board.crashed("c-1")
    assert kept[-1].ended_ms is not None
    assert kept[-1].talk_ms == kept[-1].ended_ms - (ARRIVED_MS + 100)
