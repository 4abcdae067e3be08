"""How long recordings are kept (M5, the platform's terms: 通话录音保存一个月时间 … 第二个月系统会自动删除).

Rule: a recording is kept for one calendar month from its call: one of 5 January, 14:00, is deleted on 5 February,
14:00; one of 31 January on the last day of February. So every recording is kept for a month, and none after the second
month, as the terms say. Days are Shanghai's. A plan's `retention_days` replaces the month for its calls. A deletion is
written in the audit trail before the file is deleted.
"""

import calendar
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from b2bua.base.clock import now_ms
from b2bua.base.errors import NotFound
from b2bua.base.retry import periodic
from b2bua.base.threads import in_thread
from b2bua.media.messages import Messages
from b2bua.media.paths import media_paths
from b2bua.media.recordings import Recording, Recordings
from b2bua.records.call_record import CallRecord
from b2bua.store.audit import AuditEntry
from b2bua.store.database import NOT_NOW
from b2bua.store.plans import Plans
from b2bua.store.store import Store
from routing.ids import PlanHash

PERIOD_S: Final = 600.0
SHANGHAI: Final = timezone(timedelta(hours=8), "CST")
_QUIET_MS: Final = 60_000
"""An unfinished message whose call has ended, and to which nothing was written for so long, is finished."""
_NO_RECORD_QUIET_MS: Final = 3_600_000
"""The same where there is no record of the call."""


def due(arrived: datetime, days: int = 0) -> datetime:
    """When the recording of a call is to be deleted: after so many days, or (0) on the same day of the next month.

    In a month that does not have that day, on its last day.
    """
    local = arrived.astimezone(SHANGHAI)
    if days:
        return local + timedelta(days=days)
    year, month = (local.year, local.month + 1) if local.month < 12 else (local.year + 1, 1)
    day = min(local.day, calendar.monthrange(year, month)[1])
    return local.replace(year=year, month=month, day=day)


def due_ms(arrived_ms: int, days: int = 0) -> int:
    """The same in UTC epoch milliseconds."""
    return round(due(datetime.fromtimestamp(arrived_ms / 1000, SHANGHAI), days).timestamp() * 1000)


class Terms:
    """Until when each recording is kept, by the plan that decided its call; each plan is read once."""

    def __init__(self, plans: Plans) -> None:
        self._plans = plans
        self._days: dict[str, int] = {}

    def until_ms(self, recording: Recording, record: CallRecord | None) -> int:
        """When it is to be deleted (UTC epoch milliseconds); after the calendar month if its plan is not known."""
        return due_ms(recording.arrived_ms, self._days_of(record.plan_hash) if record else 0)

    def _days_of(self, plan_hash: str) -> int:
        if plan_hash not in self._days:
            try:
                self._days[plan_hash] = self._plans.by_hash(PlanHash(plan_hash)).retention_days
            except NotFound:
                self._days[plan_hash] = 0
        return self._days[plan_hash]


def delete_due(recordings: Recordings, store: Store, now_ms: int, who: str) -> list[Recording]:
    """Delete the recordings that are due; returns them. Raises one of `NOT_NOW`; the rest is due the next time."""
    deleted, terms = [], Terms(store.plans)
    for recording in recordings.every():
        record = store.records.get(recording.call_id)
        if terms.until_ms(recording, record) <= now_ms:
            subject = record.number if record else "unknown"
            store.note(AuditEntry(now_ms, who, "recording.delete", subject, {"call_id": recording.call_id}))
            recording.path.unlink(missing_ok=True)
            deleted.append(recording)
    return deleted


def finish_abandoned(messages: Messages, store: Store, now_ms: int) -> None:
    """Finish the messages whose process died while it recorded them, once their calls are over. Raises `NOT_NOW`."""
    for message in messages.unfinished():
        record = store.records.get(message.call_id)
        quiet_ms = _NO_RECORD_QUIET_MS if record is None else _QUIET_MS
        over = record is None or record.ended_ms is not None
        written_ms = round(message.path.stat().st_mtime * 1000)
        if over and now_ms - written_ms >= quiet_ms:
            messages.finish(message)


async def run(state: Path, store: Store, report: Callable[[str, str], None], clock: Callable[[], int] = now_ms) -> None:
    """Finish messages and delete recordings, at the start and every `PERIOD_S`, until cancelled.

    `report(call_id, sentence)` gets each deletion, and with an empty call id each failure, after which it is tried
    again. `clock` gives UTC epoch milliseconds.
    """

    async def sweep() -> None:
        for recording in await in_thread(_sweep, state, store, clock()):
            report(recording.call_id, "the recording was deleted: its time is over")

    def trouble(reason: str) -> None:
        if reason:
            report("", f"recordings cannot be searched for those to be deleted: {reason}")

    await periodic(PERIOD_S, sweep, NOT_NOW, trouble)


def _sweep(state: Path, store: Store, at_ms: int) -> list[Recording]:
    paths = media_paths(state)
    assert paths.recordings is not None
    assert paths.messages is not None
    finish_abandoned(Messages(paths.messages), store, at_ms)
    return delete_due(Recordings(paths.recordings), store, at_ms, "retention")
