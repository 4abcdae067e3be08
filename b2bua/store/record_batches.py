"""Writes batches of records, each in one transaction.

Rule: a record that no row can hold goes to the folder of broken files and holds up no other; a database that cannot be
written now raises one of `NOT_NOW`, and the caller still has the whole batch.
"""

import logging
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

import attrs
from sqlalchemy.exc import DataError, IntegrityError

from b2bua.ipc import spool
from b2bua.records.call_record import CallRecord
from b2bua.store.database import NOT_NOW, first_line
from b2bua.store.records import Records
from routing.ids import CallId

_NOT_THIS = (DataError, IntegrityError, ValueError, TypeError, OverflowError)
"""What is raised for a record that no row can hold, now or later."""

_log = logging.getLogger(__name__)


@attrs.frozen
class SignsOfLife:
    """Calls that were up at `at_ms` (UTC epoch milliseconds)."""

    call_ids: Collection[CallId]
    at_ms: int


class RecordBatches:
    """Writes batches, for one thread. `spool_folder` gets what cannot be written at the end."""

    def __init__(self, records: Records, spool_folder: Path) -> None:
        self._records = records
        self._connection = records.reused_connection()
        self._spool_folder = spool_folder

    def put(self, batch: Collection[CallRecord], alive: SignsOfLife | None) -> set[str]:
        """Write a batch; returns the calls whose record was refused. Raises one of `NOT_NOW`."""
        refused: set[str] = set()
        try:
            self._records.put(list(batch), self._connection)
        except _NOT_THIS:
            refused = {record.call_id for record in batch if not self._put_alone(record)}
        if alive is not None:
            self._records.refresh(alive.call_ids, alive.at_ms)
        return refused

    def put_last(self, batch: Mapping[str, CallRecord], alive: SignsOfLife | None) -> None:
        """Write the last batch, or put it in the spool folder if the database cannot be written."""
        try:
            self.put(batch.values(), alive)
        except NOT_NOW as error:
            _log.error("%d records go to the spool folder: %s", len(batch), first_line(error))
            for record in batch.values():
                self._spool(record)
        finally:
            self._connection.close()

    def _put_alone(self, record: CallRecord) -> bool:
        try:
            self._records.put([record], self._connection)
        except _NOT_THIS as error:
            _log.error("the record of call %s cannot be stored: %s", record.call_id, first_line(error))
            # What cannot be packed cannot be spooled. OSError is a fault of the disk: the batch is tried again.
            with suppress(ValueError, TypeError, OverflowError):
                spool.write(self._spool_folder / spool.BROKEN, record)
            return False
        return True

    def _spool(self, record: CallRecord) -> None:
        try:
            spool.write(self._spool_folder, record)
        except OSError as error:
            _log.error("the record of call %s is lost up to seq %d: %s", record.call_id, record.seq, error)
