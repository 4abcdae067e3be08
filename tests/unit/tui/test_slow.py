"""Consoles that are slow, leave, come back, or face another daemon: none is shown what is not, or slows the daemon."""

from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from b2bua.console.feed import Feed, Mirror, within
from b2bua.console.protocol import Frames, FromDaemon, Snapshot, frame
from b2bua.console.rows import ALARMS, CALLS, LOG
from b2bua.control.connection import MOST_WAITING, Outbox
from tests.unit.console.test_feed import Line

TOPICS = frozenset({CALLS, LOG})


class Side:
    """A daemon's feed and one console's outbox and mirror, with the wire between them in our hands."""

    def __init__(self) -> None:
        self.feed = Feed({LOG: 3})
        self.mirror = Mirror()
        self.outbox = Outbox(self.feed)
        self.snapshots = 0

    def link(self) -> None:
        """The console links (again) and subscribes; what was under way is lost, its mirror stays."""
        self.outbox = Outbox(self.feed)
        self.outbox.restart(TOPICS)

    def cut(self) -> None:
        """The daemon's pace: one delta for whoever looks on."""
        delta = self.feed.cut()
        if delta.changes:
            self.outbox.delta(frame(within(delta, TOPICS)))
        assert len(self.outbox._deltas) <= MOST_WAITING

    async def read(self, most: int) -> None:
        """The console reads at most so many messages: a Gap here would be the daemon's fault."""
        with trio.move_on_after(0):
            for _ in range(most):
                (message,) = Frames(FromDaemon).feed(await self.outbox.take())
                if isinstance(message, Snapshot):
                    self.snapshots += 1
                    self.mirror.replace(message)
                else:
                    self.mirror.apply(message)

    async def check(self) -> None:
        """Whoever has read all holds what the daemon holds."""
        self.cut()
        await self.read(MOST_WAITING + 2)
        assert self.mirror.state == self.feed.snapshot(TOPICS).state
        assert self.mirror.seq == self.feed.seq


rows = st.none() | st.builds(Line, st.integers(0, 2), st.integers(0, 2))
deeds = st.lists(
    st.tuples(st.sampled_from(["change", "later"]), st.sampled_from([CALLS, ALARMS]), st.sampled_from("xyz"), rows)
    | st.tuples(st.just("note"), st.integers(0, 9))
    | st.tuples(st.just("read"), st.integers(1, 4))
    | st.tuples(st.just("busy"), st.integers(1, 2 * MOST_WAITING))
    | st.tuples(st.sampled_from(["cut", "link", "check", "restart"])),
    max_size=40,
)


def act(side: Side, action: tuple[Any, ...]) -> None:
    """Do one thing that does not read."""
    match action:
        case ("later", topic, key, Line() as row):
            side.feed.change_later(topic, key, lambda: row)
        case ("change" | "later", topic, key, row):
            side.feed.change(topic, key, row)
        case ("note", n):
            side.feed.note(LOG, Line(n, n))
        case ("busy", n):
            for turn in range(n):
                side.feed.change(CALLS, "x", Line(turn, turn))
                side.cut()
        case ("cut",):
            side.cut()
        case ("link",):
            side.link()
        case ("restart",):  # another daemon, which knows nothing of the one before
            side.feed = Feed({LOG: 3})
            side.link()


@pytest.mark.req("S3")
@given(deeds)
def test_whoever_reads_on_holds_what_the_daemon_holds(deeds: list[tuple[Any, ...]]) -> None:
    """For any changes, pauses, losses of link and daemon: no gap, no leftovers, never more kept than said."""

    async def live() -> None:
        side = Side()
        side.link()
        for action in [*deeds, ("check",)]:
            match action:
                case ("read", int(most)):
                    await side.read(most)
                case ("check",):
                    await side.check()
                case _:
                    act(side, action)

    trio.run(live)


async def test_a_console_that_does_not_read_costs_no_more_than_its_bound() -> None:
    """A thousand cuts unread are one snapshot, not a thousand deltas."""
    side = Side()
    side.link()
    await side.check()
    act(side, ("busy", 1000))
    await side.check()
    assert side.snapshots == 2
