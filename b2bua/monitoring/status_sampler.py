"""Once a second: updates the counts that the consoles show, and the alarms that follow from them.

Rule: the state is read from the rooms that hold it; none is held here.
"""

from collections.abc import Callable, Mapping
from typing import Final

import attrs
import trio

from b2bua.admission.peer_status import PeerStatus
from b2bua.base.clock import now_ms
from b2bua.calls.active_calls import ActiveCalls
from b2bua.console.rows import PoolRow
from b2bua.monitoring.alarms import Alarms
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.monitoring.number_stats import NumberStats
from b2bua.store.writer import Health

SAMPLE_EVERY_S: Final = 1.0


@attrs.frozen
class StatusSampler:
    """`pool`, `health` and `guard` give the pool's row, the record store's health and the edge's counters as they are
    now; `now_ms` is wall time (UTC epoch milliseconds)."""

    active_calls: ActiveCalls
    peers: PeerStatus
    publisher: FeedPublisher
    numbers: NumberStats
    alarms: Alarms
    pool: Callable[[], PoolRow]
    health: Callable[[], Health]
    guard: Callable[[], Mapping[str, int]]
    now_ms: Callable[[], int] = now_ms

    async def run(self) -> None:
        """Sample until cancelled."""
        while True:
            self.sample()
            await trio.sleep(SAMPLE_EVERY_S)

    def sample(self) -> None:
        """Bring feed and alarms up to date."""
        oldest = min(self.active_calls, key=lambda record: record.accepted_ms, default=None)
        oldest_ms = oldest.accepted_ms if oldest else None
        self.publisher.tick(len(self.active_calls), oldest_ms, dict(self.guard()))
        self.publisher.pool(self.pool())
        self.numbers.tick(self.now_ms())
        self.publisher.peers(self.peers.rows())
        self.alarms.each_second(self.health(), oldest)
