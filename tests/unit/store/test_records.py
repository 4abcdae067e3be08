"""Records on disk: what was put is found, and the highest seq stands whatever happens."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from b2bua.records.call_record import CallRecord, CallState, Party
from b2bua.records.closing import HELD_BACK_MS, close
from b2bua.store.query import Query
from b2bua.store.records import CallTimes
from b2bua.store.recovery import LOST, adopt
from b2bua.store.rows import from_blob
from b2bua.store.store import Store
from routing.cause import BUSY, Blame
from routing.ids import CallId
from tests.support.samples import ARRIVED_MS, ended_record, ending, open_record, talking_record


@pytest.mark.req("P1")
def test_found_again_at_once_and_whole(store: Store) -> None:
    """A record is found by the next search after it was put, with every attempt and step of its trace."""
    record = ended_record()
    store.records.put([record])
    assert list(store.records.find(Query())) == [record]
    assert store.records.get(CallId("c-1")) == record
    assert store.records.get(CallId("c-2")) is None


_OTHER: dict[str, Any] = {
    "number": "4008001111",
    "caller": "13900139000",
    "target": "night",
    "trunk": "second",
    "area": "010",
    "plan_hash": "cd" * 32,
}


@pytest.mark.req("P1")
@pytest.mark.parametrize(
    "query",
    [
        *(Query(**{name: value}) for name, value in _OTHER.items()),
        Query(caller="139*"),
        Query(slug="busy"),
        Query(blame=Blame.UPSTREAM),
        Query(state=CallState.ROUTING),
        Query(since_ms=ARRIVED_MS + 1),
        Query(answered=False),
        Query(up=True),
        Query(limit=1),
    ],
    ids=lambda query: str(attrs.asdict(query, filter=lambda _, value: value not in ("", None, 100))),
)
def test_each_condition_alone_finds_the_one(store: Store, query: Query) -> None:
    """Each filter passes the one record that meets it and no other; the limit keeps the newest."""
    wanted = open_record("c-2", accepted_ms=ARRIVED_MS + 1, ending=ending(BUSY), **_OTHER)
    store.records.put([ended_record("c-1"), wanted])
    assert list(store.records.find(query)) == [wanted]


@pytest.mark.req("P1")
def test_newest_first_and_period_half_open(store: Store) -> None:
    """Records come newest first, and `until` itself is outside the period."""
    every = [ended_record(f"c-{n}", accepted_ms=ARRIVED_MS + n) for n in range(5)]
    store.records.put(every)
    assert list(store.records.find(Query())) == every[::-1]
    period = Query(since_ms=ARRIVED_MS + 1, until_ms=ARRIVED_MS + 3)
    assert list(store.records.find(period)) == [every[2], every[1]]


@pytest.mark.req("P1")
def test_lost_call_ends_at_its_last_sign_of_life(store: Store) -> None:
    """A call that nobody claims after a restart is closed when it was last seen.

    Its talk time is counted up to `HELD_BACK_MS` before: what happened after that need not have been stored.
    """
    store.records.put([talking_record("c-1"), talking_record("c-2"), open_record("c-3")])
    store.records.refresh([CallId("c-1"), CallId("c-2")], ARRIVED_MS + 9000)
    closed = adopt(store.records, {CallId("c-2")})
    assert [record.call_id for record in closed] == ["c-1", "c-3"]
    lost = store.records.get(CallId("c-1"))
    assert lost is not None
    assert (lost.state, lost.ended_ms, lost.talk_ms) == (CallState.ENDED, ARRIVED_MS + 9000, 7000 - HELD_BACK_MS)
    assert (lost.ending, lost.attempts[1].ending, lost.attempts[0].ending) == (LOST, LOST, ending(BUSY))
    assert [call.record.call_id for call in store.records.open_calls()] == ["c-2"]
    assert adopt(store.records, {CallId("c-2")}) == ()


@pytest.mark.req("P1")
def test_lost_call_is_closed_by_the_one_rule(store: Store) -> None:
    """What is stored of a call that nobody claims is what `close` makes of its record, under the same `seq`."""
    record = talking_record("c-1", as_of_ms=ARRIVED_MS + 4000)
    store.records.put([record])
    store.records.refresh([CallId("c-1")], ARRIVED_MS + 9000)
    (closed,) = adopt(store.records, ())
    assert closed == close(record, LOST, Party.SWITCH, ARRIVED_MS + 9000)
    assert store.records.get(CallId("c-1")) == closed


@pytest.mark.req("P1")
def test_a_record_of_an_earlier_version_keeps_its_talk_time(store: Store) -> None:
    """A record that says nothing of when caller and target were connected is closed with the talk time it had."""
    earlier = attrs.evolve(talking_record("c-1", talk_ms=4321), connected=())
    store.records.put([earlier])
    store.records.refresh([CallId("c-1")], ARRIVED_MS + 9000)
    (closed,) = adopt(store.records, ())
    assert (closed.ended_ms, closed.talk_ms) == (ARRIVED_MS + 9000, 4321)


@pytest.mark.req("P1")
@pytest.mark.parametrize("seq", [2, 3])
def test_the_process_knows_better_than_silence(store: Store, seq: int) -> None:
    """A process given up too early sends its record again: that replaces the presumed end; an older one does not."""
    store.records.put([talking_record(seq=2)])
    adopt(store.records, ())
    store.records.put([open_record(seq=1)])
    assert next(store.records.find(Query(up=True)), None) is None
    store.records.put([talking_record(seq=seq)])
    assert store.records.get(CallId("c-1")) == talking_record(seq=seq)
    store.records.refresh([CallId("c-1")], ARRIVED_MS + 60_000)
    assert store.records.open_calls()[0].last_seen_ms == ARRIVED_MS + 60_000


class AnyOrder(RuleBasedStateMachine):
    """Versions of a few calls' records arrive in any order, repeated, in groups, with the file closed in between."""

    @initialize()
    def begin(self) -> None:
        """A new file."""
        self.folder = Path(tempfile.mkdtemp())
        self.best: dict[str, CallRecord] = {}
        self.open()

    def open(self) -> None:
        """As a daemon does at its start."""
        self.store = Store.open(self.folder / "switch400.db", self.folder / "spool")

    @rule(group=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 6)), max_size=6))
    def put(self, group: list[tuple[str, int]]) -> None:
        """One transaction. Two versions with the same seq are the same version."""
        kinds = [open_record, open_record, talking_record, talking_record, ended_record, ended_record, ended_record]
        records = [kinds[seq](call_id, seq) for call_id, seq in group]
        self.store.records.put(records)
        for record in records:
            known = self.best.get(record.call_id)
            if known is None or record.seq > known.seq:
                self.best[record.call_id] = record

    @rule()
    def reopen(self) -> None:
        """The daemon went away and came back."""
        self.store.close()
        self.open()

    @invariant()
    def the_highest_seq_stands(self) -> None:
        """Exactly one record for each call, and it is the newest that was put."""
        found = {record.call_id: record for record in self.store.records.find(Query(limit=None))}
        assert found == self.best
        up = {call.record.call_id for call in self.store.records.open_calls()}
        assert up == {record.call_id for record in self.best.values() if record.ended_ms is None}

    def teardown(self) -> None:
        """Leave nothing."""
        self.store.close()
        shutil.rmtree(self.folder)


