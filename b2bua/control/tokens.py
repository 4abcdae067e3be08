"""The people who may connect to the daemon besides its owner, each with a token.

Rule: a token is 256 random bits, shown once; the file, which only its owner may read, has its SHA-256 and no more.
A name is one person's and is written in the audit trail. The file is read again whenever it has changed, so that a
token that was removed has no effect any more.
"""

import fcntl
import hashlib
import json
import os
import re
import secrets
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import attrs

from b2bua.base.atomic_file import give_to_folder_owner, write_whole
from b2bua.console.protocol import Role

FILE: Final = "tokens.toml"
"""In the state directory."""
_BEGINS: Final = "s400_"
"""The prefix by which people, and programs that search for leaked secrets, recognize a token."""
_NAME: Final = re.compile(r"\w[\w.@-]{0,31}")


class TokensFault(Exception):
    """The file of tokens cannot be used, or not changed as asked: one line that says why and what to do."""


@attrs.frozen
class Person:
    """Somebody with a token, their role, and when it was given."""

    name: str
    role: Role
    sha256: str
    since: datetime


def digest(token: str) -> str:
    """The SHA-256 of a token, in hexadecimal, which the file has."""
    return hashlib.sha256(token.encode()).hexdigest()


class Tokens:
    """The tokens in one file, which need not be there yet. Every method reads or writes a small file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int, int] | None = None
        self._people: dict[str, Person] = {}

    def person(self, token: str) -> Person | None:
        """The person with this token now; None if there is none. Raises TokensFault."""
        return self.by_digest(digest(token))

    def by_digest(self, sha256: str) -> Person | None:
        """The person whose token has this digest now; None if there is none. Raises TokensFault."""
        return next((person for person in self.people() if secrets.compare_digest(person.sha256, sha256)), None)

    def people(self) -> tuple[Person, ...]:
        """Everybody with a token, by name. Raises TokensFault."""
        try:
            stat = self._file.stat()
            now = (stat.st_ctime_ns, stat.st_ino, stat.st_size)
            if now != self._seen:
                if stat.st_mode & 0o077:
                    raise TokensFault(f"{self._file} can be read by others: chmod 600 it, and give new tokens")
                self._people = _read(self._file)
                self._seen = now
        except FileNotFoundError:
            self._people, self._seen = {}, None
        except OSError as error:
            raise TokensFault(f"{self._file}: {error.strerror}") from error
        return tuple(self._people.values())

    def add(self, name: str, role: Role) -> str:
        """Make a token for a person who has none; it cannot be shown again. Raises TokensFault."""
        if not _NAME.fullmatch(name):
            raise TokensFault(f"{name!r} is no name: use letters and digits, then . _ - @ too, at most 32")
        with self._changing() as people:
            if known := people.get(name):
                raise TokensFault(f"{name} has a token since {known.since:%Y-%m-%d}: remove it first")
            token = _BEGINS + secrets.token_urlsafe(32)
            people[name] = Person(name, role, digest(token), datetime.now(UTC).replace(microsecond=0))
        return token

    def remove(self, name: str) -> Person:
        """Remove a person's token; links that use it end. Raises TokensFault."""
        with self._changing() as people:
            if name not in people:
                raise TokensFault(f"{name} has no token; `switch400 token list` names those who have")
            return people.pop(name)

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Person]]:
        """The people, under a file lock; written back at the end of the block."""
        gate = self._file.with_suffix(".lock")
        with os.fdopen(os.open(gate, os.O_CREAT | os.O_WRONLY, 0o600), "w") as lock:
            give_to_folder_owner(gate)
            fcntl.flock(lock, fcntl.LOCK_EX)
            people = {person.name: person for person in self.people()}
            yield people
            write_whole(self._file, "".join(_line(people[name]) for name in sorted(people)).encode())


def _read(file: Path) -> dict[str, Person]:
    try:
        document = tomllib.loads(file.read_text("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TokensFault(f"{file}: {error}") from error
    return {name: _person(file, name, entry) for name, entry in sorted(document.items())}


def _person(file: Path, name: str, entry: Any) -> Person:  # Any: an entry of a TOML file, checked here
    try:
        person = Person(name, Role(entry["role"]), str(entry["sha256"]), entry["since"])
    except (KeyError, TypeError, ValueError) as error:
        raise TokensFault(f"{file}: {name}: its line is damaged; remove it and give a new token") from error
    sound = _NAME.fullmatch(name) and re.fullmatch(r"[0-9a-f]{64}", person.sha256)
    if not sound or not isinstance(person.since, datetime):
        raise TokensFault(f"{file}: {name}: its line is damaged; remove it and give a new token")
    return person


def _line(person: Person) -> str:
    name = json.dumps(person.name, ensure_ascii=False)
    return f'{name} = {{ role = "{person.role}", sha256 = "{person.sha256}", since = {person.since.isoformat()} }}\n'
