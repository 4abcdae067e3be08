"""The call processes: spares kept ready, least recently used first, a rest between two calls, a ceiling.

Rule: a process holds one call. What it holds outlives its link and the daemon; only its death ends it, and its death is
seen by pidfd, whether it is our fork server's child or an orphan of an earlier daemon.
"""

import logging
import os
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from subprocess import PIPE
from typing import Final

import attrs
import trio

from b2bua.base.cpu_affinity import allowed_cores
from b2bua.base.errors import StartFault
from b2bua.config.configuration import Media, Processes
from b2bua.console.rows import PoolRow
from b2bua.ipc.protocol import Assign, Frames, FromDaemon, FromProcess, Hello, Idle, InviteKey, Retire, frame
from b2bua.media.paths import MediaPaths

log = logging.getLogger(__name__)

_PEERCRED = struct.Struct("3i")
_RECV_BYTES: Final = 65536
_WARM_S: Final = 30.0
_LAST_WORDS_S: Final = 1.0
_TEND_S: Final = 2.0
"""How often surplus spares are looked for, one retired at a time."""


@attrs.define(eq=False)
class Process:
    """One call process. `call_id` is empty while it is free; `rested_at_s` is when it may take the next call.

    `invite` names the INVITE of its present or latest call. `retired`: it was told to leave.
    """

    pid: int
    sip_port: int
    incarnation: str
    call_id: str = ""
    invite: InviteKey | None = None
    rested_at_s: float = 0.0
    last_plan: str = ""
    retired: bool = False
    _link: socket.socket | None = None
    _silent: trio.Event = attrs.field(factory=trio.Event)

    def send(self, message: FromDaemon) -> bool:
        """Hand a message to the process without waiting; False if it is not linked or does not read."""
        if self._link is None:
            return False
        data = frame(message)
        try:
            return self._link.send(data) == len(data)
        except OSError as error:
            log.warning("process %d does not take messages (%s)", self.pid, error)
            return False

    @property
    def linked(self) -> bool:
        """Whether the process can be talked to now."""
        return self._link is not None

    @property
    def ready(self) -> bool:
        """Whether the process can take a call now."""
        return self.linked and not self.call_id and not self.retired and self.rested_at_s <= time.monotonic()

    def bind(self, link: socket.socket | None) -> None:
        """Talk over this socket from now on (None: over none)."""
        if self._link is not None:
            self._link.close()
        self._link = link
        if link is None:
            self._silent.set()
        else:
            self._silent = trio.Event()

    async def last_words(self) -> None:
        """Wait until all that a dead process said has been read."""
        with trio.move_on_after(_LAST_WORDS_S):
            await self._silent.wait()


