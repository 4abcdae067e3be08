"""Keeps records complete over crashes: adopts calls after the start, empties the spool folder, stores signs of life.

Rule: queues move only after each process of an earlier daemon has had time to reconnect, and an open record is closed
only if no process has claimed its call for `CLAIM_S`. What fails because of the disk or the database is tried again.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

import attrs
import trio

from b2bua.base.clock import now_ms
from b2bua.base.retry import Report, periodic, until_possible
from b2bua.base.threads import in_thread
from b2bua.calls.active_calls import ActiveCalls
from b2bua.calls.call_queries import CallQueries
from b2bua.records.call_record import CallRecord
from b2bua.store import recovery
from b2bua.store.database import NOT_NOW
from b2bua.store.records import Records
from b2bua.store.writer import RecordWriter
from routing.ids import CallId

RELINK_S: Final = 2.5
"""After this time each process of an earlier daemon has reconnected: it tries every second (`ipc_client.AGAIN_S`)."""
CLAIM_S: Final = 5.0
"""How long after the start processes of an earlier daemon may claim their calls."""
SPOOL_EVERY_S: Final = 5.0
"""How often the spool folder is read."""
SIGN_OF_LIFE_EVERY_S: Final = 10.0
"""How often the records of calls that are up get a sign of life: so much talk time a crash of all may cost."""

_log = logging.getLogger(__name__)


@attrs.frozen
class Recovery:
    """`lost` gets the id of each call whose record was closed because no process claimed it; `report` gets the reason
    while the disk or the database fails (`b2bua.base.retry.Report`).
    """

    records: Records
    writer: RecordWriter
    active_calls: ActiveCalls
    queries: CallQueries
    spool: Path
    lost: Callable[[str], None]
    report: Report
    now_ms: Callable[[], int] = now_ms

    async def take_in(self) -> None:
        """Store the records in the spool folder. Raises one of `NOT_NOW`."""
        taken = await in_thread(recovery.take_in, self.spool, self.records)
        for record in taken.stored:
            _log.warning("the record of call %s was found in the spool folder", record.call_id)
            self.active_calls.take(record)

    async def keep_spool_empty(self) -> None:
        """Every `SPOOL_EVERY_S` store what processes that could not reach the daemon have spooled, until cancelled."""
        await trio.sleep(SPOOL_EVERY_S)
        await periodic(SPOOL_EVERY_S, self.take_in, NOT_NOW, self.report)

    async def adopt(self) -> None:
        """Let queues move once all calls have been claimed, then close the records of those that were not."""
        await trio.sleep(RELINK_S)
        self.queries.settle()
        await trio.sleep(CLAIM_S - RELINK_S)
        for record in await until_possible(self._close_unclaimed, NOT_NOW, self.report):
            self.lost(record.call_id)

    async def _close_unclaimed(self) -> tuple[CallRecord, ...]:
        claimed = {CallId(record.call_id) for record in self.active_calls}
        return await in_thread(recovery.adopt, self.records, claimed)

    async def refresh(self) -> None:
        """Every `SIGN_OF_LIFE_EVERY_S` store which calls are up, until cancelled."""
        while True:
            self.writer.submit_alive([CallId(record.call_id) for record in self.active_calls], self.now_ms())
            await trio.sleep(SIGN_OF_LIFE_EVERY_S)
