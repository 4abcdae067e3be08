"""The calls that are up: whatever order their records come in, they are counted once and closed once."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.calls.active_calls import ActiveCalls
from b2bua.records.call_record import CallRecord, CallState, Connected, Ending, Party
from b2bua.records.closing import HELD_BACK_MS, close
from routing.cause import CRASHED
from tests.support.samples import ARRIVED_MS, ended_record, open_record, talking_record

LOST = Ending(CRASHED.slug, CRASHED.q850, CRASHED.sip, CRASHED.blame)
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
    assert (board.attempts_at("4006001234", "mobile"), board.attempts_at("4006001234", "front-desk")) == (1, 1)
    board.take(ended_record("c-1", 3))
    assert board.on_target("4006001234", "mobile") == 0
    assert board.get("c-1") is None
    assert board.attempts_at("4006001234", "mobile") == 1


class SetClock:
    """A monotonic clock that stands still until it is set, in seconds."""

    def __init__(self) -> None:
        self.now_s = 5000.0

    def __call__(self) -> float:
        """The time that it was set to."""
        return self.now_s


def crashed_after(record: CallRecord, passed_s: float) -> CallRecord:
    """How this record of a call is closed if its process dies so long after it came."""
    kept: list[CallRecord] = []
    clock = SetClock()
    board = ActiveCalls(kept.append, lambda _: None, clock)
    board.take(record)
    clock.now_s += passed_s
    board.crashed(record.call_id)
    return kept[-1]


@pytest.mark.req("P1", "S5")
def test_a_crashed_call_is_closed_with_what_was_known() -> None:
    """The record ends now, its open attempt too, and nobody is closed twice; its own last word still replaces that."""
    kept: list[CallRecord] = []
    clock = SetClock()
    board = ActiveCalls(kept.append, lambda _: None, clock)
    board.take(talking_record("c-1", 2))
    clock.now_s += 3.0
    board.crashed("c-1")
    board.crashed("c-1")
    board.crashed("unknown")
    assert len(kept) == 2
    closed = kept[-1]
    assert (closed.seq, closed.state, closed.hung_up_by) == (3, CallState.ENDED, Party.SWITCH)
    assert closed.ending == LOST
    assert closed.ended_ms == ARRIVED_MS + 2000 + 3000
    assert [attempt.ended_ms for attempt in closed.attempts] == [ARRIVED_MS + 500, closed.ended_ms]
    board.take(talking_record("c-1", 9))
    assert len(kept) == 2, "a call that is over does not begin again"
    assert len(board) == 0
    board.take(ended_record("c-1", 4))
    assert kept[-1].hung_up_by is Party.CALLER, "its process had said how it ended"


@pytest.mark.req("P1", "S5")
def test_only_the_talk_that_goes_on_is_charged() -> None:
    """The talk that had ended counts as long as it was; the one that goes on counts to the crash; the rest is free."""
    first = Connected(1, ARRIVED_MS + 100, ARRIVED_MS + 900)
    second = Connected(2, ARRIVED_MS + 2000)
    before, with_both = (talking_record("c-1", 2, connected=talks) for talks in ((first,), (first, second)))
    assert crashed_after(before, 60).talk_ms == 800, "nobody was connected when it crashed"
    assert crashed_after(with_both, 60).talk_ms == 800 + 60_000 - HELD_BACK_MS


@pytest.mark.req("P1", "S5")
def test_a_crash_is_closed_by_the_one_rule() -> None:
    """What the daemon makes of a crash is what `close` makes of the record, one `seq` later."""
    record = talking_record("c-1", 7, as_of_ms=ARRIVED_MS + 4000)
    expected = close(record, LOST, Party.SWITCH, ARRIVED_MS + 4000 + 2500)
    assert crashed_after(record, 2.5) == attrs.evolve(expected, seq=8)
