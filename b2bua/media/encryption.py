"""Sealed audio files: encrypted and authenticated piece by piece, while the sound is written.

    header    magic 6 | channels 1 | zero 1 | name of the key 8 | salt 32      (bytes)
    piece     `PIECE_BYTES` of samples, encrypted, + 16 bytes of tag; the last one is shorter, or empty

AES-256-GCM (RFC 5116) in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015; `age` does the same): each
file has a key of its own, HKDF-SHA256 (RFC 5869) of the key and the salt; the nonce is the number of the piece and a
mark for the last one. The header and the call id are authenticated with every piece.

Rule: a piece that was changed, moved, or taken from another call is refused. A file without its last piece was cut off;
reading says so, after every piece that is whole.
"""

import secrets
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from b2bua.media.keys import KEY_BYTES, Key, Keyring

PIECE_BYTES: Final = 8192
"""A quarter of a second in stereo; PJSIP delivers as much at once."""
TAG_BYTES: Final = 16
"""The authentication tag of AES-GCM (RFC 5116, 5.2)."""
_MAGIC: Final = b"S400T1"
_HEADER: Final = struct.Struct("!6sBx8s32s")
HEADER_BYTES: Final = _HEADER.size
CUT_OFF: Final = "it is cut off"
"""The fault of a file that has no end, such as one whose process died; it can be played up to there."""
_PURPOSE: Final = b"switch400 tape 1"
"""The `info` of HKDF (RFC 5869); part of the file format."""


class Unreadable(ValueError):
    """An audio file cannot be played, or not to its end; the message is a sentence that says why “it” cannot."""


def new_header(key: Key, channels: int) -> bytes:
    """The header of a new file, with a random salt."""
    return _HEADER.pack(_MAGIC, channels, key.name, secrets.token_bytes(KEY_BYTES))


class Encryptor:
    """Encrypts the pieces of one file."""

    def __init__(self, key: Key, header: bytes, call_id: str) -> None:
        self._cipher = _cipher(key, header)
        self._associated = header + call_id.encode()

    def piece(self, count: int, sound: bytes, *, last: bool) -> bytes:
        """Piece number `count` (from 1) of `PIECE_BYTES`, or the last one, of fewer.

        No two may have the same number.
        """
        assert last or len(sound) == PIECE_BYTES
        return self._cipher.encrypt(_nonce(count, last=last), sound, self._associated)


def sealed_pieces(file: BinaryIO, call_id: str, channels: int, keys: Keyring) -> Iterator[bytes]:
    """The samples of a sealed file from its beginning, as far as they are authentic.

    Raises Unreadable: at once without the right key, else at the first piece that is not authentic.
    """
    header = file.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES:
        raise Unreadable(CUT_OFF)
    magic, file_channels, name, _ = _HEADER.unpack(header)
    if magic != _MAGIC or file_channels != channels:
        raise Unreadable("it is no recording of this kind")
    key = keys.find(name)
    if key is None:
        raise Unreadable(f"it is sealed with the key {name.hex()}, which is not given")
    cipher, associated, count = _cipher(key, header), header + call_id.encode(), 0
    piece = file.read(PIECE_BYTES + TAG_BYTES)
    while piece:
        following = file.read(PIECE_BYTES + TAG_BYTES)
        count += 1
        if not following:
            yield from _last(cipher, piece, associated, count)
            return
        try:
            yield cipher.decrypt(_nonce(count, last=False), piece, associated)
        except InvalidTag:
            raise Unreadable(f"it was changed {_at(count)}") from None
        piece = following
    raise Unreadable(CUT_OFF)


def sound_bytes(file_bytes: int) -> int:
    """How many bytes of samples a sealed file of this size holds."""
    sealed = max(0, file_bytes - HEADER_BYTES)
    pieces = -(-sealed // (PIECE_BYTES + TAG_BYTES))
    return max(0, sealed - pieces * TAG_BYTES)


def _last(cipher: AESGCM, piece: bytes, associated: bytes, count: int) -> Iterator[bytes]:
    try:
        yield cipher.decrypt(_nonce(count, last=True), piece, associated)
    except InvalidTag:
        if len(piece) == PIECE_BYTES + TAG_BYTES:
            try:
                yield cipher.decrypt(_nonce(count, last=False), piece, associated)
            except InvalidTag:
                raise Unreadable(f"it was changed {_at(count)}") from None
        raise Unreadable(CUT_OFF) from None


def _cipher(key: Key, header: bytes) -> AESGCM:
    salt = _HEADER.unpack(header)[3]
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, _PURPOSE).derive(key.secret))


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11) + bytes([last])


def _at(count: int) -> str:
    return f"in its {count * PIECE_BYTES // 1000 + 1}th kilobyte or so" if count > 1 else "at its beginning"
