"""Cutting a TCP stream into SIP messages (RFC 3261, 18.3), sans-I/O.

Rule: a message on a stream must have one Content-Length; one that has not, or is too long, ends the connection, because
the start of the next one could not be found. Memory is bounded by one message.
"""

import re
from typing import Final

MOST_FRAME_BYTES: Final = 65_535
_LENGTH = re.compile(rb"(?:\r\n|\A)(?:content-length|l)[ \t]*:[ \t]*([0-9]{1,6})[ \t]*(?=\r\n)", re.IGNORECASE)


class StreamError(ValueError):
    """The stream cannot be read on."""


class SipFramer:
    """One direction of one connection. `pings` counts keep-alives (RFC 5626, 3.5.1) that want a CRLF back."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.pings = 0
        self._half_a_ping = False  # its second CRLF may come in another segment

    def feed(self, octets: bytes) -> list[bytes]:
        """The whole messages that have come. Raises StreamError."""
        self._buffer += octets
        frames: list[bytes] = []
        while frame := self._next():
            frames.append(frame)
        return frames

    def _next(self) -> bytes:
        buffer = self._buffer
        while buffer.startswith(b"\r\n"):
            del buffer[:2]
            self.pings += self._half_a_ping
            self._half_a_ping = not self._half_a_ping
        if buffer and buffer != b"\r":
            self._half_a_ping = False
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(buffer) > MOST_FRAME_BYTES:
                raise StreamError("head-too-long")
            return b""
        lengths = {int(found) for found in _LENGTH.findall(buffer[: end + 2])}
        if len(lengths) != 1:
            raise StreamError("content-length")
        whole = end + 4 + lengths.pop()
        if whole > MOST_FRAME_BYTES:
            raise StreamError("too-long")
        if len(buffer) < whole:
            return b""
        frame = bytes(buffer[:whole])
        del buffer[:whole]
        return frame
