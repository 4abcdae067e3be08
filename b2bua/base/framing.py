"""Cuts a byte stream into bodies and puts bodies into frames: a 4-byte big-endian length, then that many
bytes.

Rule: a length is believed only up to a bound, so that a stranger's first four bytes cannot take our memory.
"""

from collections.abc import Iterator
from struct import Struct
from typing import Final

MOST_FRAME_BYTES: Final = 4 * 1024 * 1024
_LENGTH = Struct(">I")


def framed(body: bytes, most: int = MOST_FRAME_BYTES) -> bytes:
    """A body as it goes over the wire; raises ValueError if it is longer than the reader's `most` bytes."""
    if len(body) > most:
        raise ValueError(f"a frame of {len(body)} bytes; at most {most} are allowed")
    return _LENGTH.pack(len(body)) + body


class FrameCutter:
    """Bodies of at most `most` bytes out of a byte stream, whatever pieces it comes in."""

    def __init__(self, most: int = MOST_FRAME_BYTES) -> None:
        self._most = most
        self._buffer = bytearray()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Whole bodies in `piece` and what came before it, in order.

        Raises ValueError for a length over the bound.
        """
        self._buffer += piece
        while len(self._buffer) >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._buffer)
            if size > self._most:
                raise ValueError(f"a frame of {size} bytes; at most {self._most} are allowed")
            end = _LENGTH.size + size
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            yield body
