"""The daemon's end of one console's link.

Rule: no console can slow the daemon. What it does not read piles up to `MOST_WAITING` deltas, then they are
thrown away and it is sent a snapshot once it reads again; it is read no further while `MOST_AT_ONCE` of its
requests are being done.
"""

import logging
import math
import socket as sockets
from collections import deque
from collections.abc import Mapping
from struct import Struct
from typing import Final

import trio

from b2bua.api.verbs import Operator, Refusal, Verb
from b2bua.console.feed import Feed
from b2bua.console.protocol import (
    VERSION,
    Frames,
    FromConsole,
    Hello,
    Refused,
    Reply,
    Request,
    Role,
    Subscribe,
    Welcome,
    frame,
)
from b2bua.control.authentication import Authenticated, Authentication

MOST_WAITING: Final = 64
"""Deltas kept for a console that does not read: about three seconds of them."""
MOST_AT_ONCE: Final = 8
HELLO_WITHIN_S: Final = 5.0
LAST_WORD_S: Final = 1.0
"""For what is still to be written when a link ends."""
_PEER = Struct("3i")
_log = logging.getLogger("switch400.control")


Held = Mapping[str, tuple[Role, Verb]]
"""Verbs by name, each with the least role for it."""


class Outbox:
    """What waits to be written to one console."""

    def __init__(self, feed: Feed) -> None:
        self.topics: frozenset[str] = frozenset()
        self._feed = feed
        self._answers: deque[bytes] = deque()
        self._deltas: deque[bytes] = deque()
        self._behind = False
        self._ended = False
        self._more = trio.Event()

    def answer(self, packed: bytes) -> None:
        """An answer is kept whatever happens to the deltas."""
        self._answers.append(packed)
        self._more.set()

    def restart(self, topics: frozenset[str]) -> None:
        """The next thing of the feed that this console is sent is a snapshot of these topics."""
        self.topics = topics
        self._deltas.clear()
        self._behind = True
        self._more.set()

    def delta(self, packed: bytes) -> None:
        """The feed's next delta for these topics, or nothing if a snapshot is due anyway."""
        if self._behind or not self.topics:
            return
        self._deltas.append(packed)
        if len(self._deltas) > MOST_WAITING:
            self.restart(self.topics)
        self._more.set()

    def end(self) -> None:
        """Nothing but the answers still waiting is to be written."""
        self._ended = True
        self._more.set()

    async def take(self) -> bytes:
        """What to write next; empty at the end.

        A snapshot is made only when it can be sent, so that it is never an old one.
        """
        while True:
            if self._answers:
                return self._answers.popleft()
            if self._ended:
                return b""
            if self._behind:
                self._behind = False
                return frame(self._feed.snapshot(self.topics))
            if self._deltas:
                return self._deltas.popleft()
            self._more = trio.Event()
            await self._more.wait()


class Connection:
    """One console, from its Hello to the end.

    `labour` outlives the link: what was asked is done to its end.
    """

    def __init__(
        self, stream: trio.SocketStream, feed: Feed, verbs: Held, admission: Authentication, labour: trio.Nursery
    ) -> None:
        self._stream = stream
        self._feed = feed
        self._verbs = verbs
        self._admission = admission
        self._labour = labour
        self._room = trio.Semaphore(MOST_AT_ONCE)
        self._patience = trio.CancelScope()
        self._admitted: Authenticated | None = None
        self.outbox = Outbox(feed)

    async def run(self) -> None:
        """Serve until the console goes, or breaks the protocol; only its own link ends by that."""
        self._patience.deadline = trio.current_time() + HELLO_WITHIN_S
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._write)
            with self._patience:
                try:
                    await self._read()
                except ValueError as fault:
                    self.outbox.answer(frame(Refused(VERSION, str(fault))))
            self.outbox.end()
            nursery.cancel_scope.deadline = trio.current_time() + LAST_WORD_S

    def look_again(self) -> None:
        """End this link if its person's token was removed, or is good for less now."""
        if self._admitted is not None and not self._admission.stands(self._admitted):
            self.outbox.answer(frame(Refused(VERSION, "your token was removed, or changed: log in again")))
            self._patience.cancel()

    async def _read(self) -> None:
        frames = Frames(FromConsole)
        async for piece in self._stream:
            for message in frames.feed(bytes(piece)):
                await self._take(message)

    async def _write(self) -> None:
        while packed := await self.outbox.take():
            await self._stream.send_all(packed)

    async def _take(self, message: FromConsole) -> None:
        if self._admitted is None:
            self._admitted = self._greet(message)
            self._patience.deadline = math.inf
            return
        match message:
            case Hello():
                raise ValueError("Hello comes once")
            case Subscribe(topics):
                self.outbox.restart(frozenset(topics))
            case Request():
                await self._room.acquire()
                self._labour.start_soon(self._do, message, self._admitted.operator)

    def _greet(self, hello: FromConsole) -> Authenticated:
        if not isinstance(hello, Hello):
            raise ValueError("the first message must be Hello")  # noqa: TRY004 - a bad word, not a bad call
        if hello.version != VERSION:
            raise ValueError(
                f"this daemon speaks version {VERSION} of the control protocol, "
                f"the console version {hello.version}: use the same release of both"
            )
        admitted = self._admission.admit(hello, peer_uid(self._stream.socket))
        person = admitted.operator
        self.outbox.answer(frame(Welcome(VERSION, person.role, self._feed.seq, person.name)))
        return admitted

    async def _do(self, request: Request, operator: Operator) -> None:
        try:
            self.outbox.answer(frame(await self._reply(request, operator)))
        except ValueError as fault:
            self.outbox.answer(frame(Reply(request.id, ok=False, error=f"the answer is too long: {fault}")))
        finally:
            self._room.release()

    async def _reply(self, request: Request, operator: Operator) -> Reply:
        if request.verb not in self._verbs:
            return Reply(request.id, ok=False, error=f"this daemon knows no {request.verb}")
        least, verb = self._verbs[request.verb]
        if not operator.role.may(least):
            why = f"{request.verb} needs the role {least}; this console has the role {operator.role}"
            return Reply(request.id, ok=False, error=why)
        try:
            return Reply(request.id, ok=True, result=await verb(request.args, operator))
        except Refusal as refusal:
            return Reply(request.id, ok=False, error=str(refusal), faults=refusal.faults)
        except Exception as fault:  # noqa: BLE001 - a fault in one verb must not end the daemon and its calls
            _log.exception("verb %s failed", request.verb)
            return Reply(request.id, ok=False, error=f"{request.verb} failed in the daemon: {fault!r}; see its log")


def peer_uid(socket: trio.socket.SocketType) -> int:
    """The user at the far end, by the kernel's word."""
    packed = socket.getsockopt(sockets.SOL_SOCKET, sockets.SO_PEERCRED, _PEER.size)
    uid: int = _PEER.unpack(packed)[1]
    return uid
