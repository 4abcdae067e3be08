"""Writes the records while the daemon runs, in a thread of its own: in batches, and without delaying a call.

Rule: `submit` never waits; `stored` is called only after the commit that holds the record. Until then only the newest
version of each call's record is kept, so that what waits is bounded by the calls that are up. While the database cannot
be written `health` says why, the writer keeps all it has and tries again; the daemon takes no new calls meanwhile, so
nothing is lost and memory does not grow.

A record waits for others for `GATHER_S`, unless a caller waits for it (`flush_soon`): then it is written at once,
together with what has been submitted so far. Under load batches grow by themselves. The thread does the waiting: to
wake trio's loop for each batch would cost more than a small commit.
"""

import logging
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Final

import attrs
import trio

from b2bua.records.call_record import CallRecord
from b2bua.store.database import NOT_NOW, first_line
from b2bua.store.record_batches import RecordBatches, SignsOfLife
from b2bua.store.records import Records
from routing.ids import CallId

FIRST_RETRY_S: Final = 0.1
LONGEST_RETRY_S: Final = 5.0
GATHER_S: Final = 0.05
"""How long a record may wait for others: a commit costs 1 ms of CPU, a row in it 0.1 ms (measured)."""
SLOW_COMMIT_S: Final = 4.0
"""A longer commit means a disk that hangs or a lock of another program: no new calls until it ends."""

_log = logging.getLogger(__name__)


@attrs.frozen
class Health:
    """Whether records reach the disk; if not, the reason in one line."""

    healthy: bool
    reason: str = ""


