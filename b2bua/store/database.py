"""Opens the database, with the same guarantees on SQLite and PostgreSQL.

Rule: what is committed is on disk (SQLite: WAL with `synchronous=FULL`); readers never wait for a writer; a writer
takes its lock when its transaction begins, so that it cannot fail half-way because another wrote first.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, QueuePool

from b2bua.base.atomic_file import give_to_folder_owner
from b2bua.base.errors import StoreUnusable
from b2bua.store.migrate import bring_up, is_current

BUSY_TIMEOUT_S: Final = 5.0
"""How long a writer waits for another process's transaction (SQLite)."""
NOT_NOW: Final = (DBAPIError, sqlite3.Error, PoolTimeout, OSError)
"""What is raised while the database cannot be used: locked, full, read-only, gone; no descriptor, no connection.

DBAPIError covers errors of one record as well (DataError, IntegrityError): who tells them apart looks for those first.
"""


def open_database(where: Path | str, *, create: bool = True, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """The database at a file (SQLite) or a SQLAlchemy URL, its schema brought up to this program's.

    A new file gets mode 0600, a new folder 0700. With `create=False` a missing file is an error. Raises
    StoreUnusable with one line that says what is wrong.
    """
    url = URL.create("sqlite", database=str(where)) if isinstance(where, Path) else _url(where)
    if url.get_backend_name() == "sqlite":
        _prepare_file(Path(url.database or ""), create)
    try:
        engine = _engine(url, busy_timeout_s)
        with engine.connect() as connection:
            current = is_current(connection)
        if not current:
            with writing(engine) as connection:
                bring_up(connection)
    except (DatabaseError, sqlite3.Error, NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreUnusable(f"{_shown(url)}: {first_line(error)}") from error
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction: committed at the end of the block, rolled back by an exception."""
    with engine.connect() as connection, connection.execution_options(switch400_writes=True).begin():
        yield connection


class ReusedConnection:
    """A connection that a task which writes often keeps: to check one out and in again costs as much as a small commit.

    After an exception the next use checks out another one. For one thread at a time.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One write transaction, as `writing`."""
        connection, self._connection = self._connection, None
        if connection is None:
            connection = self._engine.connect().execution_options(switch400_writes=True)
        try:
            with connection.begin():
                yield connection
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _url(text: str) -> URL:
    try:
        return make_url(text)
    except ArgumentError as error:
        raise StoreUnusable(
            "the database URL cannot be read; write sqlite:////path or postgresql+psycopg://…"
        ) from error


def _prepare_file(file: Path, create: bool) -> None:
    if _is_usable(file):
        return
    if not create:
        raise StoreUnusable(f"{file}: there is no database yet; start `switch400 run` or publish a plan first")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        give_to_folder_owner(file)
    except OSError as error:
        raise StoreUnusable(f"{file}: {error.strerror}") from error


def _is_usable(file: Path) -> bool:
    """Whether the file exists. Raises StoreUnusable if this user may not use it."""
    try:
        exists = file.exists()
    except PermissionError:  # the folder may not even be listed
        exists = True
    if exists and not os.access(file, os.R_OK | os.W_OK):
        raise StoreUnusable(f"{file}: is another user's; run this as the switch's own user or root, or use a console")
    return exists


def _engine(url: URL, busy_timeout_s: float) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    file = url.database or ""

    def connect() -> sqlite3.Connection:
        # mode=rw: a file that was removed is an error; the default would make a new and empty one.
        uri = f"file:{quote(file)}?mode=rw"
        return sqlite3.connect(uri, uri=True, timeout=busy_timeout_s, check_same_thread=False)

    def set_up(connection: sqlite3.Connection, pooled: PoolProxiedConnection | ConnectionPoolEntry) -> None:
        # The driver's own transactions begin at the first write: too late for a lock that is taken first.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()
        pooled.info["inode"] = Path(file).stat().st_ino

    def begin(connection: Connection) -> None:
        # SQLite goes on writing, without an error, into a file that was deleted or replaced.
        if Path(file).stat().st_ino != connection.info["inode"]:
            connection.invalidate()
            raise OSError(errno.ESTALE, "the database file was replaced by another", file)
        writes = connection.get_execution_options().get("switch400_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    engine = create_engine(url, poolclass=QueuePool, creator=connect, hide_parameters=True)
    event.listen(engine, "connect", set_up)
    event.listen(engine, "begin", begin)
    return engine


def _shown(url: URL) -> str:
    return url.database or "" if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)


def first_line(error: Exception) -> str:
    """What is wrong, without the statement that SQLAlchemy shows below it."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return str(cause).strip().partition("\n")[0]
