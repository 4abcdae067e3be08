"""The one thread that writes records while the daemon runs: commits in groups, never in the way of a call.

Rule: whoever offers a record never waits, and `stored` is said only after the commit that holds it. Of each
call only the newest version is kept until then, so what waits is bounded by the calls there are. While the
database cannot be written the writer says so (`health`), keeps all it has and tries again; the daemon takes
no new calls meanwhile, so nothing is lost and memory does not grow.

A record gathers company for `GATHER_S`, unless a caller waits for it to be answered (`hurry`): then it is written at
once and takes the others along. Under load, groups grow by themselves. The thread does its waiting by itself: to wake
trio's loop for what only it must know would cost more than a small commit.
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
from b2bua.store.database import first_line
from b2bua.store.record_batches import NOT_NOW, Alive, RecordBatches
from b2bua.store.records import Records
from routing.ids import CallId

FIRST_RETRY_S: Final = 0.1
LONGEST_RETRY_S: Final = 5.0
GATHER_S: Final = 0.05
"""How long a record may wait for company: a commit costs a millisecond of CPU, a row a tenth."""
SLOW_COMMIT_S: Final = 4.0
"""A commit under way for longer than this means a disk that hangs: no new calls until it is over."""

_log = logging.getLogger(__name__)


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
        self._groups = RecordBatches(records, aside)
        self._stored = stored
        self._lock = Lock()  # for what both threads change: the next four
        self._pending: dict[str, CallRecord] = {}
        self._alive: Alive | None = None
        self._in_hand = 0
        self._sleeps = True
        self._bell: SimpleQueue[bool] = SimpleQueue()  # True: look at once, False: there is something to gather
        self._leaving = False
        self._written = trio.Event()
        self._trouble = ""
        self._commit_began: float | None = None

    def offer(self, record: CallRecord) -> None:
        """Take a record to be stored; never blocks. An older version of it that still waits is replaced."""
        with self._lock:
            known = self._pending.get(record.call_id)
            if known is None or record.seq >= known.seq:
                self._pending[record.call_id] = record
            self._wake()

    def hurry(self) -> None:
        """Write what has been offered without waiting for more: somebody waits for it."""
        self._bell.put(True)

    def offer_alive(self, call_ids: Collection[CallId], now_ms: int) -> None:
        """Take note that these calls live; goes to disk with the next group."""
        with self._lock:
            self._alive = (call_ids, now_ms)
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
        """Records offered and not yet on disk."""
        with self._lock:
            return len(self._pending) + self._in_hand

    async def drain(self) -> None:
        """Wait until everything offered so far, and whatever comes meanwhile, is on disk."""
        while self.backlog:
            await self._written.wait()

    async def run(self) -> None:
        """Write until cancelled; then one last group, or the spool folder if the database takes no more."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._keep_thread)
            try:
                await trio.sleep_forever()
            finally:
                self._leaving = True
                self._bell.put(True)

    async def _keep_thread(self) -> None:
        """The thread ends when it is told to leave; cancelled before it has begun, it still writes its last group."""
        token = trio.lowlevel.current_trio_token()
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(self._write_until_left, token)

    def _wake(self) -> None:
        """Ring for the thread if it sleeps. One that works or gathers looks by itself, within `GATHER_S`."""
        if self._sleeps:
            self._sleeps = False
            self._bell.put(False)

    def _write_until_left(self, token: trio.lowlevel.TrioToken) -> None:
        """The thread: group after group, and a last one when it is to leave."""
        wait_s: float | None = None  # until there is something to gather
        retry_s = FIRST_RETRY_S
        while not self._leaving:
            if not self._listen(wait_s) and wait_s is None:
                wait_s = GATHER_S
                continue
            group, alive = self._take_group()
            if not group and alive is None:
                wait_s = None
            elif self._write(group, alive, token):
                wait_s, retry_s = GATHER_S, FIRST_RETRY_S
            else:
                self._pause(retry_s)
                wait_s, retry_s = 0.0, min(2 * retry_s, LONGEST_RETRY_S)
        self._groups.put_last(*self._take_group())

    def _write(self, group: dict[str, CallRecord], alive: Alive | None, token: trio.lowlevel.TrioToken) -> bool:
        """Put a group on disk, or back; whether it is there. What follows from it happens in trio's thread."""
        self._commit_began = time.monotonic()
        try:
            refused = self._groups.put(group.values(), alive)
        except NOT_NOW as error:
            self._put_back(group, alive)
            token.run_sync_soon(self._failed, first_line(error))
            return False
        finally:
            self._commit_began = None
        token.run_sync_soon(self._succeeded, group, refused)
        return True

    def _listen(self, most_s: float | None) -> bool:
        """Wait for the bell, at most so long (None: for ever); whether one of the strokes so far was a hurry."""
        strokes: list[bool] = []
        with suppress(Empty):
            strokes.append(self._bell.get(timeout=most_s))
            while True:
                strokes.append(self._bell.get_nowait())
        return any(strokes)

    def _pause(self, seconds: float) -> None:
        """Let time pass, whoever is in a hurry; not if it is time to leave."""
        until = time.monotonic() + seconds
        while not self._leaving and (left_s := until - time.monotonic()) > 0:
            self._listen(left_s)

    def _take_group(self) -> tuple[dict[str, CallRecord], Alive | None]:
        """What there is to be written. If there is nothing, the next offer rings."""
        with self._lock:
            group, self._pending = self._pending, {}
            alive, self._alive = self._alive, None
            self._in_hand += len(group)
            self._sleeps = not group and alive is None
        return group, alive

    def _put_back(self, group: dict[str, CallRecord], alive: Alive | None) -> None:
        with self._lock:
            self._pending = group | self._pending
            self._alive = self._alive or alive
            self._in_hand -= len(group)

    def _failed(self, reason: str) -> None:
        """Say what is wrong, once (in trio's thread)."""
        if reason != self._trouble:
            _log.error("records cannot be written: %s; no new calls are taken until they can", reason)
        self._trouble = reason

    def _succeeded(self, group: dict[str, CallRecord], refused: set[str]) -> None:
        """A group is on disk (in trio's thread)."""
        with self._lock:
            self._in_hand -= len(group)
        if self._trouble:
            _log.warning("records can be written again")
        self._trouble = ""
        for call_id, record in group.items():
            if call_id not in refused:
                self._stored(CallId(call_id), record.seq)
        self._written.set()
        self._written = trio.Event()
