"""One moment of a switch, recorded, with the answers that its daemon would have given: what pictures are taken of.

Rule: its clock stands still, so that two pictures of it differ only if the console does.
"""

from pathlib import Path
from typing import Any

from b2bua.api.verbs import Operator
from b2bua.console.feed import Feed
from b2bua.console.protocol import Role
from b2bua.console.rows import COUNTERS, LOG, LOG_ROWS, ONLY, POOL, TOPICS, Counters, PoolRow
from tests.unit.tui.archive import Archive
from tests.unit.tui.office import NOON_MS, fill, verbs_of
from tests.unit.tui.shelf import PLAN, Shelf
from tui.board import Board, LinkState, NotDone
from tui.feed_recording import Player, Recorder
from tui.i18n import say

_WANG = Operator("wang", Role.ADMIN)


class Still(Player):
    """A recording of one moment; `calls` is what is up, `past` whether anything has ever happened."""

    def __init__(self, tape: Path, *, past: bool = True) -> None:
        super().__init__(tape)
        feed = Feed()
        shelf = Shelf(feed)
        shelf.put(PLAN.replace("ring_s = 15", "ring_s = 30"), "li", "first")
        shelf.put(PLAN, "wang", "shorter waits")
        self._gone = False
        self.archive = Archive(NOON_MS, 10 if past else 0)
        self._verbs = {**verbs_of(feed, []), **shelf.verbs(), **self.archive.verbs(), **self.archive.kept()}

    async def ask(self, verb: str, args: dict[str, Any]) -> Any:
        """An answer of the archive, while there is anybody to ask."""
        if self._gone:
            raise NotDone(say("link.nobody"))
        return await self._verbs[verb](args, _WANG)

    def lose(self, board: Board) -> None:
        """The daemon went away a minute ago."""
        self._gone = True
        board.link = LinkState(up=False, since_ms=NOON_MS - 60_000, why="Connection refused")
        board.changed()


def moment(folder: Path, calls: int) -> Path:
    """A tape of one moment with so many calls up; with none, of a switch that was only just set up."""
    feed = Feed({LOG: LOG_ROWS})
    if calls:
        fill(feed, calls)
    else:
        feed.change(POOL, ONLY, PoolRow(used=0, idle=8, resting=0, ceiling=512))
        feed.change(COUNTERS, ONLY, Counters(0, 0.0, None, None, None, None, NOON_MS - 60_000, (0,) * 60))
    feed.cut()
    with Recorder(folder / "tape") as tape:
        tape.keep(NOON_MS, feed.snapshot(TOPICS))
    return folder / "tape"