class RecordWriter:
    """Takes records from the daemon's tasks and writes them.

    `stored(call_id, seq)` is called in trio's thread after each commit. `spool_folder` gets what cannot be written when
    the daemon ends, to be read at the next start; a record that no row can hold goes to its folder of broken files.
    """

    def __init__(self, records: Records, stored: Callable[[CallId, int], None], spool_folder: Path) -> None:
        self._batches = RecordBatches(records, spool_folder)
        self._stored = stored
        self._lock = Lock()  # for what both threads change: the next four fields
        self._pending: dict[str, CallRecord] = {}
        self._signs: SignsOfLife | None = None
        self._being_written = 0
        self._idle = True
        self._wakeups: SimpleQueue[bool] = SimpleQueue()  # True: write at once, False: there is something to gather
        self._stopping = False
        self._batch_done = trio.Event()
        self._trouble = ""
        self._commit_began: float | None = None

    def submit(self, record: CallRecord) -> None:
        """Take a record to be written; never blocks. An older version that still waits is replaced."""
        with self._lock:
            known = self._pending.get(record.call_id)
            if known is None or record.seq >= known.seq:
                self._pending[record.call_id] = record
            self._wake()

    def flush_soon(self) -> None:
        """Write what has been submitted without gathering more: a caller waits for it."""
        self._wakeups.put(True)

    def submit_alive(self, call_ids: Collection[CallId], now_ms: int) -> None:
        """Note that these calls are up at `now_ms` (UTC epoch milliseconds); written with the next batch."""
        with self._lock:
            self._signs = SignsOfLife(call_ids, now_ms)
            self._wake()

    @property
    def health(self) -> Health:
        """Whether the daemon may take new calls, as far as records go."""
        if self._trouble:
            return Health(healthy=False, reason=self._trouble)
        began = self._commit_began
        if began is not None and (so_far_s := time.monotonic() - began) > SLOW_COMMIT_S:
            return Health(healthy=False, reason=f"a write to the database has been under way for {so_far_s:.0f} s")
        return Health(healthy=True)

    @property
    def backlog(self) -> int:
        """How many records were submitted and are not on disk yet."""
        with self._lock:
            return len(self._pending) + self._being_written

    async def drain(self) -> None:
        """Wait until everything submitted, before or meanwhile, is on disk."""
        while self.backlog:
            await self._batch_done.wait()

    async def run(self) -> None:
        """Write until cancelled; then write the last batch, to the spool folder if the database cannot be written."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._run_thread)
            try:
                await trio.sleep_forever()
            finally:
                self._stopping = True
                self._wakeups.put(True)

    async def _run_thread(self) -> None:
        """Run the thread until it is told to stop; cancelled before it has begun, it still writes its last batch."""
        token = trio.lowlevel.current_trio_token()
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(self._write_until_stopped, token)

    def _wake(self) -> None:
        """Wake the thread if it is idle. One that writes or gathers looks by itself, within `GATHER_S`."""
        if self._idle:
            self._idle = False
            self._wakeups.put(False)

    def _write_until_stopped(self, token: trio.lowlevel.TrioToken) -> None:
        """The thread: batch after batch, and a last one when it is to stop."""
        wait_s: float | None = None  # until there is something to gather
        retry_s = FIRST_RETRY_S
        while not self._stopping:
            if not self._wait_for_wakeup(wait_s) and wait_s is None:
                wait_s = GATHER_S
                continue
            batch, signs = self._take_batch()
            if not batch and signs is None:
                wait_s = None
            elif self._write(batch, signs, token):
                wait_s, retry_s = GATHER_S, FIRST_RETRY_S
            else:
                self._pause(retry_s)
                wait_s, retry_s = 0.0, min(2 * retry_s, LONGEST_RETRY_S)
        self._batches.put_last(*self._take_batch())

    def _write(self, batch: dict[str, CallRecord], signs: SignsOfLife | None, token: trio.lowlevel.TrioToken) -> bool:
        """Write a batch, or take it back; whether it is on disk. The consequences are run in trio's thread."""
        self._commit_began = time.monotonic()
        try:
            refused = self._batches.put(batch.values(), signs)
        except NOT_NOW as error:
            self._put_back(batch, signs)
            token.run_sync_soon(self._failed, first_line(error))
            return False
        finally:
            self._commit_began = None
        token.run_sync_soon(self._succeeded, batch, refused)
        return True

    def _wait_for_wakeup(self, most_s: float | None) -> bool:
        """Wait for a wakeup, at most so long (None: for ever); whether one of those so far says to write at once."""
        wakeups: list[bool] = []
        with suppress(Empty):
            wakeups.append(self._wakeups.get(timeout=most_s))
            while True:
                wakeups.append(self._wakeups.get_nowait())
        return any(wakeups)

    def _pause(self, seconds: float) -> None:
        """Wait, whatever is to be flushed; ends early when the thread is to stop."""
        until = time.monotonic() + seconds
        while not self._stopping and (left_s := until - time.monotonic()) > 0:
            self._wait_for_wakeup(left_s)

    def _take_batch(self) -> tuple[dict[str, CallRecord], SignsOfLife | None]:
        """What there is to be written. If there is nothing, the next `submit` wakes the thread."""
        with self._lock:
            batch, self._pending = self._pending, {}
            signs, self._signs = self._signs, None
            self._being_written += len(batch)
            self._idle = not batch and signs is None
        return batch, signs

    def _put_back(self, batch: dict[str, CallRecord], signs: SignsOfLife | None) -> None:
        with self._lock:
            self._pending = batch | self._pending
            self._signs = self._signs or signs
            self._being_written -= len(batch)

    def _failed(self, reason: str) -> None:
        """Log what is wrong, once (in trio's thread)."""
        if reason != self._trouble:
            _log.error("records cannot be written: %s; no new calls are taken until they can", reason)
        self._trouble = reason

    def _succeeded(self, batch: dict[str, CallRecord], refused: set[str]) -> None:
        """A batch is on disk (in trio's thread)."""
        with self._lock:
            self._being_written -= len(batch)
        if self._trouble:
            _log.warning("records can be written again")
        self._trouble = ""
        for call_id, record in batch.items():
            if call_id not in refused:
                self._stored(CallId(call_id), record.seq)
        self._batch_done.set()
        self._batch_done = trio.Event()
