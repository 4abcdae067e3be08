"""The writer: nobody waits for it, `stored` is never a lie, and trouble with the disk costs no record."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from sqlalchemy import event

from b2bua.ipc import spool
from b2bua.store.database import open_database
from b2bua.store.query import Query
from b2bua.store.records import Records
from b2bua.store.recovery import take_in
from b2bua.store.store import Store
from b2bua.store.writer import RecordWriter
from routing.ids import CallId
from tests.support.samples import ended_record, open_record, talking_record


class Told:
    """What the writer says is on disk."""

    def __init__(self) -> None:
        self.seqs: dict[str, int] = {}

    def stored(self, call_id: CallId, seq: int) -> None:
        """Called after a commit."""
        self.seqs[call_id] = seq


@asynccontextmanager
async def running(writer: RecordWriter) -> AsyncIterator[RecordWriter]:
    """The writer's task; cancelled at the end as the daemon does."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(writer.run)
        yield writer
        nursery.cancel_scope.cancel()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that another thread brings about."""
    with trio.fail_after(30):
        while not condition():
            await trio.sleep(0.01)


def on_disk(folder: Path) -> dict[str, int]:
    """Calls and their seq as a new process reads them."""
    engine = open_database(folder / "switch400.db", create=False)
    found = {record.call_id: record.seq for record in Records(engine).find(Query(limit=None))}
    engine.dispose()
    return found


@pytest.mark.req("P1")
async def test_stored_comes_after_the_commit(store: Store) -> None:
    """When `stored` is said, another connection already sees the record; only the newest of a burst is written."""
    seen: list[tuple[CallId, int, bool]] = []

    def stored(call_id: CallId, seq: int) -> None:
        record = store.records.get(call_id)
        seen.append((call_id, seq, record is not None and record.seq >= seq))

    async with running(store.writer(stored)) as writer:
        for seq in (1, 3, 2):
            writer.submit(open_record(seq=seq))
        await writer.drain()
        assert seen == [("c-1", 3, True)]
        assert writer.backlog == 0
        writer.submit(ended_record(seq=4))
        await writer.drain()
    assert seen[1:] == [("c-1", 4, True)]


@pytest.mark.req("P1")
async def test_groups_grow_by_themselves(store: Store) -> None:
    """What is offered during a commit shares the next one: a thousand calls take far fewer commits."""
    commits = 0

    def committed(_: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(store.engine, "commit", committed)
    told = Told()
    async with running(store.writer(told.stored)) as writer:
        for serial in range(1000):
            writer.submit(open_record(f"c-{serial}"))
            if serial % 20 == 0:
                await trio.lowlevel.checkpoint()
        await writer.drain()
    assert len(told.seqs) == 1000
    assert commits < 100


@pytest.mark.req("P1")
async def test_signs_of_life_are_kept(store: Store) -> None:
    """Living calls are marked as seen, so that a lost daemon's calls end when they were last known to live."""
    async with running(store.writer(Told().stored)) as writer:
        record = talking_record()
        writer.submit(record)
        await writer.drain()
        writer.submit_alive([CallId("c-1")], record.accepted_ms + 60_000)
        await until(lambda: store.records.open_calls()[0].last_seen_ms == record.accepted_ms + 60_000)


@pytest.mark.req("P1")
async def test_full_disk_loses_nothing(store: Store) -> None:
    """A database that cannot grow makes the writer unhealthy with the reason; with room again all comes to disk."""
    pages = 0

    def limit(connection: object, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}").close()  # type: ignore[attr-defined] # sqlite3's own

    with store.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one() + 2
    event.listen(store.engine, "checkout", limit)
    told = Told()
    async with running(store.writer(told.stored)) as writer:
        for serial in range(100):
            writer.submit(ended_record(f"c-{serial}"))
        await until(lambda: not writer.health.healthy)
        assert "full" in writer.health.reason
        writer.submit(ended_record("c-0", seq=9))
        pages = 1_000_000
        await until(lambda: writer.health.healthy)
        await writer.drain()
    assert told.seqs == {f"c-{serial}": 9 if serial == 0 else 3 for serial in range(100)}
    assert {record.call_id: record.seq for record in store.records.find(Query(limit=None))} == told.seqs


