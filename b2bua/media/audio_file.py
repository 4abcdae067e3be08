"""Audio files that are written during a call: 8 kHz 16-bit samples as WAV, or sealed (`b2bua.media.encryption`).

Rule: the file can be played at any time up to what was written, so that a crash loses nothing before it; a write that
was done only in part, because the disk is full, is undone. A file is readable by its owner only.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from b2bua.media.encryption import CUT_OFF, PIECE_BYTES, Encryptor, Unreadable, new_header, sealed_pieces, sound_bytes
from b2bua.media.keys import Key, Keyring

CLOCK_RATE_HZ: Final = 8000
SAMPLE_BYTES: Final = 2
PLAIN: Final = ".wav"
SEALED: Final = ".sealed"
WAV_HEAD_BYTES: Final = 44
_MOST_BYTES: Final = 0xFFFFFFFF - WAV_HEAD_BYTES
_READ_BYTES: Final = 1 << 18


def wav_header(channels: int, sound: int) -> bytes:
    """The 44-byte header of a WAV file with `sound` bytes of samples (at most 4 GiB are announced)."""
    sound = min(sound, _MOST_BYTES)
    step = channels * SAMPLE_BYTES
    form = struct.pack("<IHHIIHH", 16, 1, channels, CLOCK_RATE_HZ, CLOCK_RATE_HZ * step, step, 8 * SAMPLE_BYTES)
    return b"RIFF" + struct.pack("<I", sound + 36) + b"WAVEfmt " + form + b"data" + struct.pack("<I", sound)


class AudioFile:
    """An audio file being written to a new file `path`; sealed if there is a `key`, and then bound to the `call_id`.

    Raises OSError if it cannot be begun; then there is no file. After `write` has raised only `close` may follow.
    """

    def __init__(self, path: Path, call_id: str, channels: int, key: Key | None) -> None:
        self.path = path
        self.sound_bytes = 0
        self._channels = channels
        self._sealer: Encryptor | None = None
        self._unsealed = b""
        self._pieces = 0
        self._file = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        self._size = 0
        try:
            if key is None:
                self._add(wav_header(channels, 0))
            else:
                header = new_header(key, channels)
                self._sealer = Encryptor(key, header, call_id)
                self._add(header)
        except OSError:
            os.close(self._file)
            self.path.unlink(missing_ok=True)
            raise

    def write(self, sound: bytes) -> None:
        """Append whole samples of all channels, interleaved. Raises OSError; what was written before stays."""
        if self._sealer is None:
            self._add(sound)
            self.sound_bytes += len(sound)
            os.pwrite(self._file, wav_header(self._channels, self.sound_bytes), 0)
            return
        self._unsealed += sound
        while len(self._unsealed) >= PIECE_BYTES:
            piece, self._unsealed = self._unsealed[:PIECE_BYTES], self._unsealed[PIECE_BYTES:]
            try:
                self._add(self._sealer.piece(self._pieces + 1, piece, last=False))
            except OSError:
                self._unsealed = b""
                raise
            self._pieces += 1
            self.sound_bytes += PIECE_BYTES

    def close(self) -> None:
        """End the file. Raises OSError if its end cannot be written: then it stays, as one that was cut off."""
        try:
            if self._sealer is not None:
                self._add(self._sealer.piece(self._pieces + 1, self._unsealed, last=True))
                self.sound_bytes += len(self._unsealed)
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
    """The file name suffix of an audio file that is sealed with this key, or not sealed (None)."""
    return SEALED if key else PLAIN


def is_sealed(path: Path) -> bool:
    """Whether a key is needed to play this file."""
    return path.suffix == SEALED


def length_s(path: Path, channels: int) -> float:
    """The length of an audio file in seconds, by its size. Raises OSError."""
    size = path.stat().st_size
    sound = sound_bytes(size) if is_sealed(path) else max(0, size - WAV_HEAD_BYTES)
    return sound / (channels * SAMPLE_BYTES * CLOCK_RATE_HZ)


def pieces(path: Path, call_id: str, channels: int, keys: Keyring) -> Iterator[bytes]:
    """The samples of an audio file, from its beginning.

    Raises OSError; Unreadable at once if it cannot be opened, and after the last good piece if it is cut off or
    changed.
    """
    with path.open("rb") as file:
        if is_sealed(path):
            yield from sealed_pieces(file, call_id, channels, keys)
        else:
            yield from _plain_pieces(file, channels)


def _plain_pieces(file: BinaryIO, channels: int) -> Iterator[bytes]:
    header = file.read(WAV_HEAD_BYTES)
    if header[8:40] != wav_header(channels, 0)[8:40]:
        raise Unreadable(f"it is not 8 kHz WAV of {channels} channel{'s' if channels > 1 else ''}")
    left: int = struct.unpack("<I", header[40:])[0]
    while left and (piece := file.read(min(left, _READ_BYTES))):
        left -= len(piece)
        yield piece
    if left:
        raise Unreadable(CUT_OFF)
