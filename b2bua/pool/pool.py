"""The call processes and their links: events go to `PoolState`, and what it decides is carried out.

Rule: nothing is decided here. The death of a process is seen by pidfd, whether it is a child of our fork server or
outlived an earlier daemon, and is reported only when all that it sent has been read.
"""

import logging
import os
import socket
import struct
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import trio

from b2bua.base.accept_loop import accept_forever
from b2bua.base.errors import StartFault
from b2bua.base.retry import until_possible
from b2bua.config.configuration import Processes
from b2bua.console.rows import PoolRow
from b2bua.ipc.protocol import Assign, FromDaemon, FromProcess, Hello, Idle
from b2bua.ipc.protocol import Retire as RetireMessage
from b2bua.pool.fork_server import ForkServer
from b2bua.pool.link import Link
from b2bua.pool.process import Process
from b2bua.pool.state import Decision, PoolState, Retire, Spawn

log = logging.getLogger(__name__)

WARM_S: Final = 30.0
"""How long the first process may take to be ready."""
LAST_MESSAGES_S: Final = 1.0
"""How long after its death the rest of what a process sent is waited for."""
TICK_S: Final = 2.0
"""How often surplus spares are looked for, one retired at a time, and lost orders made good."""
RETRY_S: Final = 1.0
"""The pause before a fork server that ended is started anew."""
_BACKLOG: Final = 128
_CREDENTIALS: Final = struct.Struct("3i")  # struct ucred of SO_PEERCRED (unix(7)): pid, uid, gid
_WAKE: Final = b"\r\n\r\n"
"""A datagram that PJSIP passes over (RFC 5626, 3.5.1: CRLF keep-alive); it ends the wait of its `select`."""


class ProcessObserver(Protocol):
    """Who is told what call processes say, and which are dead. Neither method may wait."""

    def received(self, process: Process, message: FromProcess) -> None:
        """A process sent this."""

    def lost(self, process: Process) -> None:
        """A process is dead. Its `call_id` is that of the call that it had, and `crashed` whether it ended unasked."""


