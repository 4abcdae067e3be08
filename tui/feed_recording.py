"""Recordings of the feed: `--record` writes one, `--replay` plays it, for bug reports, training and tests.

Rule: a recording has exactly what the daemon sent: for each message the time (8 bytes, UTC epoch milliseconds) and its
frame (`b2bua.base.framing`). One that was cut off in a frame plays up to there.
"""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TypeVar

from b2bua.api.requests.operation import Operation
from b2bua.base.framing import make_frame
from b2bua.console.feed import Gap
from b2bua.console.protocol import MOST_SNAPSHOT_BYTES, Delta, Frames, FromDaemon, Role, Snapshot, frame
from tui.i18n import tr
from tui.model import ConsoleModel, LinkState, NotDone

_TIME_BYTES = 8
R = TypeVar("R")


class Recorder:
    """Writes a recording; use as a context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        self._file = self._path.open("wb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def keep(self, at_ms: int, message: Snapshot | Delta) -> None:
        """Write a message and flush the file, so that a crash loses nothing."""
        if self._file is not None:
            self._file.write(at_ms.to_bytes(_TIME_BYTES, "big") + frame(message))
            self._file.flush()


def read(path: Path) -> Iterator[tuple[int, Snapshot | Delta]]:
    """What is in a recording, in order; raises ValueError if it is not one, OSError if it cannot be read."""
    with path.open("rb") as file:
        while len(stamp := file.read(_TIME_BYTES)) == _TIME_BYTES:
            length = file.read(4)
            body = file.read(int.from_bytes(length, "big"))
            if len(length) < 4 or len(body) < int.from_bytes(length, "big"):
                return
            try:
                messages = list(Frames(FromDaemon).feed(make_frame(body, MOST_SNAPSHOT_BYTES)))
            except ValueError as fault:
                raise ValueError(f"{path} is no recording of a feed: {fault}") from fault
            for message in messages:
                if isinstance(message, Snapshot | Delta):
                    yield int.from_bytes(stamp, "big"), message


class Player:
    """A source that plays a recording at `speed` times its own speed; at its end the time stops."""

    def __init__(self, path: Path, speed: float = 1.0) -> None:
        self._messages = list(read(path))
        if not self._messages:
            raise ValueError(f"{path} is empty: nothing to replay")
        self._speed = speed
        self._began_s = time.monotonic()
        self._first_ms, self._last_ms = self._messages[0][0], self._messages[-1][0]

    def now_ms(self) -> int:
        """The time in the recording (UTC epoch milliseconds)."""
        played_ms = (time.monotonic() - self._began_s) * 1000 * self._speed
        return min(self._first_ms + int(played_ms), self._last_ms)

    async def run(self, model: ConsoleModel) -> None:
        """Play to the end."""
        self._began_s = time.monotonic()
        model.role = Role.VIEWER
        model.link = LinkState(up=True, since_ms=self._first_ms)
        for at_ms, message in self._messages:
            due_s = (at_ms - self._first_ms) / 1000 / self._speed
            await asyncio.sleep(max(0.0, self._began_s + due_s - time.monotonic()))
            try:
                model.mirror.replace(message) if isinstance(message, Snapshot) else model.mirror.apply(message)
            except Gap:
                continue
            model.changed()

    async def ask(self, request: Operation[R]) -> R:
        """Raises NotDone: a recording cannot answer requests."""
        raise NotDone(tr("link.recording"))
