"""What is always in sight: the link, the load, how calls end, trunks, processes, and what wants a person.

Rule: two lines, whatever the width: figures give way from the right, alarms never.
"""

from collections.abc import Iterable
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.text import Text
from textual.app import RenderResult
from textual.widget import Widget

from b2bua.rows import ALARMS, GATEWAYS, TRUNKS
from b2bua.wire import Row
from tui.arrange import TONES, Cell
from tui.board import Board
from tui.moment import age
from tui.say import say, say_slug
from tui.width import shorten
from tui.words import level, share, sparkline

WIDE: Final = 100
"""From this width on figures stand apart."""
OLD_RECORD_MS: Final = 2 * 3600 * 1000
"""A record open for longer than this is worth a look."""


class TopBar(Widget):
    """The two lines at the top of every screen."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"topbar--{tone}" for tone in TONES}

    def __init__(self, board: Board) -> None:
        super().__init__()
        self._board = board
        self._shown: tuple[tuple[Cell, ...], ...] = ()

    def renew(self) -> None:
        """Draw again if anything differs."""
        lines = (tuple(self._figures()), tuple(self._alarms()))
        if lines != self._shown:
            self._shown = lines
            self.refresh()

    def render(self) -> RenderResult:
        """The two lines, cut to the width."""
        text = Text(no_wrap=True)
        width = max(1, self.size.width)
        gap = "  " if width >= WIDE else " "
        for number, line in enumerate(self._shown):
            room = width - 1
            text.append(" ")
            for cell in line:
                shown = shorten(cell.text, room)
                text.append(shown, self.get_component_rich_style(f"topbar--{cell.tone}", partial=True))
                room -= cell_len(shown) + len(gap)
                if room < 2:
                    break
                text.append(gap)
            if number == 0:
                text.append("\n")
        return text

    def _figures(self) -> list[Cell]:
        board = self._board
        counters, pool = board.counters, board.pool
        cells = [self._link()]
        if counters is None or pool is None:
            return cells
        spark = sparkline(counters["trend"], 6 if self.size.width < WIDE else 30)
        trunks = board.rows(TRUNKS)
        gateways = board.rows(GATEWAYS)
        full = pool["used"] >= pool["ceiling"]
        return [
            *cells,
            Cell(say("top.calls", count=counters["live"]), "key"),
            Cell(f"{counters['calls_per_s']:.1f}/s"),
            Cell(spark, "good"),
            Cell(say("top.answered", share=share(counters["answered_pct"]))),
            Cell(say("top.busy", share=share(counters["busy_pct"]))),
            Cell(say("top.no_answer", share=share(counters["no_answer_pct"]))),
            self._up("top.trunks", trunks.values()),
            Cell(say("top.pool", used=pool["used"], ceiling=pool["ceiling"]), "bad" if full else "plain"),
            *([self._up("top.gateways", gateways.values())] if gateways else []),
        ]

    def _link(self) -> Cell:
        link, board = self._board.link, self._board
        if link.up:
            return Cell("● " + say("top.up") if self.size.width >= WIDE else "●", "good")
        return Cell("○ " + say("top.down", age=age(board.now_ms() - link.since_ms)), "bad")

    def _up(self, key: str, neighbours: Iterable[Row]) -> Cell:
        rows = list(neighbours)
        # a neighbour that is never pinged is not known to be down
        up = sum(1 for row in rows if row["up"] is not False and row["service"] == "in")
        return Cell(say(key, up=up, total=len(rows)), "plain" if up == len(rows) else "bad")

    def _alarms(self) -> list[Cell]:
        board = self._board
        now_ms = board.now_ms()
        if not board.link.up:
            return [Cell("! " + board.link.why, "bad"), Cell(say("top.stale"), "dim")]
        order = {"alarm": 0, "warning": 1, "note": 2}
        alarms = sorted(board.rows(ALARMS).values(), key=lambda row: (order.get(row["level"], 0), row["since_ms"]))
        cells = [
            Cell(
                f"! {say_slug('alarm', row['slug'])} {row['subject']} {age(now_ms - row['since_ms'])}",
                level(row["level"]),
            )
            for row in alarms
        ]
        counters = board.counters
        if counters is not None and counters["oldest_open_ms"] is not None:
            open_ms = now_ms - counters["oldest_open_ms"]
            tone = "bad" if open_ms > OLD_RECORD_MS else "dim"
            cells.append(Cell(say("top.oldest", age=age(open_ms)), tone))
        if not alarms:
            cells.insert(0, Cell(say("top.calm"), "good"))
        return cells
