"""The pool with real sockets and processes: links, wake-ups, deaths, the fork server's end. No PJSIP."""

import errno
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing

from b2bua.base.errors import StartFault
from b2bua.config.configuration import Media, Processes
from b2bua.ipc.protocol import (
    Assign,
    FromProcess,
    Hello,
    Idle,
    InviteKey,
    Mishap,
    Stored,
    Tell,
    frame,
)
from b2bua.media.paths import MediaPaths
from b2bua.pool import fork_server
from b2bua.pool.pool import Pool
from b2bua.pool.process import Process
from routing.event import OperatorHungUp
from routing.facts import Caller, CallerClass, Facts
from routing.ids import CallId, Number400, TrunkName
from tests.support.switch import stat

HANG_UP = OperatorHungUp(0.0, "wang")


def assignment(call_id: str, process: Process | None = None) -> Assign:
    """A call for any process."""
    del process
    facts = Facts(
        CallId(call_id),
        Number400("4006001234"),
        Caller("02112345678", CallerClass.FIXED, "021"),
        TrunkName("carrier"),
        datetime(2026, 3, 2, 10, 0, tzinfo=UTC),
    )
    return Assign(call_id, InviteKey(call_id, "t"), 0, facts, "hash", {}, (), "sip:c@h", "h", "127.0.0.1")


@attrs.define
class World:
    """A pool, and what it told its observer."""

    pool: Pool
    link: Path
    said: list[tuple[Process, FromProcess]] = attrs.field(factory=list)
    dead: list[Process] = attrs.field(factory=list)
    changed: trio.Event = attrs.field(factory=trio.Event)

    def received(self, process: Process, message: FromProcess) -> None:
        """Note it."""
        self.said.append((process, message))
        self._notify()

    def lost(self, process: Process) -> None:
        """Note it."""
        self.dead.append(process)
        self._notify()

    def _notify(self) -> None:
        self.changed.set()
        self.changed = trio.Event()

    async def until(self, good: Callable[[], bool]) -> None:
        """Wait until what the pool tells makes this true."""
        while not good():
            await self.changed.wait()

    async def until_ready(self, count: int) -> list[Process]:
        """Wait until so many processes are ready."""
        await self.until(lambda: sum(process.ready for process in self.pool.all()) >= count)
        return self.pool.all()

    def texts(self, call_id: str) -> list[str]:
        """What the process of a call reported."""
        return [said.text for _, said in self.said if isinstance(said, Mishap) and said.call_id == call_id]

    def give(self, call_id: str) -> Process:
        """Assign a call; the process."""
        process = self.pool.assign(partial(assignment, call_id))
        assert process is not None
        return process


async def until(good: Callable[[], bool]) -> None:
    """Look at what the observer is not told until it is good."""
    while not good():
        await trio.sleep(0.01)


@asynccontextmanager
async def running(folder: Path, *options: str, spare: int = 2, most: int = 6) -> AsyncIterator[World]:
    """A pool that runs over the fake fork server; all its processes are gone at the end."""
    link = folder / "link"
    world = World(Pool(Processes(spare=spare, most=most), link), link)
    command = [sys.executable, "-m", "tests.unit.pool.fake_fork_server", str(link), *options]
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            await nursery.start(world.pool.run, command, world)
            yield world
            nursery.cancel_scope.cancel()
    assert not link.exists()


def connected(link: Path, *messages: FromProcess) -> socket.socket:
    """A link of this test's own, with these messages sent."""
    own = socket.socket(socket.AF_UNIX)
    own.connect(str(link))
    for message in messages:
        own.sendall(frame(message))
    return own


