"""Groups of records on their way to the disk: one transaction each.

Rule: a record that the database refuses for itself is moved aside and holds up no other; a database that cannot be
written now raises one of `NOT_NOW`, and nothing of the group is lost by it.
"""

import logging
import sqlite3
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from b2bua.ipc import spool
from b2bua.records.call_record import CallRecord
from b2bua.store.database import first_line
from b2bua.store.records import Records
from routing.ids import CallId

# The record is at fault, and would be at any other time …
_NOT_THIS = (DataError, IntegrityError, ValueError, TypeError, OverflowError)
# … or the database is. DBAPIError covers the first two above as well: they must be looked for first.
NOT_NOW = (DBAPIError, sqlite3.Error, PoolTimeout, OSError)

Alive = tuple[Collection[CallId], int]
"""Calls that live, and when that was known (UTC epoch milliseconds)."""

_log = logging.getLogger(__name__)


class RecordBatches:
    """Puts groups on disk, for one thread. `aside` is the spool folder."""

    def __init__(self, records: Records, aside: Path) -> None:
        self._records = records
        self._held = records.hold()
        self._aside = aside

    def put(self, group: Collection[CallRecord], alive: Alive | None) -> set[str]:
        """Put a group on disk; the calls whose record itself is refused. Raises `NOT_NOW`."""
        refused: set[str] = set()
        try:
            self._records.put(list(group), self._held)
        except _NOT_THIS:
            refused = {record.call_id for record in group if not self._put_alone(record)}
        if alive is not None:
            self._records.refresh(*alive)
        return refused

    def put_last(self, group: Mapping[str, CallRecord], alive: Alive | None) -> None:
        """Put the last group on disk, or in the spool folder if the database takes no more."""
        try:
            self.put(group.values(), alive)
        except NOT_NOW as error:
            _log.error("%d records go to the spool folder: %s", len(group), first_line(error))
            for record in group.values():
                self._spool(record)
        finally:
            self._held.close()

    def _put_alone(self, record: CallRecord) -> bool:
        try:
            self._records.put([record], self._held)
        except _NOT_THIS as error:
            _log.error("the record of call %s cannot be stored: %s", record.call_id, first_line(error))
            # What cannot even be packed cannot be kept; OSError is the disk's matter, and is tried again.
            with suppress(ValueError, TypeError, OverflowError):
                spool.leave(self._aside / spool.BROKEN, record)
            return False
        return True

    def _spool(self, record: CallRecord) -> None:
        try:
            spool.leave(self._aside, record)
        except OSError as error:
            _log.error("the record of call %s is lost up to seq %d: %s", record.call_id, record.seq, error)
