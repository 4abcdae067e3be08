"""What the daemon needs of the machine is missing for a while: it goes on, calls are untouched, no record is lost."""

import os
import resource
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import trio

from b2bua.records.call_record import CallRecord
from tests.support.sip_far_end import open_far
from tests.support.switch import Switch, eventually

LOCK_S: Final = 11.0
"""More than twice as long as a write waits for a lock (5 s)."""
CALLER_HZ, DESK_HZ = 440, 620


@contextmanager
def locked(database: Path, seconds: float) -> Iterator[threading.Event]:
    """Another program holds the database's write lock for so long; the event is set when it is released."""
    holds, released = threading.Event(), threading.Event()

    def hold() -> None:
        connection = sqlite3.connect(database, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        holds.set()
        time.sleep(seconds)
        connection.execute("ROLLBACK")
        connection.close()
        released.set()

    thread = threading.Thread(target=hold)
    thread.start()
    assert holds.wait(10)
    yield released
    thread.join()


def one_record(switch: Switch, number: str) -> CallRecord:
    """The one record of a number, once it is closed."""
    (record,) = switch.closed(number)
    return record


@pytest.mark.req("P1", "R3", "S1")
async def test_a_lock_of_eleven_seconds(own_switch: Callable[..., Switch]) -> None:
    """A database locked while calls talk, ring, ask for a turn and are answered: each goes on and has one record.

    Meanwhile nothing ends the daemon, and while records cannot be written a new call gets 503 with Retry-After.
    """
    switch = await trio.to_thread.run_sync(own_switch)
    assert switch.process is not None
    with trio.fail_after(90):
        async with open_far(switch.port, CALLER_HZ) as carrier, open_far(switch.port, DESK_HZ) as desk:
            target = f'desk = "{desk.uri}"'
            turns = '[nodes.all]\nkind = "hunt"\norder = "round-robin"\ntargets = ["desk"]\n'
            numbers = [await trio.to_thread.run_sync(switch.publish, target) for _ in range(2)]
            numbers.append(await trio.to_thread.run_sync(switch.publish, f"{target}\n{turns}", 'start = "all"'))
            talking = await carrier.call(numbers[0])
            talking_desk = await desk.rang()
            await talking_desk.answer()
            await talking.until("SIP/2.0 200")
            ringing = await carrier.call(numbers[1])
            ringing_desk = await desk.rang()
            await ringing_desk.respond("180 Ringing")
            await ringing.until("SIP/2.0 180")
            with locked(switch.state / "switch400.db", LOCK_S) as released:
                asking = await carrier.call(numbers[2])
                await ringing_desk.answer()
                await trio.sleep(6)
                refused = await carrier.call(numbers[0])
                assert "Retry-After" in await refused.until("SIP/2.0 503")
                await talking.audio.until_hears(DESK_HZ)
                await talking.hang_up()
                await talking_desk.until("BYE")
                assert not released.is_set(), "all this happened under the lock"
                await ringing.until("SIP/2.0 200")
                asked_desk = await desk.rang()
                await asked_desk.answer()
                await asking.until("SIP/2.0 200")
            for line, other in ((ringing, ringing_desk), (asking, asked_desk)):
                await line.hang_up()
                await other.until("BYE")
        records = [await trio.to_thread.run_sync(one_record, switch, number) for number in numbers]
    assert [record.target for record in records] == ["desk"] * 3
    assert "not told" not in str(records[2].trace)
    assert switch.process.poll() is None
    assert "Traceback" not in switch.log()


@pytest.mark.req("P1", "S1")
def test_a_lock_at_the_start(own_switch: Callable[..., Switch]) -> None:
    """A daemon that finds records of lost calls and a locked database starts, and closes them when it can."""
    switch = own_switch()
    switch.stop()
    database = switch.state / "switch400.db"
    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM records")
    with locked(database, LOCK_S) as released:
        switch.start()
        assert not released.is_set()
    assert switch.process is not None
    assert switch.ask("pool.show", {}) is not None
    assert switch.process.poll() is None
    assert "Traceback" not in switch.log()


@contextmanager
def few_descriptors(pid: int) -> Iterator[None]:
    """The process can open nothing more: its limit is what it has open."""
    usual = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, usual[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, usual)


@pytest.mark.req("S1", "P1")
async def test_no_descriptor_left(own_switch: Callable[..., Switch]) -> None:
    """A call talks on; what comes meanwhile (a new call process, a TCP peer) is served as soon as it can be."""
    switch = await trio.to_thread.run_sync(own_switch)
    assert switch.process is not None
    with trio.fail_after(90):
        async with open_far(switch.port, CALLER_HZ) as carrier, open_far(switch.port, DESK_HZ) as desk:
            number = await trio.to_thread.run_sync(switch.publish, f'desk = "{desk.uri}"')
            caller = await carrier.call(number)
            other = await desk.rang()
            await other.answer()
            await caller.until("SIP/2.0 200")
            spare = next(process["pid"] for process in switch.pool() if not process["call_id"])
            with few_descriptors(switch.process.pid):
                os.kill(spare, 9)
                peer = await trio.open_tcp_stream("127.0.0.1", switch.port)
                await trio.sleep(4)  # the fault must last while links and consoles are tried again each second
                await caller.audio.until_hears(DESK_HZ)
                await other.audio.until_hears(CALLER_HZ)
            await peer.aclose()
            await trio.to_thread.run_sync(switch.await_ready, 4)
            await caller.hang_up()
            await other.until("BYE")
        await trio.to_thread.run_sync(one_record, switch, number)
    assert switch.process.poll() is None
    assert "Traceback" not in switch.log()
    eventually(switch.log, lambda log: "no connection to the SIP port over TCP can be accepted" in log)
