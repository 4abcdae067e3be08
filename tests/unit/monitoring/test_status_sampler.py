"""The status that is sampled each second: what consoles see of calls, pool, peers and guard."""

from pathlib import Path

import pytest
import trio
import trio.testing

from b2bua.admission.peer_status import PeerStatus
from b2bua.calls.active_calls import ActiveCalls
from b2bua.config.configuration import Config
from b2bua.config.trunks import Gateway
from b2bua.console.rows import ALARMS, COUNTERS, GATEWAYS, ONLY, POOL, PoolRow
from b2bua.media.paths import MediaPaths
from b2bua.monitoring.alarms import Alarms
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.monitoring.number_stats import NumberStats
from b2bua.monitoring.status_sampler import StatusSampler
from b2bua.store.writer import Health
from tests.support.samples import ARRIVED_MS, talking_record


@pytest.mark.req("S3", "T4")
async def test_each_second_the_feed_shows_how_the_switch_stands(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """Two calls are up, the pool is full, records do not reach the disk: rows and alarms say so, and then no more."""
    del autojump_clock
    health = Health(healthy=False, reason="the disk is full")
    pool, guard = PoolRow(3, 0, 0, 3), {"rate-limit": 5}
    publisher = FeedPublisher(lambda: ARRIVED_MS)
    active_calls = ActiveCalls(lambda _: None, lambda _: None)
    active_calls.take(talking_record("late", accepted_ms=ARRIVED_MS))
    active_calls.take(talking_record("early", accepted_ms=ARRIVED_MS - 5_000))
    sampler = StatusSampler(
        active_calls,
        PeerStatus(Config(gateway={"gw": Gateway("gw", "192.0.2.20")}), active_calls),
        publisher,
        NumberStats(publisher.feed, {}),
        Alarms(publisher, lambda: pool, tmp_path, MediaPaths(), {}, lambda *_: None, now_ms=lambda: ARRIVED_MS),
        pool=lambda: pool,
        health=lambda: health,
        guard=lambda: guard,
        now_ms=lambda: ARRIVED_MS,
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sampler.run)
        await trio.testing.wait_all_tasks_blocked()
        state = publisher.feed.snapshot((COUNTERS, POOL, GATEWAYS, ALARMS)).state
        counters = state[COUNTERS][ONLY]
        assert (counters["live"], counters["oldest_open_ms"]) == (2, ARRIVED_MS - 5_000)
        assert counters["guard"] == {"rate-limit": 5}
        assert state[POOL][ONLY]["used"] == 3
        assert list(state[GATEWAYS]) == ["gw"]
        assert set(state[ALARMS]) == {"store/records", "pool-full/processes"}
        health, pool, guard = Health(healthy=True), PoolRow(0, 3, 0, 3), {"rate-limit": 6}
        await trio.sleep(1.5)
        state = publisher.feed.snapshot((COUNTERS, ALARMS)).state
        assert state[COUNTERS][ONLY]["guard"] == {"rate-limit": 6}
        assert state[ALARMS] == {}
        nursery.cancel_scope.cancel()
