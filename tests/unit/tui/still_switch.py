"""One moment of a switch, recorded, with the answers that its daemon would have given: what pictures are taken of.

Rule: its clock stands still, so that two pictures of it differ only if the console does.
"""

import asyncio
from pathlib import Path
from typing import TypeVar

import trio

from b2bua.api.dispatch import Asker, Dispatcher
from b2bua.api.requests.operation import Operation, Refusal
from b2bua.console.feed import Feed
from b2bua.console.protocol import Role
from b2bua.console.rows import COUNTERS, LOG, LOG_ROWS, ONLY, POOL, TOPICS, Counters, PoolRow
from b2bua.monitoring.feed_publisher import FeedPublisher
from tests.unit.tui.canned_replies import CannedMedia, CannedReplies
from tests.unit.tui.fake_switch import NOON_MS, CallsAndTrunks, fill
from tests.unit.tui.plan_store import PLAN, PlanStore
from tui.feed_recording import Player, Recorder
from tui.i18n import tr
from tui.model import ConsoleModel, LinkState, NotDone

_WANG = Asker("wang", Role.ADMIN)
R = TypeVar("R")


class StillSwitch(Player):
    """A recording of one moment; `calls` is what is up, `past` whether anything has ever happened."""

    def __init__(self, recording: Path, *, replies: bool = True) -> None:
        super().__init__(recording)
        self._gone = False
        self.replies = CannedReplies(NOON_MS, 10 if replies else 0)
        plans = self._plans = PlanStore(FeedPublisher())
        plans.put(PLAN.replace("ring_s = 15", "ring_s = 30"), "li", "first")
        plans.put(PLAN, "wang", "shorter waits")
        self._dispatcher = Dispatcher(
            *plans.operations, self.replies, CannedMedia(self.replies), CallsAndTrunks(Feed())
        )

    async def ask(self, request: Operation[R]) -> R:
        """The reply, while there is anybody to ask."""
        if self._gone:
            raise NotDone(tr("link.nobody"))
        try:
            return await asyncio.to_thread(trio.run, self._dispatcher.perform, request, _WANG)
        except Refusal as refusal:
            raise NotDone(str(refusal), refusal.faults) from refusal

    def lose(self, model: ConsoleModel) -> None:
        """The daemon went away a minute ago."""
        self._gone = True
        model.link = LinkState(up=False, since_ms=NOON_MS - 60_000, why="Connection refused")
        model.changed()


def record_still(folder: Path, calls: int) -> Path:
    """A recording of one moment with so many calls up; with none, of a switch that was only just set up."""
    feed = Feed({LOG: LOG_ROWS})
    if calls:
        fill(feed, calls)
    else:
        feed.change(POOL, ONLY, PoolRow(used=0, idle=8, resting=0, ceiling=512))
        feed.change(COUNTERS, ONLY, Counters(0, 0.0, None, None, None, None, NOON_MS - 60_000, (0,) * 60))
    feed.cut()
    with Recorder(folder / "recording") as recorder:
        recorder.keep(NOON_MS, feed.snapshot(TOPICS))
    return folder / "recording"
