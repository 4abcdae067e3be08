"""Who may log in from a browser, and as what.

Rule: passwords are kept as salted scrypt hashes only (RFC 7914), and are compared in constant time; a wrong name takes
as long as a wrong password.
"""

import hashlib
import hmac
import re
import secrets
import tomllib
from pathlib import Path
from typing import Final

import attrs

from b2bua.wire import Role

_COST: Final = {"n": 2**14, "r": 8, "p": 1}
_NAME = re.compile(r"[\w-]{1,32}")


class UsersFault(ValueError):
    """The file of users cannot be used: where, and how to mend it."""


@attrs.frozen
class User:
    """A person and the most that they may do."""

    name: str
    role: Role


def hashed(password: str) -> str:
    """A password as it stands in the file of users: `salt$hash`."""
    salt = secrets.token_hex(16)
    return f"{salt}${_scrypt(password, salt)}"


def _scrypt(password: str, salt: str) -> str:
    return hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), **_COST).hex()


class Users:
    """The users of a TOML file: `wang = { role = "operator", password = "salt$hash" }`."""

    def __init__(self, users: dict[str, tuple[User, str]]) -> None:
        self._users = users
        self._nobody = hashed(secrets.token_hex())

    @classmethod
    def read(cls, path: Path) -> "Users":
        """The users in this file; raises UsersFault."""
        try:
            document = tomllib.loads(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
            raise UsersFault(f"{path}: {fault}") from fault
        users = {}
        for name, entry in document.items():
            try:
                role, kept = Role(entry["role"]), str(entry["password"])
                salt, _, _ = kept.partition("$")
                _scrypt("", salt)
            except (KeyError, TypeError, ValueError) as fault:
                mend = 'role = "viewer", "operator" or "admin", and password from `python -m tui.web --hash`'
                raise UsersFault(f"{path}: {name}: write {mend}") from fault
            if not _NAME.fullmatch(name):
                raise UsersFault(f"{path}: {name!r} is no name: use letters, digits, - and _, at most 32")
            users[name] = (User(name, role), kept)
        if not users:
            raise UsersFault(f"{path} names no user: nobody could log in")
        return cls(users)

    def known(self, name: str, password: str) -> User | None:
        """The user with this name and password; takes some hundredths of a second of CPU."""
        user, kept = self._users.get(name, (None, self._nobody))
        salt, _, right = kept.partition("$")
        return user if hmac.compare_digest(_scrypt(password, salt), right) else None
