"""The daemon's end of one console's link.

Rule: no console can slow the daemon or fill its memory. For a console that does not read, at most `MOST_WAITING` deltas
are queued; then they are dropped, and it gets a snapshot when it reads again. Nothing more is read from it while
`MOST_AT_ONCE` of its requests are not done, or their replies not sent. It can subscribe to existing topics only.
"""

import logging
import math
import socket as sockets
from collections import deque
from struct import Struct
from typing import Final

import trio

from b2bua.api.dispatch import Asker, Dispatcher, permit
from b2bua.api.requests.operation import Refusal
from b2bua.api.requests.wire import decode, encode
from b2bua.console.feed import Feed
from b2bua.console.protocol import (
    VERSION,
    FaultKind,
    Frames,
    FromConsole,
    Hello,
    Refused,
    Reply,
    Request,
    Subscribe,
    Welcome,
    frame,
)
from b2bua.console.rows import TOPICS
from b2bua.control.authentication import Authenticated, Authentication

MOST_WAITING: Final = 64
"""Deltas kept for a console that does not read: about three seconds of them."""
MOST_AT_ONCE: Final = 8
HELLO_WITHIN_S: Final = 5.0
LINGER_S: Final = 1.0
"""How long the rest may take to be written when a link ends."""
_PEER = Struct("3i")
_log = logging.getLogger("switch400.control")


class Outbox:
    """What is to be written to one console; a request holds one of `request_slots` until its reply is written."""

    def __init__(self, feed: Feed) -> None:
        self.topics: frozenset[str] = frozenset()
        self.request_slots = trio.Semaphore(MOST_AT_ONCE)
        self._feed = feed
        self._replies: deque[bytes] = deque()
        self._replying = False
        self._welcome = b""
        self._last_frame = b""
        self._deltas: deque[bytes] = deque()
        self._snapshot_due = False
        self._ended = False
        self._more = trio.Event()

    def reply(self, packed: bytes) -> None:
        """Queue the reply to a request; it is sent whatever happens to the deltas."""
        self._replies.append(packed)
        self._more.set()

    def welcome(self, packed: bytes) -> None:
        """Set the first message."""
        self._welcome = packed
        self._more.set()

    def restart(self, topics: frozenset[str]) -> None:
        """Change the topics: the console gets a snapshot of them next, in place of the deltas that are queued."""
        self.topics = topics
        self._deltas.clear()
        self._snapshot_due = True
        self._more.set()

    def delta(self, packed: bytes) -> None:
        """Queue the feed's next delta for these topics, unless a snapshot is due anyway."""
        if self._snapshot_due or not self.topics:
            return
        self._deltas.append(packed)
        if len(self._deltas) > MOST_WAITING:
            self.restart(self.topics)
        self._more.set()

    def end(self, last: bytes = b"") -> None:
        """Write only the replies that are queued, and then `last`."""
        self._last_frame = self._last_frame or last
        self._ended = True
        self._more.set()

    async def take(self) -> bytes:
        """The next bytes to write, asked for when all before them is written; empty at the end.

        A snapshot is made only when it can be sent, so that it is never out of date.
        """
        if self._replying:
            self._replying = False
            self.request_slots.release()
        while True:
            if self._welcome:
                welcome_frame, self._welcome = self._welcome, b""
                return welcome_frame
            if self._replies:
                self._replying = True
                return self._replies.popleft()
            if self._ended:
                last, self._last_frame = self._last_frame, b""
                return last
            if self._snapshot_due:
                self._snapshot_due = False
                return frame(self._feed.snapshot(self.topics))
            if self._deltas:
                return self._deltas.popleft()
            self._more = trio.Event()
            await self._more.wait()


