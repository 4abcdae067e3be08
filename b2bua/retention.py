"""How long recordings are kept (M5): 通话录音保存一个月时间 … 第二个月系统会自动删除.

Rule: a recording is kept for one calendar month from its call, and deleted in the next: one of 5 January, 14:00, on
5 February, 14:00; one of 31 January on the last day of February. That is the one reading in which every recording is
kept for a month and none is there after the second. Days are Shanghai's. A deletion is in the audit trail before the
file goes.
"""

import calendar
import logging
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final

import trio
from sqlalchemy.exc import DBAPIError

from b2bua.recordings import Recording, Recordings
from b2bua.shelves import shelves_in
from b2bua.store.audit import AuditEntry
from b2bua.store.store import Store

log = logging.getLogger(__name__)

EVERY_S: Final = 3600.0
SHANGHAI: Final = timezone(timedelta(hours=8), "CST")
_QUIET_MS: Final = 60_000
"""Sides of a call that has ended are joined when nothing was written to them for so long."""
_STRANGE_QUIET_MS: Final = 3_600_000
"""The same where there is no record of the call."""


def due(arrived: datetime) -> datetime:
    """When the recording of a call is to be deleted: the same day and time of the next month, or its last day."""
    there = arrived.astimezone(SHANGHAI)
    year, month = (there.year, there.month + 1) if there.month < 12 else (there.year + 1, 1)
    day = min(there.day, calendar.monthrange(year, month)[1])
    return there.replace(year=year, month=month, day=day)


def due_ms(arrived_ms: int) -> int:
    """The same in UTC epoch milliseconds."""
    return round(due(datetime.fromtimestamp(arrived_ms / 1000, SHANGHAI)).timestamp() * 1000)


def delete_due(recordings: Recordings, store: Store, now_ms: int, who: str) -> list[Recording]:
    """Delete what is due; what was deleted. Raises OSError or SQLAlchemy's errors, and goes on the next time."""
    deleted = []
    for recording in recordings.every():
        if due_ms(recording.arrived_ms) <= now_ms:
            record = store.records.get(recording.call_id)
            subject = record.number if record else "unknown"
            store.note(AuditEntry(now_ms, who, "recording-delete", subject, f"{recording.call_id}: a month is over"))
            recordings.delete(recording)
            deleted.append(recording)
    return deleted


def join_orphans(recordings: Recordings, store: Store, now_ms: int) -> None:
    """Make whole what processes that died have left, once their calls are over."""
    for recording in recordings.every():
        if recording.is_whole:
            continue
        record = store.records.get(recording.call_id)
        quiet_ms = _STRANGE_QUIET_MS if record is None else _QUIET_MS
        over = record is None or record.ended_ms is not None
        if over and now_ms - recording.quiet_since_ms >= quiet_ms:
            try:
                recordings.join(recording)
            except OSError as error:
                log.warning("the recording of call %s cannot be joined: %s", recording.call_id, error)


async def keep(state: Path, store: Store) -> None:
    """Join and delete at the start and once an hour, for ever; what fails is logged and tried again."""
    folder = shelves_in(state).recordings
    assert folder is not None
    while True:
        try:
            await trio.to_thread.run_sync(_sweep, Recordings(folder), store)
        except (OSError, DBAPIError) as error:
            log.error("recordings could not be looked through: %s", error)  # noqa: TRY400 - no traceback for a full disk
        await trio.sleep(EVERY_S)


def _sweep(recordings: Recordings, store: Store) -> None:
    now_ms = round(time.time() * 1000)
    join_orphans(recordings, store, now_ms)
    for recording in delete_due(recordings, store, now_ms, "retention"):
        log.info("the recording of call %s was deleted: its month is over", recording.call_id)