class Pool:
    """All call processes of this daemon, started here or left by an earlier one.

    They link at the Unix socket `link_path`.
    """

    def __init__(self, settings: Processes, link_path: Path) -> None:
        self._path = link_path
        self._state = PoolState(settings)
        self._links: dict[str, Link] = {}  # by incarnation
        self._server: ForkServer | None = None
        self._warm = trio.Event()
        self._call_ended = trio.Event()
        self._waker: socket.socket
        self._observer: ProcessObserver
        self._nursery: trio.Nursery

    def row(self) -> PoolRow:
        """The pool as the console shows it."""
        return self._state.row(trio.current_time())

    def all(self) -> list[Process]:
        """Every process that is not dead."""
        self._state.end_rests(trio.current_time())
        return self._state.processes()

    def at(self, incarnation: str) -> Process | None:
        """The process of this name, if it is not dead."""
        return self._state.at(incarnation)

    def incarnation_at(self, sip_port: int) -> str | None:
        """Which process that is not dead has this SIP port; None if none has."""
        process = self._state.at_port(sip_port)
        return process.incarnation if process is not None else None

    @property
    def expects_free(self) -> bool:
        """Whether a process will be free soon, though none is now."""
        return self._state.expects_free

    def holding(self, call_id: str) -> Process | None:
        """The process that holds this call."""
        return self._state.holding(call_id)

    def assign(self, compose: Callable[[Process], Assign]) -> Process | None:
        """Give a call to the process that has rested longest; None if none is free."""
        now_s = trio.current_time()
        while (process := self._state.longest_rested(now_s)) is not None:
            assignment = compose(process)
            if self.send(process, assignment):
                plan_hash = assignment.plan_hash
                self._carry_out(self._state.assigned(process, assignment.call_id, assignment.invite, plan_hash))
                return process
            self._carry_out(self._state.assign_failed(process))
        return None

    def send(self, process: Process, message: FromDaemon) -> bool:
        """Send to a process, which reads it when it next looks; False if it has no link or does not read."""
        link = self._links.get(process.incarnation)
        return link is not None and link.send(message)

    def tell(self, process: Process, message: FromDaemon) -> None:
        """Send to a process and wake it."""
        self.send(process, message)
        try:
            self._waker.sendto(_WAKE, ("127.0.0.1", process.sip_port))
        except OSError as error:
            log.debug("process %d was not woken (%s)", process.pid, error)

    def tell_call(self, call_id: str, message: FromDaemon) -> None:
        """Send to the process that holds a call and wake it; nothing happens if the call is over."""
        process = self.holding(call_id)
        if process is not None:
            self.tell(process, message)

    def retire(self) -> None:
        """Tell every process to end: now, or when its call is over."""
        self._carry_out(self._state.retire_all())

    async def warm(self) -> None:
        """Wait until the first process is ready for a call. Raises StartFault if none is in `WARM_S`."""
        with trio.move_on_after(WARM_S) as patience:
            await self._warm.wait()
        if patience.cancelled_caught:
            raise StartFault(f"no call process was ready in {WARM_S:.0f} s; the log says what became of them")

    async def idle(self) -> None:
        """Wait until no process has a call."""
        while self._state.busy:
            self._call_ended = trio.Event()
            await self._call_ended.wait()

    async def run(
        self,
        fork_server: Sequence[str],
        observer: ProcessObserver,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Listen for processes and keep spares ready until cancelled. `fork_server` is its command line.

        Raises OSError if the socket cannot be made, StartFault if the fork server ends before a process was ready.
        """
        self._observer = observer
        self._path.unlink(missing_ok=True)
        with (
            socket.socket(socket.AF_UNIX) as listener,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as self._waker,
        ):
            listener.setblocking(False)
            self._waker.setblocking(False)
            listener.bind(str(self._path))
            self._path.chmod(0o600)
            listener.listen(_BACKLOG)
            try:
                async with trio.open_nursery() as nursery:
                    self._nursery = nursery
                    nursery.start_soon(self._accept, listener)
                    nursery.start_soon(self._keep_fork_server, fork_server)
                    nursery.start_soon(self._tick)
                    task_status.started()
            finally:
                self._path.unlink(missing_ok=True)

    def server_started(self) -> None:
        """The fork server takes orders."""
        self._carry_out(self._state.server_started())

    def server_ended(self) -> None:
        """The fork server takes no more orders."""
        self._state.server_ended()

    def born(self, pid: int) -> None:
        """The fork server has forked a process."""
        self._state.born(pid)

    def order_failed(self) -> None:
        """The fork server could not fork a process."""
        self._state.order_failed()

    def child_ended(self, pid: int, status: int) -> None:
        """A child of the fork server ended."""
        self._state.child_ended(pid, status)

    def _carry_out(self, decisions: Iterable[Decision]) -> None:
        for decision in decisions:
            match decision:
                case Spawn(count):
                    assert self._server is not None
                    self._server.spawn(count)
                case Retire(process):
                    self.tell(process, RetireMessage())

    async def _keep_fork_server(self, words: Sequence[str]) -> None:
        while True:
            self._server = ForkServer(words, self)
            try:
                await self._server.run()
            except* OSError as refused:
                log.error("the fork server cannot be started: %s", refused.exceptions[0])  # noqa: TRY400 - no traceback for a full machine
            if not self._warm.is_set():
                raise StartFault("the fork server ended before a call process was ready; above is what it said")
            log.error("the fork server ended; starting another")
            await trio.sleep(RETRY_S)

    async def _tick(self) -> None:
        while True:
            await trio.sleep(TICK_S)
            self._carry_out(self._state.tick(trio.current_time()))

    async def _accept(self, listener: socket.socket) -> None:
        async def accept() -> socket.socket:
            await trio.lowlevel.wait_readable(listener)
            return listener.accept()[0]

        await accept_forever(accept, self._linked, "the link socket")

    def _linked(self, connected: socket.socket) -> None:
        """A process has connected. Raises OSError if it has gone already."""
        credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        pid, uid, _ = _CREDENTIALS.unpack(credentials)
        if uid in (os.getuid(), 0):
            self._nursery.start_soon(self._serve, Link(connected), pid)
        else:
            log.warning("a process of another user (uid %d) tried to link", uid)
            connected.close()

    async def _serve(self, link: Link, pid: int) -> None:
        """Take in what a process sends until its link ends."""
        process: Process | None = None
        try:
            while (messages := await link.receive()) is not None:
                for message in messages:
                    if isinstance(message, Hello):
                        process = self._greet(message, pid, link)
                    if process is None:
                        raise ValueError("the first message was not Hello")
                    self._take(process, message)
        except trio.ClosedResourceError:
            pass  # it has a newer link, or is dead
        except (OSError, ValueError) as error:
            log.warning("link to process %d broke: %s", pid, error)
        finally:
            link.close()
        if process is not None and self._links.get(process.incarnation) is link:
            del self._links[process.incarnation]
            self._state.link_lost(process)

    def _greet(self, hello: Hello, pid: int, link: Link) -> Process:
        is_new = self._state.at(hello.incarnation) is None
        process = self._state.hello(hello, pid, trio.current_time())
        older, self._links[process.incarnation] = self._links.get(process.incarnation), link
        if older is not None and older is not link:
            older.close()
        if is_new:
            self._nursery.start_soon(self._watch, process)
        if process.ready:
            self._warm.set()
        return process

    def _take(self, process: Process, message: FromProcess) -> None:
        if isinstance(message, Idle):
            self._state.idle(process, message.call_id, trio.current_time(), leaves=message.leaves)
            self._call_ended.set()
        self._observer.received(process, message)

    async def _watch(self, process: Process) -> None:
        """Wait for the death of a process, and tell of it once."""
        report = partial(_report_unwatched, process.pid)
        if (pidfd := await until_possible(partial(_pidfd, process.pid), (OSError,), report)) is not None:
            try:
                await trio.lowlevel.wait_readable(pidfd)
            finally:
                os.close(pidfd)
        if (link := self._links.get(process.incarnation)) is not None:
            with trio.move_on_after(LAST_MESSAGES_S):
                await link.closed.wait()
        if (link := self._links.pop(process.incarnation, None)) is not None:
            link.close()
        decisions = self._state.died(process)
        self._observer.lost(process)
        self._call_ended.set()
        self._carry_out(decisions)


async def _pidfd(pid: int) -> int | None:
    """A descriptor that is readable once the process is dead; None if it is already. Raises OSError."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _report_unwatched(pid: int, reason: str) -> None:
    if reason:
        log.error("the death of process %d cannot be watched for: %s", pid, reason)
