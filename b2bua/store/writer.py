"""The one task that writes records while the daemon runs: commits in groups, never in the way of a call.

Rule: whoever offers a record never waits, and `stored` is said only after the commit that holds it. Of each
call only the newest version is kept until then, so what waits is bounded by the calls there are. While the
database cannot be written the writer says so (`health`), keeps all it has and tries again; the daemon takes
no new calls meanwhile, so nothing is lost and memory does not grow.

A record gathers company for `GATHER_S`, unless a caller waits for it to be answered (`hurry`): then it is written at
once and takes the others along. Under load, groups grow by themselves.
"""

import logging
import sqlite3
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

import attrs
import trio
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from b2bua import spool
from b2bua.record import CallRecord
from b2bua.store.database import first_line
from b2bua.store.records import Records
from routing.ids import CallId

FIRST_RETRY_S: Final = 0.1
LONGEST_RETRY_S: Final = 5.0
GATHER_S: Final = 0.05
"""How long a record may wait for company: a commit costs a millisecond of CPU, a row a tenth."""
SLOW_COMMIT_S: Final = 4.0
"""A commit under way for longer than this means a disk that hangs: no new calls until it is over."""

_log = logging.getLogger(__name__)

# The record is at fault, and would be at any other time …
_NOT_THIS = (DataError, IntegrityError, ValueError, TypeError, OverflowError)
# … or the database is. DBAPIError covers the first two above as well: they must be looked for first.
_NOT_NOW = (DBAPIError, sqlite3.Error, PoolTimeout, OSError)

_Alive = tuple[Collection[CallId], int]


@attrs.frozen
class Health:
    """Whether records reach the disk; if not, why, in one line."""

    healthy: bool
    reason: str = ""


class RecordWriter:
    """Takes records from the daemon's tasks and puts them on disk.

    `stored(call_id, seq)` is called in trio's thread after each commit. `aside` is the spool folder: a record
    that the database refuses for itself goes to its folder of broken files, and what cannot be written at the
    very end goes into it, to be taken in at the next start.
    """

    def __init__(self, records: Records, stored: Callable[[CallId, int], None], aside: Path) -> None:
        self._records = records
        self._held = records.hold()
        self._stored = stored
        self._aside = aside
        self._pending: dict[str, CallRecord] = {}
        self._alive: _Alive | None = None
        self._wanted = trio.Event()
        self._urgent = trio.Event()
        self._written = trio.Event()
        self._in_hand = 0
        self._thread = trio.CapacityLimiter(1)
        self._trouble = ""
        self._retry_s = FIRST_RETRY_S
        self._commit_began: float | None = None

    def offer(self, record: CallRecord) -> None:
        """Take a record to be stored; never blocks. An older version of it that still waits is replaced."""
        known = self._pending.get(record.call_id)
        if known is None or record.seq >= known.seq:
            self._pending[record.call_id] = record
        self._wanted.set()

    def hurry(self) -> None:
        """Write what has been offered without waiting for more: somebody waits for it."""
        self._urgent.set()

    def offer_alive(self, call_ids: Collection[CallId], now_ms: int) -> None:
        """Take note that these calls live; goes to disk with the next group."""
        self._alive = (call_ids, now_ms)
        self._wanted.set()

    @property
    def health(self) -> Health:
        """Whether the daemon may take new calls, as far as records go."""
        if self._trouble:
            return Health(healthy=False, reason=self._trouble)
        began = self._commit_began
        if began is not None and (so_far_s := trio.current_time() - began) > SLOW_COMMIT_S:
            return Health(healthy=False, reason=f"a write to the database has been under way for {so_far_s:.0f} s")
        return Health(healthy=True)

    @property
    def backlog(self) -> int:
        """Records offered and not yet on disk."""
        return len(self._pending) + self._in_hand

    async def drain(self) -> None:
        """Wait until everything offered so far, and whatever comes meanwhile, is on disk."""
        while self.backlog:
            await self._written.wait()

    async def run(self) -> None:
        """Write until cancelled; then one last group, or the spool folder if the database takes no more."""
        try:
            while True:
                await self._wanted.wait()
                with trio.move_on_after(GATHER_S):
                    await self._urgent.wait()
                await self._write_group()
        finally:
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(self._last_group, limiter=self._thread)

    async def _write_group(self) -> None:
        group, self._pending = self._pending, {}
        alive, self._alive = self._alive, None
        self._wanted, self._urgent = trio.Event(), trio.Event()
        self._in_hand = len(group)
        self._commit_began = trio.current_time()
        try:
            refused = await trio.to_thread.run_sync(self._commit, group.values(), alive, limiter=self._thread)
        except _NOT_NOW as error:
            self._pending = group | self._pending
            if self._alive is None:
                self._alive = alive
            await self._wait_out(error)
            return
        finally:
            self._in_hand = 0
            self._commit_began = None
        self._recovered()
        for call_id, record in group.items():
            if call_id not in refused:
                self._stored(CallId(call_id), record.seq)
        self._written.set()
        self._written = trio.Event()

    async def _wait_out(self, error: Exception) -> None:
        """Say what is wrong, once, and let some time pass before the next try."""
        reason = first_line(error)
        if reason != self._trouble:
            _log.error("records cannot be written: %s; no new calls are taken until they can", reason)
        self._trouble = reason
        self._wanted.set()
        await trio.sleep(self._retry_s)
        self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)

    def _recovered(self) -> None:
        if self._trouble:
            _log.warning("records can be written again")
        self._trouble = ""
        self._retry_s = FIRST_RETRY_S

    def _commit(self, group: Collection[CallRecord], alive: _Alive | None) -> set[str]:
        """Put a group on disk, in the writing thread; returns the calls whose record itself is refused."""
        refused: set[str] = set()
        try:
            self._records.put(list(group), self._held)
        except _NOT_THIS:
            refused = {record.call_id for record in group if not self._put_alone(record)}
        if alive is not None:
            self._records.refresh(*alive)
        return refused

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

    def _last_group(self) -> None:
        group, self._pending = self._pending, {}
        try:
            self._commit(group.values(), self._alive)
        except _NOT_NOW as error:
            _log.error("%d records go to the spool folder: %s", len(group), first_line(error))
            for record in group.values():
                self._spool(record)
        finally:
            self._held.close()

    def _spool(self, record: CallRecord) -> None:
        try:
            spool.leave(self._aside, record)
        except OSError as error:
            _log.error("the record of call %s is lost up to seq %d: %s", record.call_id, record.seq, error)
