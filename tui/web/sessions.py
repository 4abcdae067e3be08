"""Who has logged in to the web console, and which consoles each of them has open.

Rule: a session's consoles end with it: at its log-out, when its time is over, and when the server stops. A person has
at most `MOST_CONSOLES` open at once, over all their sessions, since each is two processes.
"""

import asyncio
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import attrs

from tui.web.login import User

SESSION_S: Final = 12 * 3600
MOST_CONSOLES: Final = 4


class TooManyConsoles(Exception):
    """This person has `MOST_CONSOLES` open."""


@attrs.define(eq=False)
class Session:
    """A person who has logged in; `token_file` holds their token, `until_s` is on the event loop's clock."""

    user: User
    token_file: Path
    until_s: float
    consoles: set[asyncio.Task[object]] = attrs.field(factory=set)


class Sessions:
    """The sessions of one server, by cookie.

    Tokens are in files below `folder`, which is this user's alone (0700). What an earlier server left there is removed;
    raises BlockingIOError while another server uses the folder, OSError if it cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder / "tokens"
        self._lock: IO[str] = (folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700)
        self._sessions: dict[str, Session] = {}

    def begin(self, user: User, token: str, now_s: float) -> str:
        """A new session; its cookie. Raises OSError if the token cannot be put into a file."""
        for cookie in [cookie for cookie, session in self._sessions.items() if session.until_s <= now_s]:
            self.end(cookie)
        token_file = self._folder / secrets.token_hex(8)
        with os.fdopen(os.open(token_file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(token)
        cookie = secrets.token_urlsafe(32)
        self._sessions[cookie] = Session(user, token_file, now_s + SESSION_S)
        return cookie

    def find(self, cookie: str, now_s: float) -> Session | None:
        """The session of this cookie; one whose time is over ends now."""
        session = self._sessions.get(cookie)
        if session is not None and session.until_s <= now_s:
            self.end(cookie)
            return None
        return session

    def end(self, cookie: str) -> None:
        """End a session, if there is one: its consoles are ended, its token's file is removed."""
        session = self._sessions.pop(cookie, None)
        if session is not None:
            for console in session.consoles:
                console.cancel()
            session.token_file.unlink(missing_ok=True)

    @contextmanager
    def console(self, session: Session) -> Iterator[None]:
        """Within the block the present task is a console of this session. Raises TooManyConsoles."""
        name = session.user.name
        consoles = sum(len(other.consoles) for other in self._sessions.values() if other.user.name == name)
        if consoles >= MOST_CONSOLES:
            raise TooManyConsoles
        task = asyncio.current_task()
        assert task is not None
        until_over = asyncio.get_running_loop().call_at(session.until_s, task.cancel)
        session.consoles.add(task)
        try:
            yield
        finally:
            until_over.cancel()
            session.consoles.discard(task)

    def close(self) -> None:
        """End all sessions, and leave no token behind."""
        for cookie in list(self._sessions):
            self.end(cookie)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.close()
