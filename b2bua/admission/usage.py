"""What each number has used in the current billing month (F3, O6): its accepted calls.

Rule: a month is the calendar month in Asia/Shanghai. A call counts from its arrival; one that its plan then refuses
(`routing.cause.REFUSED`) counts no more once it is over, so that refused callers cannot use up the month's cap. The
count is loaded from the records at the start and kept in memory from then on, so that a call never waits for it. Cost
is 0 until tariffs exist.
"""

from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Final

from b2bua.records.call_record import CallRecord
from b2bua.store.records import Records
from routing.cause import REFUSED
from routing.facts import Usage
from routing.ids import Number400

_SHANGHAI: Final = timezone(timedelta(hours=8))


class MonthUsage:
    """Counts calls by number for the month that `at_ms` (UTC epoch milliseconds) falls in."""

    def __init__(self) -> None:
        self._month = ""
        self._calls: Counter[Number400] = Counter()

    def load(self, records: Records, at_ms: int) -> None:
        """Count this month's calls in the records. Blocks on the disk."""
        now = datetime.fromtimestamp(at_ms / 1000, _SHANGHAI)
        first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        self._month = _month_of(at_ms)
        self._calls = Counter(records.calls_since(int(first.timestamp() * 1000)))

    def count(self, number: Number400, at_ms: int) -> Usage:
        """Count one more call; returns what the number had used before it."""
        month = _month_of(at_ms)
        if month != self._month:
            self._month = month
            self._calls.clear()
        before = Usage(calls=self._calls[number])
        self._calls[number] += 1
        return before

    def ended(self, record: CallRecord) -> None:
        """A call that was counted is over, told once: it counts no more if its plan refused it."""
        refused = record.ending is not None and record.ending.slug in REFUSED
        if refused and _month_of(record.accepted_ms) == self._month:
            self._calls[Number400(record.number)] -= 1


def _month_of(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, _SHANGHAI):%Y-%m}"
