"""The row of a number: for any calls, what it says is what a count of the records would say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.admission.served_numbers import Served
from b2bua.console.feed import Feed
from b2bua.console.rows import NUMBERS
from b2bua.monitoring.number_stats import NumberStats
from b2bua.records.call_record import CallState
from b2bua.store.store import Store
from routing.ids import Number400
from tests.support.samples import ARRIVED_MS, document, ended_record, open_record, talking_record

NUMBER = Number400("4006001234")
STAGES = (
    lambda call: open_record(call, seq=0),
    lambda call: open_record(call, seq=1, state=CallState.RINGING),
    lambda call: talking_record(call, seq=2),
    lambda call: ended_record(call, seq=3),
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> dict[Number400, Served]:
    """One published number."""
    folder = tmp_path_factory.mktemp("served")
    opened = Store.open(folder / "switch400.db", folder)
    opened.plans.publish([document()], author="wang")
    numbers = {number: Served.of(live) for number, live in opened.plans.all_live().items()}
    opened.close()
    return numbers


def row(feed: Feed) -> dict[str, Any]:
    """The number's row as a console gets it."""
    return feed.snapshot([NUMBERS]).state[NUMBERS][NUMBER]


@pytest.mark.req("S3", "P1")
@given(st.lists(st.integers(0, 5), max_size=30))
def test_counted_as_calls_come_and_go(served: dict[Number400, Served], turns: list[int]) -> None:
    """Calls that advance in any interleaving: up, pending, today's and answered are right at each step."""
    feed = Feed()
    board = NumberStats(feed, served)
    board.show(NUMBER)
    stages: dict[int, int] = {}
    for call in turns:
        stage = min(stages.get(call, -1) + 1, len(STAGES))
        stages[call] = stage
        if stage < len(STAGES):
            board.call(STAGES[stage](f"c{call}"))
        shown = row(feed)
        assert shown["live"] == sum(stage < 3 for stage in stages.values())
        assert shown["pending"] == sum(stage < 2 for stage in stages.values())
        assert shown["calls_today"] == len(stages)
        assert shown["answered_today"] == sum(stage >= 2 for stage in stages.values())


@pytest.mark.req("S3", "P1")
def test_a_new_daemon_takes_today_over_and_midnight_clears_it(store: Store, served: dict[Number400, Served]) -> None:
    """What the records say of today counts on; at midnight in Shanghai the counts begin anew, the calls up stay."""
    yesterday = open_record("old", accepted_ms=ARRIVED_MS - 86_400_000)
    store.records.put([ended_record("a"), open_record("b"), yesterday])
    feed = Feed()
    board = NumberStats(feed, served)
    board.load(store.records, ARRIVED_MS)
    board.call(open_record("b", seq=5))
    assert {name: row(feed)[name] for name in ("live", "calls_today", "answered_today")} == {
        "live": 1,
        "calls_today": 2,
        "answered_today": 1,
    }
    board.tick(ARRIVED_MS)
    assert row(feed)["calls_today"] == 2
    board.warn(NUMBER, 3)
    board.tick(ARRIVED_MS + 86_400_000)
    assert (row(feed)["live"], row(feed)["calls_today"], row(feed)["warnings"]) == (1, 0, 3)
