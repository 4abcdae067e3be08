"""Tapes: files of 8 kHz 16-bit sound that grow while someone speaks, as WAV, or sealed if there is a key.

Rule: at any moment the file is whole as far as it goes, so that a crash keeps what was said; what a full disk took only
half of is taken back. A file is for its owner only.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from b2bua.media.encryption import CUT_OFF, PIECE_BYTES, Encryptor, Unreadable, head, sealed_pieces, sound_bytes
from b2bua.media.keys import Key, Keyring

CLOCK_RATE_HZ: Final = 8000
SAMPLE_BYTES: Final = 2
PLAIN: Final = ".wav"
SEALED: Final = ".sealed"
WAV_HEAD_BYTES: Final = 44
_MOST_BYTES: Final = 0xFFFFFFFF - WAV_HEAD_BYTES
_READ_BYTES: Final = 1 << 18


def wav_head(channels: int, sound: int) -> bytes:
    """The head of a WAV file with so many bytes of sound."""
    sound = min(sound, _MOST_BYTES)
    step = channels * SAMPLE_BYTES
    form = struct.pack("<IHHIIHH", 16, 1, channels, CLOCK_RATE_HZ, CLOCK_RATE_HZ * step, step, 8 * SAMPLE_BYTES)
    return b"RIFF" + struct.pack("<I", sound + 36) + b"WAVEfmt " + form + b"data" + struct.pack("<I", sound)


class AudioFile:
    """A tape being written to a new file `path`. Raises OSError if it cannot be begun; then there is none.

    `call_id` is sealed in with it. Nothing is to be done after `write` has raised but `close`.
    """

    def __init__(self, path: Path, call_id: str, channels: int, key: Key | None) -> None:
        self.path = path
        self.sound_bytes = 0
        self._channels = channels
        self._sealer: Encryptor | None = None
        self._waiting = b""
        self._pieces = 0
        self._file = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        self._size = 0
        try:
            if key is None:
                self._add(wav_head(channels, 0))
            else:
                its_head = head(key, channels)
                self._sealer = Encryptor(key, its_head, call_id)
                self._add(its_head)
        except OSError:
            os.close(self._file)
            self.path.unlink(missing_ok=True)
            raise

    def write(self, sound: bytes) -> None:
        """Add whole samples of all channels. Raises OSError; what was written before stays."""
        if self._sealer is None:
            self._add(sound)
            self.sound_bytes += len(sound)
            os.pwrite(self._file, wav_head(self._channels, self.sound_bytes), 0)
            return
        self._waiting += sound
        while len(self._waiting) >= PIECE_BYTES:
            piece, self._waiting = self._waiting[:PIECE_BYTES], self._waiting[PIECE_BYTES:]
            try:
                self._add(self._sealer.piece(self._pieces + 1, piece, last=False))
            except OSError:
                self._waiting = b""
                raise
            self._pieces += 1
            self.sound_bytes += PIECE_BYTES

    def close(self) -> None:
        """End it. Raises OSError if its end cannot be written: then it stays as one that was cut off."""
        try:
            if self._sealer is not None:
                self._add(self._sealer.piece(self._pieces + 1, self._waiting, last=True))
                self.sound_bytes += len(self._waiting)
        finally:
            os.close(self._file)

    def _add(self, piece: bytes) -> None:
        try:
            written = 0
            while written < len(piece):
                written += os.pwrite(self._file, piece[written:], self._size + written)
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(piece)


def suffix(key: Key | None) -> str:
    """What the name of a tape ends in that is sealed with this key, or with none."""
    return SEALED if key else PLAIN


def is_sealed(path: Path) -> bool:
    """Whether only a key opens this tape."""
    return path.suffix == SEALED


def length_s(path: Path, channels: int) -> float:
    """How long a tape is in seconds, by its size. Raises OSError."""
    size = path.stat().st_size
    sound = sound_bytes(size) if is_sealed(path) else max(0, size - WAV_HEAD_BYTES)
    return sound / (channels * SAMPLE_BYTES * CLOCK_RATE_HZ)


def pieces(path: Path, call_id: str, channels: int, keys: Keyring) -> Iterator[bytes]:
    """The sound of a tape, from its beginning. Raises OSError, and Unreadable where it ends before its end."""
    with path.open("rb") as file:
        if is_sealed(path):
            yield from sealed_pieces(file, call_id, channels, keys)
        else:
            yield from _plain_pieces(file, channels)


def _plain_pieces(file: BinaryIO, channels: int) -> Iterator[bytes]:
    its_head = file.read(WAV_HEAD_BYTES)
    if its_head[8:40] != wav_head(channels, 0)[8:40]:
        raise Unreadable(f"it is not 8 kHz WAV of {channels} channel{'s' if channels > 1 else ''}")
    left: int = struct.unpack("<I", its_head[40:])[0]
    while left and (piece := file.read(min(left, _READ_BYTES))):
        left -= len(piece)
        yield piece
    if left:
        raise Unreadable(CUT_OFF)