@pytest.mark.req("S1")
async def test_the_way_of_a_call(tmp_path: Path) -> None:
    """Assigned, read when it next looks, woken when it matters, idle, rested; nobody is told of a call that is over."""
    async with running(tmp_path) as world:
        pool = world.pool
        await pool.warm()
        await world.until_ready(2)
        process = world.give("a")
        assert pool.holding("a") is process is pool.at(process.incarnation)
        assert pool.incarnation_at(process.sip_port) == process.incarnation
        assert pool.incarnation_at(1) is None
        assert pool.send(process, Stored("a", 0))
        await world.until(lambda: world.texts("a") == ["assigned", "Stored"])
        pool.tell_call("a", Stored("a", 1))
        await world.until(lambda: sorted(world.texts("a")) == ["Stored", "Stored", "assigned", "woken"])
        assert pool.row().used == 1
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pool.idle)
            pool.tell_call("a", Tell("a", HANG_UP))
        assert (process.call_id, process.ready) == ("", False)
        pool.tell_call("a", Stored("a", 2))
        await world.until_ready(2)
        assert world.dead == []


@pytest.mark.req("S1")
async def test_there_is_nobody_left(tmp_path: Path) -> None:
    """With all processes busy up to the ceiling a call gets none."""
    async with running(tmp_path, spare=1, most=1) as world:
        await world.until_ready(1)
        world.give("a")
        assert world.pool.assign(partial(assignment, "b")) is None


@pytest.mark.req("S1", "S5")
async def test_a_process_that_is_killed_is_told_of_once_and_replaced(tmp_path: Path) -> None:
    """Its last message comes before its death; the spares are filled up again."""
    async with running(tmp_path) as world:
        await world.until_ready(2)
        process = world.give("a")
        await world.until(lambda: world.texts("a") == ["assigned"])
        os.kill(process.pid, signal.SIGKILL)
        await world.until(lambda: world.dead == [process])
        assert (process.crashed, process.call_id, world.pool.row().crashed) == (True, "a", 1)
        assert world.pool.holding("a") is None
        assert not world.pool.send(process, Stored("a", 0))
        await world.until_ready(2)
        assert world.dead == [process]


@pytest.mark.req("S1")
async def test_retired_processes_end_when_their_calls_are_over(tmp_path: Path) -> None:
    """Free ones at once, the busy one after its call; none of them has crashed, and none is replaced."""
    async with running(tmp_path) as world:
        await world.until_ready(2)
        busy = world.give("a")
        await world.until_ready(2)
        everybody = world.pool.all()
        world.pool.retire()
        await world.until(lambda: len(world.dead) == len(everybody) - 1)
        assert busy not in world.dead
        world.pool.tell(busy, Tell("a", HANG_UP))
        await world.until(lambda: busy in world.dead)
        assert not any(process.crashed for process in everybody)


@pytest.mark.req("S1")
async def test_another_fork_server_takes_over(tmp_path: Path) -> None:
    """The fork server is killed: its processes live on, and a new one makes good what was missing."""
    async with running(tmp_path) as world:
        first, second = await world.until_ready(2)
        parent = int(stat(Path(f"/proc/{first.pid}"))[1])
        os.kill(parent, signal.SIGKILL)
        os.kill(second.pid, signal.SIGKILL)
        await world.until(lambda: world.dead == [second])
        await world.until_ready(2)
        assert first in world.pool.all()


@pytest.mark.req("S1")
async def test_a_fork_server_that_cannot_start_is_said_at_the_start(tmp_path: Path) -> None:
    """It ends at once, or there is no such program: the daemon does not start."""
    for command in (["true"], [str(tmp_path / "nothing")]):
        pool = Pool(Processes(), tmp_path / "link")
        with pytest.raises(BaseExceptionGroup) as raised:
            await pool.run(command, World(pool, tmp_path / "link"))
        assert raised.group_contains(StartFault)


@pytest.mark.req("S1")
async def test_processes_that_end_before_hello_are_counted(tmp_path: Path) -> None:
    """Each such end is a crash; they are ordered again with pauses, not in a loop."""
    async with running(tmp_path, "ends-early") as world:
        await until(lambda: world.pool.row().crashed >= 2)
        await trio.testing.wait_all_tasks_blocked(0.2)
        assert world.pool.row().crashed == 2


