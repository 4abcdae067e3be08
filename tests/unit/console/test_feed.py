"""The feed: whatever happens and whatever is lost, a console ends with what the daemon holds."""

from functools import partial

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.console.feed import Feed, Gap, Mirror, plain, within
from b2bua.console.protocol import Delta, Frames, FromDaemon, Row, Snapshot, frame
from b2bua.console.rows import ALARMS, CALLS, LOG, LogLine
from tests.support.control_server import a_call


@attrs.frozen
class Line:
    """A small row: two fields are enough to change one and leave the other."""

    a: int
    b: int


keys = st.sampled_from(["x", "y", "z"])
rows = st.none() | st.builds(Line, st.integers(0, 2), st.integers(0, 2))
changes = st.tuples(st.just("change"), st.sampled_from([CALLS, ALARMS]), keys, rows)
steps = st.lists(
    changes
    | st.tuples(st.just("later"), st.sampled_from([CALLS, ALARMS]), keys, rows)
    | st.tuples(st.sampled_from(["cut", "lose", "subscribe"]))
    | st.tuples(st.just("note"), st.builds(Line, st.integers(0, 9), st.integers(0, 9))),
    max_size=60,
)


def over_the_wire(message: Delta | Snapshot) -> Delta | Snapshot:
    """The message as the other end gets it."""
    (received,) = Frames(FromDaemon).feed(frame(message))
    assert isinstance(received, Delta | Snapshot)
    return received


@pytest.mark.req("S3")
@given(steps)
def test_snapshot_and_deltas_make_a_later_snapshot(steps: list[tuple[object, ...]]) -> None:
    """For any changes, losses and late subscriptions: no gap goes unseen, and the end state is the same."""
    feed, mirror = Feed({LOG: 3}), Mirror()
    topics = frozenset({CALLS, LOG})
    lost = True
    for step in [*steps, ("cut",)]:
        match step:
            case ("change", str(topic), str(key), Line() | None as row):
                feed.change(topic, key, row)
            case ("later", str(topic), str(key), Line() | None as row):
                feed.change_later(topic, key, partial(attrs.evolve, row) if row else (lambda: None))
            case ("note", Line() as row):
                feed.note(LOG, row)
            case ("subscribe",):
                snapshot = over_the_wire(feed.snapshot(topics))
                assert isinstance(snapshot, Snapshot)
                mirror.replace(snapshot)
                lost = False
            case ("lose",):
                lost = bool(feed.cut().changes) or lost
            case _:
                delta = feed.cut()
                if not delta.changes:
                    continue
                received = over_the_wire(within(delta, topics))
                assert isinstance(received, Delta)
                if lost:
                    with pytest.raises(Gap):
                        mirror.apply(received)
                    mirror.replace(feed.snapshot(topics))
                    lost = False
                else:
                    mirror.apply(received)
    if not lost:
        for topic in topics:
            assert mirror.rows(topic) == feed.snapshot(topics).state[topic]


def test_a_delta_names_only_the_fields_that_changed() -> None:
    """A change of state travels as one field, and a row put again unchanged not at all."""
    feed = Feed()
    feed.change(CALLS, "c1", a_call())
    feed.cut()
    feed.change(CALLS, "c1", a_call())
    assert feed.cut() == Delta(1, {})
    feed.change(CALLS, "c1", a_call(state="talking", answered_ms=5))
    assert feed.cut() == Delta(2, {CALLS: {"c1": {"state": "talking", "answered_ms": 5}}})


def test_several_changes_between_cuts_travel_as_one() -> None:
    """What came and went between two cuts leaves only the last word."""
    feed = Feed()
    feed.change(CALLS, "c1", a_call())
    feed.change(CALLS, "c1", a_call(state="talking"))
    feed.change(CALLS, "c2", a_call())
    feed.change(CALLS, "c2", None)
    assert feed.cut().changes == {CALLS: {"c1": plain(a_call(state="talking")), "c2": None}}


def test_a_ring_keeps_the_newest_in_order() -> None:
    """The log is bounded, and its keys sort by age."""
    feed, mirror = Feed({LOG: 2}), Mirror()
    mirror.replace(feed.snapshot([LOG]))
    for text in ("one", "two", "three"):
        feed.note(LOG, LogLine(0, "note", "test", text))
        mirror.apply(feed.cut())
    lines: dict[str, Row] = mirror.rows(LOG)
    assert [lines[key]["text"] for key in sorted(lines)] == ["two", "three"]


def test_a_mirror_that_has_seen_nothing_takes_no_delta() -> None:
    """Deltas mean nothing before the first snapshot."""
    with pytest.raises(Gap):
        Mirror().apply(Delta(1, {}))
