"""Counts calls (P2).

Rule: the counting is done by the database, in a thread.
"""

import attrs

from b2bua.api.dispatch import Asker, implements, in_thread
from b2bua.api.requests.reports import CallCount, CallsCounted, CountCalls
from b2bua.store.reports import calls_by
from b2bua.store.store import Store


class ReportOperations:
    """Operations that count calls."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @implements
    async def count(self, request: CountCalls, _: Asker) -> CallsCounted:
        """Count by hour, day, area, cause or target."""
        engine, period = self._store.engine, (request.from_ms, request.to_ms)
        counts = await in_thread(lambda: calls_by(engine, request.by.value, request.number, *period))
        return CallsCounted(tuple(CallCount(**attrs.asdict(count)) for count in counts))
