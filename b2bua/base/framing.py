"""Frames on a byte stream: a 4-byte big-endian length, then a body of that many bytes.

Rule: a length over the bound is an error, so that four foreign bytes cannot make this program allocate much memory.
"""

from collections.abc import Iterator
from struct import Struct
from typing import Final

MOST_FRAME_BYTES: Final = 4 * 1024 * 1024
_LENGTH = Struct(">I")


def make_frame(body: bytes, most: int = MOST_FRAME_BYTES) -> bytes:
    """A body as one frame. Raises ValueError if it is longer than `most` bytes, which the reader would refuse."""
    if len(body) > most:
        raise ValueError(f"a frame of {len(body)} bytes; at most {most} are allowed")
    return _LENGTH.pack(len(body)) + body


class FrameCutter:
    """Cuts a byte stream into bodies of at most `most` bytes each, in whatever pieces the stream arrives."""

    def __init__(self, most: int = MOST_FRAME_BYTES) -> None:
        self._most = most
        self._buffer = bytearray()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The bodies that are whole now that `piece` has come, in order.

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