@pytest.mark.req("P1")
async def test_database_taken_away_and_brought_back(tmp_path: Path) -> None:
    """A database file that is moved away is noticed, not written into unseen; brought back, it gets everything."""
    file = tmp_path / "switch400.db"
    store = Store.open(file, tmp_path / "spool")
    told = Told()
    async with running(store.writer(told.stored)) as writer:
        writer.submit(open_record("c-1"))
        await writer.drain()
        file.rename(tmp_path / "elsewhere.db")
        writer.submit(open_record("c-2"))
        await until(lambda: not writer.health.healthy)
        assert "c-2" not in told.seqs
        (tmp_path / "elsewhere.db").rename(file)
        await writer.drain()
    store.close()
    assert on_disk(tmp_path) == {"c-1": 1, "c-2": 1}


@pytest.mark.req("P1")
async def test_locked_by_another_process_at_the_very_end(tmp_path: Path) -> None:
    """What cannot be written when the daemon leaves waits in the spool folder, and the next start takes it in."""
    engine = open_database(tmp_path / "switch400.db", busy_timeout_s=0.05)
    records = Records(engine)
    with open_database(tmp_path / "switch400.db").connect() as other:
        other.exec_driver_sql("ROLLBACK")
        other.exec_driver_sql("BEGIN IMMEDIATE")
        async with running(RecordWriter(records, Told().stored, tmp_path / "spool")) as writer:
            writer.submit(ended_record("c-1"))
            await until(lambda: not writer.health.healthy)
            assert "locked" in writer.health.reason
        assert on_disk(tmp_path) == {}
        other.exec_driver_sql("ROLLBACK")
    assert take_in(tmp_path / "spool", records).stored == (ended_record("c-1"),)
    engine.dispose()
    assert on_disk(tmp_path) == {"c-1": 3}


@pytest.mark.req("P1")
async def test_cancelled_before_it_began(store: Store) -> None:
    """A daemon that has to end at once still leaves on disk what was offered."""
    writer = store.writer(Told().stored)
    writer.submit(ended_record("c-1"))
    async with running(writer):
        pass
    assert [record.call_id for record in store.records.find(Query(limit=None))] == ["c-1"]


@pytest.mark.req("P1")
async def test_one_impossible_record_does_not_stop_the_others(store: Store, tmp_path: Path) -> None:
    """A record that no row can hold is moved aside, never said to be stored, and the writer stays healthy."""
    told = Told()
    async with running(store.writer(told.stored)) as writer:
        writer.submit(open_record("c-1"))
        writer.submit(open_record("c-bad", talk_ms=2**63))
        writer.submit(open_record("c-2"))
        await writer.drain()
        assert writer.health.healthy
    assert told.seqs == {"c-1": 1, "c-2": 1}
    assert [file.name for file in (tmp_path / "state" / "spool" / spool.BROKEN).iterdir()] == ["c-bad.1"]


@pytest.mark.req("P1")
def test_killed_writer_kept_every_word(tmp_path: Path) -> None:
    """`kill -9` at any moment: whatever was said to be stored is there at its seq or a higher one."""
    told: dict[str, int] = {}
    for round_number in range(4):
        command = [sys.executable, "-m", "tests.unit.store.writing_process", str(tmp_path), str(round_number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line, _ in zip(process.stdout, range(300 + 111 * round_number), strict=False):
                call_id, seq = line.split()
                told[call_id] = int(seq)
            os.kill(process.pid, 9)
            for line in process.stdout:
                if line.endswith("\n"):
                    call_id, seq = line.split()
                    told[call_id] = int(seq)
    found = on_disk(tmp_path)
    assert len(told) == 200
    assert all(found[call_id] >= seq for call_id, seq in told.items())


@pytest.mark.req("P1")
async def test_record_that_cannot_even_be_packed(store: Store) -> None:
    """Text that is no Unicode is refused for itself; the writer goes on with the others."""
    told = Told()
    async with running(store.writer(told.stored)) as writer:
        writer.submit(open_record("c-bad", place="\udcff"))
        writer.submit(open_record("c-1"))
        await writer.drain()
        assert writer.health.healthy
    assert told.seqs == {"c-1": 1}
