"""Notifies a call process that its record is on disk.

Rule: a caller is not answered before the record that opens the call is on disk (P1). A process whose caller waits for
that sets `Update.waits` and is woken by the notice; otherwise only the notice of the first record is sent, and the
process reads it at its next turn.
"""

from b2bua.ipc.protocol import Stored
from b2bua.pool.pool import Pool
from routing.ids import CallId


class StoredNotices:
    """The calls whose processes wait for a notice."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: set[str] = set()

    def wait(self, call_id: str) -> None:
        """The process of this call waits until its record is on disk."""
        self._waiting.add(call_id)

    def stored(self, call_id: CallId, seq: int) -> None:
        """The record of a call is on disk up to `seq`."""
        if call_id in self._waiting:
            self._waiting.discard(call_id)
            self._pool.tell_call(call_id, Stored(call_id, seq))
        elif seq == 0 and (process := self._pool.holding(call_id)):
            self._pool.send(process, Stored(call_id, seq))

    def forget(self, call_id: str) -> None:
        """The call is over."""
        self._waiting.discard(call_id)
