"""The daemon's end of the Unix socket to one call process.

Rule: to send never waits. What a process does not read in time is not kept for it; a process that finds a broken frame
closes the link and says Hello on a new one.
"""

import logging
import socket
from collections.abc import Iterator
from typing import Final

import trio

from b2bua.ipc.protocol import Frames, FromDaemon, FromProcess, frame

_RECEIVE_BYTES: Final = 65536

_log = logging.getLogger(__name__)


class Link:
    """A connected stream socket, which it owns from now on. `closed` is set when nothing more will be received."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(False)
        self.closed = trio.Event()
        self._socket = connected
        self._frames = Frames(FromProcess)

    def send(self, message: FromDaemon) -> bool:
        """Send a message without waiting; False if the process has not taken it whole."""
        data = frame(message)
        try:
            return self._socket.send(data) == len(data)
        except OSError as error:
            _log.warning("a call process does not take messages (%s)", error)
            return False

    async def receive(self) -> Iterator[FromProcess] | None:
        """Wait for messages; None at the end of the link.

        Raises OSError, trio.ClosedResourceError after `close`, and, from the iterator, ValueError for what is no
        message.
        """
        while True:
            # Nearly always there is nothing yet: to receive in vain first would cost more.
            await trio.lowlevel.wait_readable(self._socket)
            try:
                data = self._socket.recv(_RECEIVE_BYTES)
            except BlockingIOError:
                continue
            return self._frames.feed(data) if data else None

    def close(self) -> None:
        """Close the socket; may be done again."""
        if not self.closed.is_set():
            trio.lowlevel.notify_closing(self._socket)
            self._socket.close()
            self.closed.set()
