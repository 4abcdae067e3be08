"""Sealed tapes: sound that only the holder of a key can hear, written while it is spoken.

    head      magic 6 | channels 1 | zero 1 | name of the key 8 | salt 32
    piece     `PIECE_BYTES` of sound, sealed, + 16 bytes of seal; the last one is shorter, or empty

AES-256-GCM in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015; age seals files alike): each tape
has a key of its own, HKDF-SHA256 of the key and the salt; the nonce counts the pieces and marks the last. Head and call
id are authenticated with every piece.

Rule: a piece that was changed, moved, or taken from another call does not open. A tape without its last piece was cut
off, and says so, but opens as far as it goes: what was said before a crash is kept.
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
"""A quarter of a second in stereo: what PJSIP hands over at once from each side."""
SEAL_BYTES: Final = 16
_MAGIC: Final = b"S400T1"
_HEAD: Final = struct.Struct("!6sBx8s32s")
HEAD_BYTES: Final = _HEAD.size
CUT_OFF: Final = "it is cut off"
"""Of a tape that has no end, as one has whose process died; what there is of it can be heard."""
_PURPOSE: Final = b"switch400 tape 1"


class Unreadable(ValueError):
    """A tape cannot be heard, or not to its end; the message is a sentence about “it” that says why."""


def head(key: Key, channels: int) -> bytes:
    """The head of a new tape, with a salt of its own."""
    return _HEAD.pack(_MAGIC, channels, key.name, secrets.token_bytes(KEY_BYTES))


class Encryptor:
    """Seals the pieces of one tape."""

    def __init__(self, key: Key, its_head: bytes, call_id: str) -> None:
        self._cipher = _cipher(key, its_head)
        self._about = its_head + call_id.encode()

    def piece(self, count: int, sound: bytes, *, last: bool) -> bytes:
        """The `count`th piece (from 1) of `PIECE_BYTES`, or the last one of fewer. No two may have the same count."""
        assert last or len(sound) == PIECE_BYTES
        return self._cipher.encrypt(_nonce(count, last=last), sound, self._about)


def sealed_pieces(file: BinaryIO, call_id: str, channels: int, keys: Keyring) -> Iterator[bytes]:
    """The sound of a tape from its beginning, as far as it can be vouched for.

    Raises Unreadable: at once without the right key, else where the first piece does not open.
    """
    its_head = file.read(HEAD_BYTES)
    if len(its_head) < HEAD_BYTES:
        raise Unreadable(CUT_OFF)
    magic, its_channels, name, _ = _HEAD.unpack(its_head)
    if magic != _MAGIC or its_channels != channels:
        raise Unreadable("it is no tape of this kind")
    key = keys.find(name)
    if key is None:
        raise Unreadable(f"it is sealed with the key {name.hex()}, which is not given")
    cipher, about, count = _cipher(key, its_head), its_head + call_id.encode(), 0
    piece = file.read(PIECE_BYTES + SEAL_BYTES)
    while piece:
        following = file.read(PIECE_BYTES + SEAL_BYTES)
        count += 1
        if not following:
            yield from _last(cipher, piece, about, count)
            return
        try:
            yield cipher.decrypt(_nonce(count, last=False), piece, about)
        except InvalidTag:
            raise Unreadable(f"it was changed {_at(count)}") from None
        piece = following
    raise Unreadable(CUT_OFF)


def sound_bytes(file_bytes: int) -> int:
    """How much sound a sealed file of this size holds."""
    sealed = max(0, file_bytes - HEAD_BYTES)
    pieces = -(-sealed // (PIECE_BYTES + SEAL_BYTES))
    return max(0, sealed - pieces * SEAL_BYTES)


def _last(cipher: AESGCM, piece: bytes, about: bytes, count: int) -> Iterator[bytes]:
    try:
        yield cipher.decrypt(_nonce(count, last=True), piece, about)
    except InvalidTag:
        if len(piece) == PIECE_BYTES + SEAL_BYTES:
            try:
                yield cipher.decrypt(_nonce(count, last=False), piece, about)
            except InvalidTag:
                raise Unreadable(f"it was changed {_at(count)}") from None
        raise Unreadable(CUT_OFF) from None


def _cipher(key: Key, its_head: bytes) -> AESGCM:
    salt = _HEAD.unpack(its_head)[3]
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, _PURPOSE).derive(key.secret))


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11) + bytes([last])


def _at(count: int) -> str:
    return f"in its {count * PIECE_BYTES // 1000 + 1}th kilobyte or so" if count > 1 else "at its beginning"
