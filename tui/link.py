"""The console's end of the control protocol: keeps a board up to date, and finds the daemon again when it is
gone.

Rule: a link that breaks takes nothing from the screen. What was seen last stays, marked as old, until a
snapshot of the new link replaces it whole; requests under way end with a sentence.
"""

import asyncio
import time
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar

from b2bua.api.requests.operation import Operation
from b2bua.api.requests.wire import decode_reply, encode
from b2bua.console.feed import Gap
from b2bua.console.protocol import (
    VERSION,
    Delta,
    Frames,
    FromConsole,
    FromDaemon,
    Hello,
    Refused,
    Reply,
    Request,
    Role,
    Snapshot,
    Subscribe,
    Welcome,
    frame,
)
from b2bua.console.rows import TOPICS
from tui.board import Board, LinkState, NotDone
from tui.feed_recording import Recorder
from tui.i18n import say

FIRST_WAIT_S: Final = 0.25
LONGEST_WAIT_S: Final = 5.0
ANSWER_WITHIN_S: Final = 30.0


R = TypeVar("R")


class _Over(Exception):
    """This link is at its end, and why."""


class Link:
    """A source that is a daemon.

    `role` is the most this console wants to be allowed; `recorder` keeps what comes; `token` says who sits here.
    """

    def __init__(self, path: Path, role: Role, who: str, recorder: Recorder | None = None, token: str = "") -> None:
        self._path = path
        self._hello = Hello(VERSION, role, who, token)
        self._recorder = recorder
        self._writer: asyncio.StreamWriter | None = None
        self._asked: dict[int, asyncio.Future[Reply]] = {}
        self._ids = count(1)

    def now_ms(self) -> int:
        """The wall clock: the daemon is on this machine."""
        return time.time_ns() // 1_000_000

    async def run(self, board: Board) -> None:
        """Link, and link again with growing patience, until cancelled."""
        wait_s = FIRST_WAIT_S
        while True:
            try:
                await self._once(board)
            except (_Over, OSError) as end:
                why = end.strerror or str(end) if isinstance(end, OSError) else str(end)
            if board.link.up:
                wait_s = FIRST_WAIT_S
            since_ms = self.now_ms() if board.link.up else board.link.since_ms or self.now_ms()
            board.link = LinkState(up=False, since_ms=since_ms, why=why, retry_ms=self.now_ms() + int(wait_s * 1000))
            board.changed()
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def ask(self, asked: Operation[R]) -> R:
        """The daemon's reply; raises NotDone with its sentence, or with ours when it cannot be asked."""
        if self._writer is None:
            raise NotDone(say("link.nobody"))
        request = Request(next(self._ids), asked.NAME, encode(asked))
        self._asked[request.id] = asyncio.get_running_loop().create_future()
        try:
            self._send(request)
            reply = await asyncio.wait_for(self._asked[request.id], ANSWER_WITHIN_S)
            if reply.ok:
                return decode_reply(asked, reply.fields)
        except TimeoutError:
            raise NotDone(say("link.no_answer")) from None
        except ValueError as fault:
            raise NotDone(str(fault)) from None
        finally:
            del self._asked[request.id]
        raise NotDone(reply.error, reply.faults)

    async def _once(self, board: Board) -> None:
        """One link, from connecting to its end."""
        reader, writer = await asyncio.open_unix_connection(self._path)
        try:
            self._writer = writer
            self._send(self._hello)
            frames = Frames(FromDaemon)
            while piece := await reader.read(65536):
                try:
                    messages = list(frames.feed(piece))
                except ValueError as fault:
                    raise _Over(str(fault)) from fault
                for message in messages:
                    self._take(message, board)
            raise _Over(say("link.ended"))
        finally:
            self._writer = None
            writer.close()
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(NotDone(say("link.broke")))

    def _send(self, message: FromConsole) -> None:
        if self._writer is None:
            raise NotDone(say("link.nobody"))
        self._writer.write(frame(message))

    def _take(self, message: Any, board: Board) -> None:
        match message:
            case Welcome(role=role):
                board.role = role
                self._send(Subscribe(TOPICS))
            case Refused(why=why):
                raise _Over(why)
            case Reply(id=id):
                answer = self._asked.get(id)
                if answer is not None and not answer.done():
                    answer.set_result(message)
            case Snapshot():
                self._keep(message)
                board.mirror.replace(message)
                board.link = LinkState(up=True, since_ms=self.now_ms())
                board.changed()
            case Delta():
                self._keep(message)
                try:
                    board.mirror.apply(message)
                except Gap:
                    self._send(Subscribe(TOPICS))
                board.changed()

    def _keep(self, message: Snapshot | Delta) -> None:
        if self._recorder is not None:
            self._recorder.keep(self.now_ms(), message)
