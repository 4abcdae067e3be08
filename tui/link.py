"""The console's end of the control protocol: keeps the model up to date, and reconnects when the link is lost.

Rule: when the link breaks, the last state stays on the screen, marked as old, until a snapshot of the new link replaces
it; requests under way end with NotDone.
"""

import asyncio
import time
from itertools import count
from pathlib import Path
from typing import Final, TypeVar

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
from tui.feed_recording import Recorder
from tui.i18n import tr
from tui.model import ConsoleModel, LinkState, NotDone

FIRST_WAIT_S: Final = 0.25
LONGEST_WAIT_S: Final = 5.0
ANSWER_WITHIN_S: Final = 30.0


R = TypeVar("R")


class _Over(Exception):
    """This link has ended; the text says why."""


class Link:
    """A source that is a daemon.

    `role` is the highest role wanted; `recorder` records the feed; `token` identifies the user.
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

    async def run(self, model: ConsoleModel) -> None:
        """Connect, and reconnect with growing waits (0.25 s to 5 s), until cancelled."""
        wait_s = FIRST_WAIT_S
        while True:
            try:
                await self._once(model)
            except (_Over, OSError) as end:
                why = end.strerror or str(end) if isinstance(end, OSError) else str(end)
            if model.link.up:
                wait_s = FIRST_WAIT_S
            since_ms = self.now_ms() if model.link.up else model.link.since_ms or self.now_ms()
            model.link = LinkState(up=False, since_ms=since_ms, why=why, retry_ms=self.now_ms() + int(wait_s * 1000))
            model.changed()
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def ask(self, asked: Operation[R]) -> R:
        """The daemon's reply. Raises NotDone if it refuses, does not answer in time, or there is no link."""
        if self._writer is None:
            raise NotDone(tr("link.nobody"))
        request = Request(next(self._ids), asked.NAME, encode(asked))
        self._asked[request.id] = asyncio.get_running_loop().create_future()
        try:
            self._send(request)
            reply = await asyncio.wait_for(self._asked[request.id], ANSWER_WITHIN_S)
            if reply.ok:
                return decode_reply(asked, reply.fields)
        except TimeoutError:
            raise NotDone(tr("link.no_answer")) from None
        except ValueError as fault:
            raise NotDone(str(fault)) from None
        finally:
            del self._asked[request.id]
        raise NotDone(reply.error, reply.faults)

    async def _once(self, model: ConsoleModel) -> None:
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
                    self._take(message, model)
            raise _Over(tr("link.ended"))
        finally:
            self._writer = None
            writer.close()
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(NotDone(tr("link.broke")))

    def _send(self, message: FromConsole) -> None:
        if self._writer is None:
            raise NotDone(tr("link.nobody"))
        self._writer.write(frame(message))

    def _take(self, message: FromDaemon, model: ConsoleModel) -> None:
        match message:
            case Welcome(role=role):
                model.role = role
                self._send(Subscribe(TOPICS))
            case Refused(why=why):
                raise _Over(why)
            case Reply(id=id):
                answer = self._asked.get(id)
                if answer is not None and not answer.done():
                    answer.set_result(message)
            case Snapshot():
                self._keep(message)
                model.mirror.replace(message)
                model.link = LinkState(up=True, since_ms=self.now_ms())
                model.changed()
            case Delta():
                self._keep(message)
                try:
                    model.mirror.apply(message)
                except Gap:
                    self._send(Subscribe(TOPICS))
                model.changed()

    def _keep(self, message: Snapshot | Delta) -> None:
        if self._recorder is not None:
            self._recorder.keep(self.now_ms(), message)
