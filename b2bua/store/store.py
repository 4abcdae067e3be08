"""One database and its spool folder, opened together.

Rule: the rooms above get plans, records, messages and missed calls from here, never from the tables.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Self

from sqlalchemy import Engine

from b2bua.store import audit
from b2bua.store.audit import AuditEntry
from b2bua.store.database import open_database, writing
from b2bua.store.mailboxes import Mailboxes
from b2bua.store.missed import MissedCalls
from b2bua.store.plans import Plans
from b2bua.store.records import Records
from b2bua.store.writer import RecordWriter
from routing.ids import CallId


class Store:
    """Plans and records of one switch, or of several that share a database."""

    def __init__(self, engine: Engine, spool: Path) -> None:
        self.engine = engine
        self.plans = Plans(engine)
        self.records = Records(engine)
        self.mailboxes = Mailboxes(engine)
        self.missed = MissedCalls(engine)
        self._spool = spool

    @classmethod
    def open(cls, where: Path | str, spool: Path, *, create: bool = True) -> Self:
        """The store at a file or a SQLAlchemy URL; raises StoreUnusable (`open_database`)."""
        return cls(open_database(where, create=create), spool)

    def writer(self, stored: Callable[[CallId, int], None]) -> RecordWriter:
        """The one task that writes this store's records; `stored` as in `RecordWriter`."""
        return RecordWriter(self.records, stored, self._spool)

    def note(self, entry: AuditEntry) -> None:
        """Write an audit entry for a change outside the database; before the change, where that cannot be undone."""
        with writing(self.engine) as connection:
            audit.note(connection, entry)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()
