"""What each number has used in the current billing month (F3, O6): its incoming calls.

Rule: a month is the calendar month in Asia/Shanghai. The count is loaded from the records at the start and kept in
memory from then on, so that a call never waits for it. Cost is 0 until tariffs exist.
"""

from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Final

from b2bua.store.records import Records
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
        self._month = f"{now:%Y-%m}"
        self._calls = Counter(records.calls_since(int(first.timestamp() * 1000)))

    def count(self, number: Number400, at_ms: int) -> Usage:
        """Count one more call; returns what the number had used before it."""
        month = f"{datetime.fromtimestamp(at_ms / 1000, _SHANGHAI):%Y-%m}"
        if month != self._month:
            self._month = month
            self._calls.clear()
        before = Usage(calls=self._calls[number])
        self._calls[number] += 1
        return before