class Pool:
    """All call processes of this daemon, born here or adopted.

    `heard(process, message)` is called for every message of a process, `lost(process)` once when one is dead.
    """

    def __init__(
        self,
        settings: Processes,
        link_path: Path,
        shelves: MediaPaths,
        heard: Callable[[Process, FromProcess], None],
        lost: Callable[[Process], None],
    ) -> None:
        self.settings = settings
        self.crashed = 0
        self._warm = trio.Event()
        self._change = trio.Event()
        self._path = link_path
        self._shelves = shelves
        self._cores = allowed_cores()
        self._heard = heard
        self._lost = lost
        self._all: dict[str, Process] = {}
        self._by_port: dict[int, str] = {}
        self._free: dict[str, Process] = {}  # those that have rested, the longest first
        self._resting: dict[str, Process] = {}  # in order of the end of their last call
        self._holding: dict[str, Process] = {}  # by call
        self._starting = 0
        self._met: set[int] = set()  # processes that said Hello and are not buried yet
        self._orders = trio.Lock()
        self._server: trio.Process | None = None
        self._bell = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._bell.setblocking(False)
        self._nursery: trio.Nursery | None = None

    @property
    def busy(self) -> int:
        """Processes with a call in hand."""
        return len(self._holding)

    def row(self) -> PoolRow:
        """The pool as the console shows it."""
        self._end_rests()
        return PoolRow(self.busy, len(self._free), len(self._resting), self.settings.most, self.crashed)

    def all(self) -> list[Process]:
        """Every process that is not dead."""
        return list(self._all.values())

    async def warm(self) -> None:
        """Wait until the first process is ready for a call. Raises StartFault if none is in `_WARM_S`."""
        with trio.move_on_after(_WARM_S) as patience:
            await self._warm.wait()
        if patience.cancelled_caught:
            raise StartFault(f"no call process was ready in {_WARM_S:.0f} s; the log says what became of them")

    def at(self, incarnation: str) -> Process | None:
        """The process of this name, if it is not dead."""
        return self._all.get(incarnation)

    def incarnation_at(self, sip_port: int) -> str | None:
        """Which process that is not dead has this SIP port; None if none has."""
        return self._by_port.get(sip_port)

    def holding(self, call_id: str) -> Process | None:
        """The process that holds this call."""
        return self._holding.get(call_id)

    def assign(self, compose: Callable[[Process], Assign]) -> Process | None:
        """Give a call to the process that has rested longest. None if there is no room (O(spares) at the worst)."""
        self._end_rests()
        while (process := next((free for free in self._free.values() if free.linked), None)) is not None:
            assignment = compose(process)
            del self._free[process.incarnation]
            self._refill()
            if process.send(assignment):  # one that does not read is left aside until it links again
                process.last_plan = assignment.plan_hash
                self._hold(process, assignment.call_id)
                return process
        self._refill()
        return None

    def _hold(self, process: Process, call_id: str) -> None:
        process.call_id = call_id
        self._holding[call_id] = process

    def _end_rests(self) -> None:
        """Let those that have rested take calls again."""
        now_s = time.monotonic()
        while (first := next(iter(self._resting.values()), None)) is not None and first.rested_at_s <= now_s:
            self._free[first.incarnation] = self._resting.pop(first.incarnation)

    def tell(self, process: Process, message: FromDaemon) -> None:
        """Send to a process and wake it: a datagram ends the wait of PJSIP's `select`."""
        process.retired |= isinstance(message, Retire)
        process.send(message)
        try:
            self._bell.sendto(b"\r\n\r\n", ("127.0.0.1", process.sip_port))
        except OSError as error:
            log.debug("process %d was not woken (%s)", process.pid, error)

    def tell_call(self, call_id: str, message: FromDaemon) -> None:
        """Send to the process that holds a call; a call that is over is told nothing."""
        process = self.holding(call_id)
        if process is not None:
            self.tell(process, message)

    async def run(self, edge: str, media: Media, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Listen for processes, keep spares ready. `edge` is the inside address that they send SIP to."""
        self._path.unlink(missing_ok=True)
        listener = trio.socket.socket(socket.AF_UNIX)
        await listener.bind(str(self._path))
        self._path.chmod(0o600)
        listener.listen(128)
        command = [sys.executable, "-m", "b2bua.callproc.forkserver", "--link", str(self._path), "--edge", edge]
        command += ["--rtp-ports", media.ports, "--media-host", media.address, *self._shelves.options()]
        command += [f"--core={core}" for core in self._cores]
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                nursery.start_soon(self._accept, listener)
                nursery.start_soon(self._keep_server, command)
                nursery.start_soon(self._tend)
                task_status.started()
        finally:
            listener.close()
            self._path.unlink(missing_ok=True)

    async def idle(self) -> None:
        """Wait until no process has a call."""
        while self.busy:
            self._change = trio.Event()
            await self._change.wait()

    def retire(self) -> None:
        """Ask every process to leave: now, or when the call in its hand is over."""
        for process in self._all.values():
            self.tell(process, Retire())

    async def _keep_server(self, command: list[str]) -> None:
        while True:
            async with trio.open_nursery() as nursery:
                # A session of its own: Ctrl-C in the operator's terminal is ours to act on, not theirs.
                start = partial(trio.run_process, stdin=PIPE, stdout=PIPE, check=False, start_new_session=True)
                server = await nursery.start(start, command)
                self._server, self._starting = server, 0
                self._refill()
                await self._read_server(server)
            self._server = None
            if not self._warm.is_set():
                raise StartFault("the fork server ended before a call process was ready; above is what it said")
            log.error("the fork server ended; starting another")
            await trio.sleep(1)

    async def _read_server(self, server: trio.Process) -> None:
        text = b""
        assert server.stdout is not None
        async for chunk in server.stdout:
            *lines, text = (text + chunk).split(b"\n")
            for line in lines:
                self._server_said(line.decode())

    def _server_said(self, line: str) -> None:
        match line.split():
            case ["born", _]:
                pass
            case ["died", pid, status]:
                known = int(pid) in self._met
                self._met.discard(int(pid))
                log.log(logging.INFO if status == "0" else logging.ERROR, "process %s ended with %s", pid, status)
                if not known and self._starting:
                    self._starting -= 1  # it never said Hello
                    self.crashed += status != "0"
            case _:
                log.warning("the fork server said %r", line)

    def _refill(self) -> None:
        """Ask for as many processes as are missing from the wanted spares, under the ceiling.

        One that rests is no spare: in a storm of short calls most processes rest, and calls would be refused.
        """
        if self._server is None or self._server.stdin is None or self._nursery is None:
            return
        room = self.settings.most - len(self._all) - self._starting
        missing = min(self.settings.spare - len(self._free) - self._starting, room)
        if missing > 0:
            self._starting += missing
            self._nursery.start_soon(self._spawn, self._server.stdin, missing)

    async def _spawn(self, stdin: trio.abc.SendStream, count: int) -> None:
        try:
            async with self._orders:  # a stream takes no two writers, and an order that is lost is never made good
                await stdin.send_all(b"spawn\n" * count)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            log.warning("the fork server took no order (%r)", error)

    async def _tend(self) -> None:
        while True:
            await trio.sleep(_TEND_S)
            self._end_rests()
            surplus = len(self._free) + len(self._resting) - 2 * self.settings.spare
            if surplus > 0 and self._free:
                process = next(iter(self._free.values()))
                del self._free[process.incarnation]
                self.tell(process, Retire())
            self._refill()

    async def _accept(self, listener: trio.socket.SocketType) -> None:
        assert self._nursery is not None
        while True:
            stream, _ = await listener.accept()
            pid, uid, _ = _PEERCRED.unpack(stream.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEERCRED.size))
            if uid not in (os.getuid(), 0):
                log.warning("a process of another user (uid %d) tried to link", uid)
                stream.close()
                continue
            self._nursery.start_soon(self._serve, stream, pid)

    async def _serve(self, stream: trio.socket.SocketType, pid: int) -> None:
        process: Process | None = None
        frames = Frames(FromProcess)
        link = socket.socket(fileno=os.dup(stream.fileno()))
        link.setblocking(False)
        with stream:
            try:
                while data := await _received(stream, link):
                    for message in frames.feed(data):
                        if isinstance(message, Hello):
                            process = self._greet(message, pid, link)
                        if process is None:
                            raise ValueError("the first message was not Hello")
                        self._take(process, message)
            except (OSError, ValueError) as error:
                log.warning("link to process %d broke: %s", pid, error)
        if process is not None and process._link is link:
            process.bind(None)
        else:
            link.close()

    def _greet(self, hello: Hello, pid: int, link: socket.socket) -> Process:
        process = self._all.get(hello.incarnation)
        if process is None:
            process = Process(pid, hello.sip_port, hello.incarnation, hello.call_id, hello.invite)
            self._all[hello.incarnation] = process
            self._by_port[hello.sip_port] = hello.incarnation
            self._met.add(pid)
            self._starting = max(0, self._starting - 1)
            if hello.call_id:
                self._hold(process, hello.call_id)
            else:
                self._free[process.incarnation] = process
                self._warm.set()
            assert self._nursery is not None
            self._nursery.start_soon(self._watch, process)
        elif not process.call_id and process.incarnation not in self._resting:
            self._free[process.incarnation] = process  # it did not read for a while
        process.bind(link)
        return process

    def _take(self, process: Process, message: FromProcess) -> None:
        if isinstance(message, Idle) and process.call_id == message.call_id:
            process.call_id = ""
            process.retired |= message.leaves
            process.rested_at_s = time.monotonic() + self.settings.rest_s
            del self._holding[message.call_id]
            if not process.retired:
                self._resting[process.incarnation] = process
            self._change.set()
        self._heard(process, message)

    async def _watch(self, process: Process) -> None:
        """Wait for a process's death and say it once."""
        try:
            pidfd = os.pidfd_open(process.pid)
        except ProcessLookupError:
            pidfd = -1
        if pidfd >= 0:
            try:
                await trio.lowlevel.wait_readable(pidfd)
            finally:
                os.close(pidfd)
        await process.last_words()
        process.bind(None)
        self.crashed += not process.retired
        self._all.pop(process.incarnation, None)
        if self._by_port.get(process.sip_port) == process.incarnation:
            del self._by_port[process.sip_port]
        self._free.pop(process.incarnation, None)
        self._resting.pop(process.incarnation, None)
        self._holding.pop(process.call_id, None)
        self._lost(process)
        self._change.set()
        self._refill()


async def _received(stream: trio.socket.SocketType, link: socket.socket) -> bytes:
    """What has come over a link, empty at its end. Nearly always it is still to come: it is not tried for first."""
    while True:
        await trio.lowlevel.wait_readable(stream)
        with suppress(BlockingIOError):
            return link.recv(_RECV_BYTES)
