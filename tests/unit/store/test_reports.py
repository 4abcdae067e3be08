"""Calls counted in the database against calls counted by hand."""

from collections import Counter
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b2bua.records.call_record import CallState, Ending
from b2bua.store.reports import BY, calls_by
from b2bua.store.store import Store
from routing.cause import Blame
from routing.ids import Number400
from tests.support.samples import ARRIVED_MS, ended_record, open_record

HOUR_MS = 3_600_000
SLUGS = ["busy", "no-answer", "normal"]
AREAS = ["021", "010"]
CALLS = st.lists(st.tuples(st.integers(0, 60 * HOUR_MS), st.sampled_from(SLUGS), st.sampled_from(AREAS)), max_size=20)


@pytest.mark.req("P2")
@pytest.mark.parametrize("by", BY)
@settings(max_examples=20)
@given(calls=CALLS)
def test_counts_add_up(tmp_path_factory: pytest.TempPathFactory, by: str, calls: list[tuple[int, str, str]]) -> None:
    """However calls are counted, each is counted once, under what it was, with its talk time."""
    store = Store.open(tmp_path_factory.mktemp("store") / "s.db", Path("/nonexistent"))
    try:
        store.records.put(
            [
                open_record(
                    f"{index:021d}",
                    accepted_ms=at_ms,
                    area=area,
                    state=CallState.ENDED,
                    ended_ms=at_ms + 1,
                    answered_ms=at_ms if slug == "normal" else None,
                    talk_ms=7 if slug == "normal" else 0,
                    ending=Ending(slug, 16, 480, Blame.UNKNOWN),
                )
                for index, (at_ms, slug, area) in enumerate(calls)
            ]
        )
        counts = calls_by(store.engine, by, None, 0, 70 * HOUR_MS)
    finally:
        store.close()
    slugs = Counter(slug for _, slug, _ in calls)
    if counts:
        columns = zip(*(attrs.astuple(each)[1:] for each in counts), strict=True)
        expected = (len(calls), slugs["normal"], slugs["busy"], slugs["no-answer"], 7 * slugs["normal"])
        assert tuple(map(sum, columns)) == expected
    assert bool(counts) == bool(calls)
    if by == "area":
        assert {each.key: each.calls for each in counts} == Counter(area for _, _, area in calls)
    if by == "day":
        assert [each.key for each in counts] == sorted({_day(at_ms) for at_ms, _, _ in calls})


def _day(at_ms: int) -> str:
    return f"01-{1 + (at_ms + 8 * HOUR_MS) // (24 * HOUR_MS):02d}"


@pytest.mark.req("P2")
def test_what_cannot_be_counted_by(store: Store) -> None:
    """An unknown word names those that are known; a report may be of one number."""
    with pytest.raises(ValueError, match="hour, day, area, cause, target, not by 'colour'"):
        calls_by(store.engine, "colour", None, 0, 1)
    store.records.put([ended_record("c-1"), ended_record("c-2", number="4008001111")])
    (count,) = calls_by(store.engine, "cause", Number400("4008001111"), 0, 2 * ARRIVED_MS)
    assert (count.key, count.calls) == ("normal", 1)
