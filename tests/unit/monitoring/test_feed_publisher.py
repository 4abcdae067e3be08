"""What the consoles are shown of the switch as a whole, over a restart of the daemon too."""

from pathlib import Path

import pytest

from b2bua.base.clock import now_ms
from b2bua.console.rows import CALLS, COUNTERS, ONLY
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.store.store import Store
from routing.cause import BUSY
from tests.support.samples import ARRIVED_MS, ended_record, ending, open_record


@pytest.mark.req("S3")
def test_a_new_daemon_knows_how_the_last_minutes_went(tmp_path: Path) -> None:
    """Shares and bars go on where the one before left them; what is older than a quarter of an hour does not count."""
    now = now_ms()
    store = Store.open(tmp_path / "switch400.db", tmp_path)
    lately = {"accepted_ms": now - 60_000, "ended_ms": now - 30_000}
    store.records.put(
        [
            ended_record("a", **lately),
            ended_record("b", **lately),
            ended_record("c", **lately, answered_ms=None, ending=ending(BUSY)),
            ended_record("old", accepted_ms=now - 1_200_000, ended_ms=now - 1_000_000, answered_ms=None),
            open_record("up", accepted_ms=now - 5_000),
        ]
    )
    live = FeedPublisher()
    live.load(store.records)
    store.close()
    live.tick(1, None, {})
    row = live.feed.snapshot([COUNTERS]).state[COUNTERS][ONLY]
    assert (row["answered_pct"], row["busy_pct"], row["no_answer_pct"]) == (66.7, 33.3, 0.0)
    assert sum(row["trend"]) == 4


@pytest.mark.req("S3")
def test_a_call_that_ended_is_shown_for_ten_seconds_more() -> None:
    """Its row stays while people look at how it ended; its result counts for a quarter of an hour; bars move on."""
    now = [ARRIVED_MS]
    publisher = FeedPublisher(lambda: now[0])
    publisher.call(open_record("a", seq=0, accepted_ms=ARRIVED_MS))
    publisher.call(ended_record("a", accepted_ms=ARRIVED_MS))
    publisher.call(ended_record("b", answered_ms=None, ending=None))

    def shown() -> tuple[set[str], float | None, int]:
        publisher.tick(0, None, {})
        state = publisher.feed.snapshot((CALLS, COUNTERS)).state
        counters = state[COUNTERS][ONLY]
        return set(state[CALLS]), counters["answered_pct"], sum(counters["trend"])

    assert shown() == ({"a", "b"}, 50.0, 1)
    now[0] += 10_001
    assert shown() == (set(), 50.0, 1)
    now[0] += 15 * 60_000
    assert shown() == (set(), None, 0)
