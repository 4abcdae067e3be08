"""Records are whole again after crashes, also if the database is locked just then; on a clock of the test."""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import pytest
import trio
from sqlalchemy.exc import OperationalError
from trio.testing import MockClock

from b2bua.calls.active_calls import ActiveCalls
from b2bua.calls.call_queries import CallQueries
from b2bua.console.feed import Feed
from b2bua.ipc import spool
from b2bua.jobs import recovery as job
from b2bua.jobs.recovery import CLAIM_S, SIGN_OF_LIFE_EVERY_S, SPOOL_EVERY_S, Recovery
from b2bua.records.call_record import CallRecord
from b2bua.store.store import Store
from routing.ids import CallId
from tests.support.samples import ARRIVED_MS, ended_record, open_record, talking_record


class Database:
    """Fails each use until a time of trio's clock; the work of threads is done in the test's own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.locked_until_s = 0.0
        monkeypatch.setattr(job, "in_thread", self.use)

    async def use(self, work: Callable[..., object], *args: object) -> object:
        """One use."""
        await trio.lowlevel.checkpoint()
        if trio.current_time() < self.locked_until_s:
            raise OperationalError("BEGIN", {}, Exception("database is locked"))
        return work(*args)


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    """The database of the job."""
    return Database(monkeypatch)


def make(store: Store, folder: Path, lost: list[str], reports: list[str], up: ActiveCalls) -> Recovery:
    """The job of a daemon whose spool folder is this."""
    queries = CallQueries(store.engine, up, lambda *_: None, Feed())
    writer = store.writer(lambda *_: None)
    return Recovery(store.records, writer, up, queries, folder, lost.append, reports.append, lambda: ARRIVED_MS)


def no_calls() -> ActiveCalls:
    """A daemon that has just started."""
    return ActiveCalls(lambda _: None, lambda _: None)


async def run_for(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Run something for so long on the test's clock."""
    with trio.move_on_after(seconds):
        await work()


@pytest.mark.req("P1", "S1")
async def test_a_locked_database_only_delays_the_closing_of_lost_calls(
    store: Store, tmp_path: Path, database: Database, autojump_clock: MockClock
) -> None:
    """Calls that no process claims are closed when the lock is over, each once; one that came meanwhile is not."""
    lost, reports, up = list[str](), list[str](), no_calls()
    store.records.put([talking_record("c-1"), open_record("c-2")])
    up.take(open_record("c-2"))
    began_s = trio.current_time()
    database.locked_until_s = began_s + CLAIM_S + 11
    await make(store, tmp_path, lost, reports, up).adopt()
    assert trio.current_time() - began_s >= CLAIM_S + 11
    assert lost == ["c-1"]
    assert [call.record.call_id for call in store.records.open_calls()] == ["c-2"]
    assert ["locked" in report for report in reports] == [True, False]


@pytest.mark.req("P1", "S1")
async def test_what_is_spooled_is_taken_in_after_the_lock(
    store: Store, tmp_path: Path, database: Database, autojump_clock: MockClock
) -> None:
    """A file stays while the database is locked, and its record is stored and shown when it can be."""
    reports, shown = list[str](), list[CallRecord]()
    up = ActiveCalls(lambda _: None, shown.append)
    spool.write(tmp_path / "spool", ended_record("c-1"))
    database.locked_until_s = trio.current_time() + 2 * SPOOL_EVERY_S + 1
    recovery = make(store, tmp_path / "spool", [], reports, up)
    await run_for(2 * SPOOL_EVERY_S + 0.5, recovery.keep_spool_empty)
    assert (shown, len(list((tmp_path / "spool").iterdir()))) == ([], 1)
    await run_for(3 * SPOOL_EVERY_S, recovery.keep_spool_empty)
    assert [record.call_id for record in shown] == ["c-1"]
    assert store.records.get(CallId("c-1")) == ended_record("c-1")
    assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.req("P1")
async def test_signs_of_life(
    store: Store, tmp_path: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls that are up are noted at the start and every ten seconds."""
    up = no_calls()
    up.take(open_record("c-1"))
    recovery = make(store, tmp_path, [], [], up)
    noted: list[tuple[list[CallId], int]] = []

    def note(call_ids: Iterable[CallId], now_ms: int) -> None:
        noted.append((list(call_ids), now_ms))

    monkeypatch.setattr(recovery.writer, "submit_alive", note)
    await run_for(2.5 * SIGN_OF_LIFE_EVERY_S, recovery.refresh)
    assert noted == [([CallId("c-1")], ARRIVED_MS)] * 3
