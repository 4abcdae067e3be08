"""The process's end of the link to the daemon: a Unix socket that may go and come back.

Rule: nothing here ever waits. A link that is down costs nothing but a try each second.
"""

import select
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from b2bua.ipc.protocol import Frames, FromDaemon, FromProcess, frame

AGAIN_S: Final = 1.0
_MOST_UNSENT: Final = 8 * 1024 * 1024
_PIECE: Final = 64 * 1024


class IpcClient:
    """A link to the daemon at `path`. `is_up` is as of the last look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._frames = Frames(FromDaemon)
        self._unsent = bytearray()
        self._again_at = 0.0
        self._look = select.poll()

    @property
    def is_up(self) -> bool:
        """Whether there is a connection, as far as is known."""
        return self._socket is not None

    def connect(self, now: float) -> bool:
        """Try to connect, at most once in `AGAIN_S`. True if a new connection was made: say Hello."""
        if self._socket is not None or now < self._again_at:
            return False
        self._again_at = now + AGAIN_S
        new = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            new.connect(str(self._path))
        except OSError:
            new.close()
            return False
        self._socket = new
        self._look.register(new, select.POLLIN)
        self._frames = Frames(FromDaemon)
        self._unsent.clear()
        return True

    def send(self, message: FromProcess) -> None:
        """Say this with the next `flush`, if the link is up."""
        if self._socket is not None:
            self._unsent += frame(message)

    def flush(self) -> None:
        """Send what was said, and what is left from before."""
        while self._socket is not None and self._unsent:
            try:
                sent = self._socket.send(self._unsent)
            except BlockingIOError:
                if len(self._unsent) > _MOST_UNSENT:
                    self._close()  # a daemon that does not read is as good as gone
                return
            except OSError:
                self._close()
                return
            del self._unsent[:sent]

    def has_word(self) -> bool:
        """Whether the daemon has said something, or is gone."""
        return bool(self._look.poll(0))

    def received(self) -> Iterator[FromDaemon]:
        """Every message that has come. A broken frame ends the link: its sender is not to be trusted."""
        while self._socket is not None and self.has_word():  # ten times cheaper than to receive in vain
            try:
                piece = self._socket.recv(_PIECE)
            except OSError:
                piece = b""
            if not piece:
                self._close()
                return
            try:
                yield from self._frames.feed(piece)
            except Exception:  # noqa: BLE001 - cattrs and msgpack raise many kinds; all mean the same here
                self._close()

    def _close(self) -> None:
        if self._socket is not None:
            self._look.unregister(self._socket)
            self._socket.close()
            self._socket = None