AnyOrder.TestCase.settings = settings(max_examples=25, stateful_step_count=12)
TestAnyOrder = pytest.mark.req("P1")(AnyOrder.TestCase)


@pytest.mark.req("P1", "P2")
def test_counts_of_a_period(store: Store) -> None:
    """Calls and answered calls by number, and the times of each, from the given millisecond on."""
    unanswered = open_record("c-3", number="4008001111", accepted_ms=ARRIVED_MS + 9)
    store.records.put([ended_record("c-1", accepted_ms=ARRIVED_MS - 1), ended_record("c-2"), unanswered])
    assert store.records.calls_since(ARRIVED_MS) == {"4006001234": 1, "4008001111": 1}
    assert store.records.tally_since(ARRIVED_MS) == {"4006001234": (1, 1), "4008001111": (1, 0)}
    assert sorted(store.records.call_times_since(ARRIVED_MS), key=lambda call: call.accepted_ms) == [
        CallTimes(ARRIVED_MS, ARRIVED_MS + 2000, ARRIVED_MS + 12_000, "normal"),
        CallTimes(ARRIVED_MS + 9, None, None, None),
    ]


@pytest.mark.req("P1")
def test_nothing_to_refresh_and_nothing_to_close(store: Store) -> None:
    """No living call touches no row; a call that has ended or never was cannot be closed as lost."""
    store.records.put([ended_record("c-1")])
    store.records.refresh((), ARRIVED_MS)
    assert store.records.close_lost(CallId("c-1"), ARRIVED_MS, LOST) is None
    assert store.records.close_lost(CallId("c-2"), ARRIVED_MS, LOST) is None
    assert store.records.get(CallId("c-1")) == ended_record("c-1")


def test_a_blob_that_is_no_record() -> None:
    """Damage on disk is a ValueError that says so."""
    with pytest.raises(ValueError, match="cannot be unpacked"):
        from_blob(b"damaged")