class Connection:
    """One console, from its Hello to the end of its link.

    Requests run in `nursery`, which outlives the link, so that each is done to its end.
    """

    def __init__(
        self,
        stream: trio.SocketStream,
        feed: Feed,
        dispatcher: Dispatcher,
        authentication: Authentication,
        nursery: trio.Nursery,
    ) -> None:
        self._stream = stream
        self._feed = feed
        self._dispatcher = dispatcher
        self._authentication = authentication
        self._nursery = nursery
        self._reading = trio.CancelScope()
        self._authenticated: Authenticated | None = None
        self.outbox = Outbox(feed)

    async def run(self) -> None:
        """Serve until the console disconnects or breaks the protocol; other links go on."""
        self._reading.deadline = trio.current_time() + HELLO_WITHIN_S
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._write)
            with self._reading:
                try:
                    await self._read()
                except ValueError as fault:
                    self.outbox.end(frame(Refused(VERSION, str(fault))))
            self.outbox.end()
            nursery.cancel_scope.deadline = trio.current_time() + LINGER_S

    def recheck(self) -> None:
        """End this link if its person's token was removed, or gives a lower role now."""
        if self._authenticated is not None and not self._authentication.is_still_valid(self._authenticated):
            self.outbox.end(frame(Refused(VERSION, "your token was removed, or changed: log in again")))
            self._reading.cancel()

    async def _read(self) -> None:
        frames = Frames(FromConsole)
        async for piece in self._stream:
            for message in frames.feed(bytes(piece)):
                await self._take(message)

    async def _write(self) -> None:
        while packed := await self.outbox.take():
            await self._stream.send_all(packed)

    async def _take(self, message: FromConsole) -> None:
        if self._authenticated is None:
            self._authenticated = self._authenticate(message)
            self._reading.deadline = math.inf
            return
        match message:
            case Hello():
                raise ValueError("Hello comes once")
            case Subscribe(topics):
                if unknown := set(topics).difference(TOPICS):
                    raise ValueError(f"there is no topic {min(unknown):.40}; there are {', '.join(TOPICS)}")
                self.outbox.restart(frozenset(topics))
            case Request():
                await self.outbox.request_slots.acquire()
                self._nursery.start_soon(self._perform, message, self._authenticated.asker)

    def _authenticate(self, hello: FromConsole) -> Authenticated:
        if not isinstance(hello, Hello):
            raise ValueError("the first message must be Hello")  # noqa: TRY004 - a bad message, not a bad call
        if hello.version != VERSION:
            raise ValueError(
                f"this daemon speaks version {VERSION} of the control protocol, "
                f"the console version {hello.version}: use the same release of both"
            )
        authenticated = self._authentication.authenticate(hello, peer_uid(self._stream.socket))
        person = authenticated.asker
        self.outbox.welcome(frame(Welcome(VERSION, person.role, self._feed.seq, person.name)))
        return authenticated

    async def _perform(self, request: Request, asker: Asker) -> None:
        reply = await self._reply(request, asker)
        try:
            packed = frame(reply)
        except ValueError as fault:
            packed = frame(_refused(request, FaultKind.FAILED, f"the answer is too long: {fault}"))
        self.outbox.reply(packed)

    async def _reply(self, request: Request, asker: Asker) -> Reply:
        kind = self._dispatcher.operations.get(request.operation)
        if kind is None:
            return _refused(request, FaultKind.BAD_REQUEST, f"this daemon knows no {request.operation:.80}")
        try:
            permit(kind, asker)
            reply = await self._dispatcher.perform(decode(kind, request.fields), asker)
            return Reply(request.id, ok=True, fields=encode(reply))
        except Refusal as refusal:
            return Reply(request.id, ok=False, fault=refusal.kind, error=str(refusal), faults=refusal.faults)
        except Exception as fault:  # noqa: BLE001 - a fault in one operation must not end the daemon and its calls
            _log.exception("%s failed", kind.NAME)
            return _refused(request, FaultKind.FAILED, f"{kind.NAME} failed in the daemon: {fault!r}; see its log")


def _refused(request: Request, fault: FaultKind, sentence: str) -> Reply:
    return Reply(request.id, ok=False, fault=fault, error=sentence)


def peer_uid(socket: trio.socket.SocketType) -> int:
    """The user of the process at the far end, by the kernel (SO_PEERCRED, unix(7))."""
    packed = socket.getsockopt(sockets.SOL_SOCKET, sockets.SO_PEERCRED, _PEER.size)
    uid: int = _PEER.unpack(packed)[1]
    return uid
