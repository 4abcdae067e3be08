"""The keys that recordings and messages are sealed with.

Rule: a key is in a file of its own, outside the state directory (which is backed up with the recordings), readable by
its owner only; a file that is not like that is refused when the daemon starts.
"""

import hashlib
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import attrs

KEY_BYTES: Final = 32
_NAME_BYTES: Final = 8


class KeyFault(ValueError):
    """A key file cannot be used; the message is a sentence that names the file and says what to do."""


@attrs.frozen
class Key:
    """A secret of 32 bytes. Its `name` is in the header of a sealed file; the secret cannot be computed from it."""

    secret: bytes = attrs.field(repr=False)

    @property
    def name(self) -> bytes:
        """Eight bytes that tell keys apart (BLAKE2b, RFC 7693)."""
        return hashlib.blake2b(self.secret, digest_size=_NAME_BYTES, person=b"switch400 key").digest()


@attrs.frozen
class Keyring:
    """`current` seals new recordings and messages (None: not sealed); `old` keys open what they sealed before."""

    current: Key | None = None
    old: tuple[Key, ...] = ()

    def find(self, name: bytes) -> Key | None:
        """The key of this name, None if it is not here."""
        return next((key for key in (self.current, *self.old) if key is not None and key.name == name), None)


def read_keyring(current: Path | None, old: Iterable[Path], state: Path) -> Keyring:
    """The keys in these files. Raises KeyFault."""
    return Keyring(read_key(current, state) if current else None, tuple(read_key(file, state) for file in old))


def read_key(file: Path, state: Path) -> Key:
    """The key in a file: 64 hexadecimal digits. `state` is the state directory. Raises KeyFault."""
    if file.resolve().is_relative_to(state.resolve()):
        raise KeyFault(f"the key {file} lies in the state directory, with what it seals; move it elsewhere")
    try:
        with file.open("rb") as opened:
            about = os.fstat(opened.fileno())
            text = opened.read(4 * KEY_BYTES)
    except OSError as error:
        raise KeyFault(
            f"the key {file} cannot be read ({error.strerror}); `switch400 recording new-key` makes one"
        ) from error
    if not stat.S_ISREG(about.st_mode) or about.st_mode & 0o077:
        raise KeyFault(f"the key {file} may be read by others than its owner; chmod 600 {file}")
    try:
        secret = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise KeyFault(f"the key {file} is not {2 * KEY_BYTES} hexadecimal digits; restore it from your backup")
    return Key(secret)


def make_key(file: Path) -> Key:
    """A new key in a new file, mode 0600. Raises OSError, FileExistsError if there is a file."""
    key = Key(secrets.token_bytes(KEY_BYTES))
    with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as out:
        out.write(f"{key.secret.hex()}\n")
        out.flush()
        os.fsync(out.fileno())
    return key