@pytest.mark.req("S1")
async def test_an_order_that_failed_is_given_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A machine that has no room for a process is asked again with the next tick, and said so in the log."""
    async with running(tmp_path, "first-fails", spare=1) as world:
        await world.until_ready(1)
    assert "no call process can be started: Resource temporarily unavailable" in caplog.text


@pytest.mark.req("S1")
async def test_a_death_is_seen_though_descriptors_were_used_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a descriptor a process cannot be watched: it is tried again, and the death is told then."""
    really = os.pidfd_open
    refused: list[int] = []

    def pidfd_open(pid: int) -> int:
        if len(refused) < 2:
            refused.append(pid)
            raise OSError(errno.EMFILE, "Too many open files")
        return really(pid)

    monkeypatch.setattr(os, "pidfd_open", pidfd_open)
    async with running(tmp_path, spare=1) as world:
        (process,) = await world.until_ready(1)
        os.kill(process.pid, signal.SIGKILL)
        await world.until(lambda: world.dead == [process])
    assert f"the death of process {process.pid} cannot be watched for" in caplog.text


@pytest.mark.req("S1")
async def test_a_pool_that_is_never_warm(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """After half a minute without a process the start is given up, with one line."""
    del autojump_clock
    with pytest.raises(StartFault, match="no call process was ready in 30 s"):
        await Pool(Processes(), tmp_path / "link").warm()


@pytest.mark.req("S1", "S5")
async def test_what_is_no_message_ends_that_link_only(tmp_path: Path) -> None:
    """Garbage, or a first message that is not Hello: the link is closed, and nobody is told anything."""
    async with running(tmp_path) as world:
        await world.until_ready(2)
        for first in (b"\xff" * 64, frame(Idle("a"))):
            with connected(world.link) as link:
                link.sendall(first)
                link.setblocking(False)
                await trio.lowlevel.wait_readable(link)
                with suppress(ConnectionResetError):  # the pool closed it with bytes unread
                    assert link.recv(1) == b""
        assert all(isinstance(said, Hello) for _, said in world.said)
        world.give("a")


@pytest.mark.req("S1")
async def test_a_process_that_links_again(tmp_path: Path) -> None:
    """Its older link is closed, the call that it came with is kept, and messages go over the new one."""
    own = Hello(os.getpid(), 9, "own", "old-call", InviteKey("i", "t"))
    async with running(tmp_path) as world:
        with connected(world.link, own) as old:
            await world.until(lambda: world.pool.holding("old-call") is not None)
            with connected(world.link, own) as new:
                await trio.to_thread.run_sync(old.recv, 1)
                process = world.pool.holding("old-call")
                assert process is not None
                assert process.linked
                assert world.pool.send(process, Stored("old-call", 0))
                assert await trio.to_thread.run_sync(new.recv, 100)
        await until(lambda: not process.linked)
        assert world.pool.holding("old-call") is process
        assert not world.pool.send(process, Stored("old-call", 0))


@pytest.mark.req("S1")
async def test_a_process_that_does_not_read_gets_no_call(tmp_path: Path) -> None:
    """Its socket is full: the call goes to the next one."""
    async with running(tmp_path, spare=1) as world:
        await world.until_ready(1)
        with connected(world.link, Hello(os.getpid(), 9, "own")):
            await world.until_ready(2)
            own = world.pool.at("own")
            assert own is not None
            while world.pool.send(own, Stored("x" * 10_000, 0)):
                pass
            assert {world.give("a"), world.pool.assign(partial(assignment, "b"))} == {
                process for process in world.pool.all() if process.call_id
            } | {None}
            assert (own.call_id, own.ready) == ("", False)


def test_the_command_line(tmp_path: Path) -> None:
    """Everything that a process must know stands in it."""
    paths = MediaPaths((tmp_path,), tmp_path / "recordings")
    words = fork_server.command(tmp_path / "link", "127.0.0.1:5070", Media(), paths, [0, 1])
    assert words[1:5] == ["-m", "b2bua.callproc.forkserver", "--link", str(tmp_path / "link")]
    assert words[-2:] == ["--core=0", "--core=1"]
    assert ["--prompts", str(tmp_path)] == words[words.index("--prompts") :][:2]
