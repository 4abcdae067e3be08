"""How long recordings are kept (M5): 通话录音保存一个月时间 … 第二个月系统会自动删除.

Rule: a recording is kept for one calendar month from its call, and deleted in the next: one of 5 January, 14:00, on
5 February, 14:00; one of 31 January on the last day of February. That is the one reading in which every recording is
kept for a month and none is there after the second. Days are Shanghai's. A plan's `retention_days` takes the month's
place in calls that it decided. A deletion is in the audit trail before the file goes.
"""

import calendar
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final

import trio
from sqlalchemy.exc import DBAPIError

from b2bua.base.errors import NotFound
from b2bua.media.messages import Messages
from b2bua.media.paths import media_paths
from b2bua.media.recordings import Recording, Recordings
from b2bua.records.call_record import CallRecord
from b2bua.store.audit import AuditEntry
from b2bua.store.plans import Plans
from b2bua.store.store import Store
from routing.ids import PlanHash

log = logging.getLogger(__name__)

EVERY_S: Final = 600.0
SHANGHAI: Final = timezone(timedelta(hours=8), "CST")
_QUIET_MS: Final = 60_000
"""A message of a call that has ended is nobody's any more when nothing was written to it for so long."""
_STRANGE_QUIET_MS: Final = 3_600_000
"""The same where there is no record of the call."""


def due(arrived: datetime, days: int = 0) -> datetime:
    """When the recording of a call is to be deleted: after so many days, or (0) on the same day of the next month.

    A month that does not have the day has its last one for it.
    """
    there = arrived.astimezone(SHANGHAI)
    if days:
        return there + timedelta(days=days)
    year, month = (there.year, there.month + 1) if there.month < 12 else (there.year + 1, 1)
    day = min(there.day, calendar.monthrange(year, month)[1])
    return there.replace(year=year, month=month, day=day)


def due_ms(arrived_ms: int, days: int = 0) -> int:
    """The same in UTC epoch milliseconds."""
    return round(due(datetime.fromtimestamp(arrived_ms / 1000, SHANGHAI), days).timestamp() * 1000)


class Terms:
    """Until when each recording is kept, by the plan that decided its call."""

    def __init__(self, plans: Plans) -> None:
        self._plans = plans
        self._days: dict[str, int] = {}

    def until_ms(self, recording: Recording, record: CallRecord | None) -> int:
        """When it is to be deleted (UTC epoch milliseconds); by the month's rule if its plan is not known."""
        return due_ms(recording.arrived_ms, self._days_of(record.plan_hash) if record else 0)

    def _days_of(self, plan_hash: str) -> int:
        if plan_hash not in self._days:
            try:
                self._days[plan_hash] = self._plans.by_hash(PlanHash(plan_hash)).retention_days
            except NotFound:
                self._days[plan_hash] = 0
        return self._days[plan_hash]


def delete_due(recordings: Recordings, store: Store, now_ms: int, who: str) -> list[Recording]:
    """Delete what is due; what was deleted. Raises OSError or SQLAlchemy's errors, and goes on the next time."""
    deleted, terms = [], Terms(store.plans)
    for recording in recordings.every():
        record = store.records.get(recording.call_id)
        if terms.until_ms(recording, record) <= now_ms:
            subject = record.number if record else "unknown"
            store.note(AuditEntry(now_ms, who, "recording-delete", subject, f"{recording.call_id}: its time is over"))
            recording.path.unlink(missing_ok=True)
            deleted.append(recording)
    return deleted


def finish_orphans(messages: Messages, store: Store, now_ms: int) -> None:
    """Let messages be found whose process died while it took them, once their calls are over."""
    for message in messages.unfinished():
        record = store.records.get(message.call_id)
        quiet_ms = _STRANGE_QUIET_MS if record is None else _QUIET_MS
        over = record is None or record.ended_ms is not None
        written_ms = round(message.path.stat().st_mtime * 1000)
        if over and now_ms - written_ms >= quiet_ms:
            messages.finish(message)


async def keep(state: Path, store: Store, told: Callable[[str, str], None]) -> None:
    """Finish and delete at the start and every ten minutes, for ever; what fails is told, and tried again.

    `told(call_id, sentence)` gets each deletion, and (without a call) each failure.
    """
    while True:
        try:
            for recording in await trio.to_thread.run_sync(_sweep, state, store):
                told(recording.call_id, "the recording was deleted: its time is over")
        except (OSError, DBAPIError) as error:
            told("", f"recordings could not be looked through: {error}")
        await trio.sleep(EVERY_S)


def _sweep(state: Path, store: Store) -> list[Recording]:
    now_ms, shelves = round(time.time() * 1000), media_paths(state)
    assert shelves.recordings is not None
    assert shelves.messages is not None
    finish_orphans(Messages(shelves.messages), store, now_ms)
    return delete_due(Recordings(shelves.recordings), store, now_ms, "retention")
