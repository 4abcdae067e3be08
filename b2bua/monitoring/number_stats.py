"""The rows of the 400 numbers in the feed: the plan in effect, the calls up, and today's counts (Asia/Shanghai).

Rule: calls are counted as their records come, in O(1) a record; at the start today's counts are loaded from the store.
"""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Final

from b2bua.admission.served_numbers import Served
from b2bua.console.feed import Feed
from b2bua.console.rows import NUMBERS, NumberRow
from b2bua.records.call_record import CallRecord, CallState
from b2bua.store.records import Records
from routing.ids import Number400
from routing.number import print_400

_DAY_MS: Final = 86_400_000
_SHANGHAI_MS: Final = 8 * 3_600_000


def day_of(at_ms: int) -> int:
    """Which day it is in Asia/Shanghai at this time (UTC epoch milliseconds), counted in days."""
    return (at_ms + _SHANGHAI_MS) // _DAY_MS


class NumberStats:
    """Keeps the feed's rows of the numbers in `served`."""

    def __init__(self, feed: Feed, served: Mapping[Number400, Served]) -> None:
        self._feed = feed
        self._served = served
        self._warnings: dict[Number400, int] = {}
        self._up: dict[str, bool] = {}  # calls that are up: whether they were answered
        self._live: Counter[str] = Counter()
        self._pending: Counter[str] = Counter()
        self._today = 0
        self._calls: Counter[str] = Counter()
        self._answered: Counter[str] = Counter()

    def load(self, records: Records, at_ms: int) -> None:
        """Load today's counts from the records. Blocks on the disk."""
        self._today = day_of(at_ms)
        tallies = records.tally_since(self._today * _DAY_MS - _SHANGHAI_MS)
        self._calls = Counter({number: calls for number, (calls, _) in tallies.items()})
        self._answered = Counter({number: answered for number, (_, answered) in tallies.items()})

    def show(self, number: Number400) -> None:
        """Make the row of this number anew."""
        if number in self._served:
            self._feed.change_later(NUMBERS, number, partial(self._row, number))

    def warn(self, number: Number400, warnings: int) -> None:
        """Set the number of findings that the check has for the plan in effect."""
        if self._warnings.get(number, 0) != warnings:
            self._warnings[number] = warnings
            self.show(number)

    def call(self, record: CallRecord) -> None:
        """Count a call by its newest record."""
        number, answered = record.number, record.answered_ms is not None
        before = self._up.get(record.call_id)
        if before is None:
            self._live[number] += 1
            self._calls[number] += record.seq == 0
        self._answered[number] += answered and before is False
        self._pending[number] += (not answered and record.state is not CallState.ENDED) - (before is False)
        self._up[record.call_id] = answered
        if record.state is CallState.ENDED:
            del self._up[record.call_id]
            self._live[number] -= 1
        elif before is answered:
            return
        self.show(Number400(number))

    def tick(self, at_ms: int) -> None:
        """Begin a new day at midnight."""
        if day_of(at_ms) != self._today:
            self._today = day_of(at_ms)
            self._calls.clear()
            self._answered.clear()
            for number in self._served:
                self.show(number)

    def _row(self, number: Number400) -> NumberRow:
        served = self._served[number]
        return NumberRow(
            number=print_400(number),
            state=served.state,
            subscriber=served.subscriber,
            plan_hash=served.plan_hash,
            published_ms=served.published_ms,
            author=served.author,
            note=served.note,
            live=self._live[number],
            calls_today=self._calls[number],
            answered_today=self._answered[number],
            warnings=self._warnings.get(number, 0),
            pending=self._pending[number],
        )
