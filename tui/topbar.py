"""The top bar: the link, the load, how calls end, trunks, call processes, queues and alarms.

Rule: it has two lines at every width; what does not fit is counted (`+2`).
"""

from collections.abc import Iterable
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.app import RenderResult
from textual.widget import Widget

from b2bua.console.protocol import Row
from b2bua.console.rows import ALARMS, GATEWAYS, QUEUES, TRUNKS
from tui import waiting
from tui.i18n import tr, tr_slug
from tui.model import ConsoleModel
from tui.table_view import TONES, Cell
from tui.time_text import age
from tui.width import shorten
from tui.words import level, share, sparkline

WIDE: Final = 100
"""From this width on figures stand apart."""
_LEAST_TREND: Final = 4
"""Columns of the sparkline where the figures leave no room."""
OLD_RECORD_MS: Final = 2 * 3600 * 1000
"""A record that is open for longer than this is marked."""


class TopBar(Widget):
    """The two lines at the top of every screen."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"topbar--{tone}" for tone in TONES}

    def __init__(self, model: ConsoleModel) -> None:
        super().__init__()
        self._model = model
        self._shown: tuple[tuple[Cell, ...], ...] = ()

    def renew(self) -> None:
        """Draw again if anything differs."""
        lines = (tuple(self._figures()), tuple(self._alarms()), tuple(self._waits()))
        if lines != self._shown:
            self._shown = lines
            self.refresh()

    def on_resize(self) -> None:
        """The sparkline takes what the figures leave."""
        self.renew()

    def render(self) -> RenderResult:
        """The two lines, cut to the width."""
        width = max(1, self.size.width)
        gap = "  " if width >= WIDE else " "
        figures, alarms, waits = self._shown or ((), (), ())
        text = self._line(figures, width, gap)
        text.append("\n")
        # who waits, and the age of the oldest open record, keep their place at the right, however many alarms there are
        left = self._line(alarms, width, gap)
        right = self._line(waits, max(width // 2, width - left.cell_len - 1), gap)
        left = self._line(alarms, width - right.cell_len - 1, gap)
        text.append_text(left)
        text.append(" " * (width - left.cell_len - right.cell_len - 1))
        text.append_text(right)
        return text

    def _line(self, cells: tuple[Cell, ...], room: int, gap: str) -> Text:
        """Cells side by side; a `+2` at the end counts those that do not fit."""
        text = Text(no_wrap=True)
        for place, cell in enumerate(cells):
            lead, rest = gap if place else " ", cells[place:]
            more = f" +{len(rest)}"
            left = room - text.cell_len - len(lead)
            if place and cell_len(cell.text) + (len(more) if len(rest) > 1 else 0) > left:
                text.append(more, self._style("bad" if any(one.tone == "bad" for one in rest) else "dim"))
                break
            text.append(lead)
            text.append(shorten(cell.text, left), self._style(cell.tone))
        return text

    def _style(self, tone: str) -> Style:
        return self.get_component_rich_style(f"topbar--{tone}", partial=True)

    def _figures(self) -> list[Cell]:
        model = self._model
        counters, pool = model.counters, model.pool
        cells = [self._link()]
        if counters is None or pool is None:
            return cells
        trunks, gateways = model.rows(TRUNKS), model.rows(GATEWAYS)
        full = pool["used"] >= pool["ceiling"]
        before = [
            *cells,
            Cell(tr("top.call") if counters["live"] == 1 else tr("top.calls", count=counters["live"]), "key"),
            Cell(f"{counters['calls_per_s']:.1f}/s"),
        ]
        after = [
            Cell(tr("top.answered", share=share(counters["answered_pct"]))),
            Cell(tr("top.busy", share=share(counters["busy_pct"]))),
            Cell(tr("top.no_answer", share=share(counters["no_answer_pct"]))),
            self._up("top.trunks", trunks.values()),
            Cell(tr("top.pool", used=pool["used"], ceiling=pool["ceiling"]), "bad" if full else "plain"),
            *([self._up("top.gateways", gateways.values())] if gateways else []),
        ]
        gap = 2 if self.size.width >= WIDE else 1
        left = self.size.width - sum(cell_len(cell.text) + gap for cell in [*before, *after]) - gap - 1
        spark = sparkline(counters["trend"], max(_LEAST_TREND, min(len(counters["trend"]), left)))
        return [*before, Cell(spark, "good"), *after]

    def _link(self) -> Cell:
        link, model = self._model.link, self._model
        if link.up:
            parts = " · ".join((tr("top.up"), tr_slug("role", model.role)))
            return Cell(f"● {parts}" if self.size.width >= WIDE else "●", "good")
        return Cell("○ " + tr("top.down", age=age(model.source.now_ms() - link.since_ms)), "bad")

    def _up(self, key: str, peers: Iterable[Row]) -> Cell:
        rows = list(peers)
        # a peer that is never pinged is not known to be down
        up = sum(1 for row in rows if row["up"] is not False and row["service"] == "in")
        return Cell(tr(key, up=up, total=len(rows)), "plain" if up == len(rows) else "bad")

    def _alarms(self) -> list[Cell]:
        model = self._model
        now_ms = model.now_ms()
        if not model.link.up:
            return [Cell("! " + model.link.why, "bad"), Cell(tr("top.stale"), "dim")]
        order = {"alarm": 0, "warning": 1, "note": 2}
        alarms = sorted(model.rows(ALARMS).values(), key=lambda row: (order.get(row["level"], 0), row["since_ms"]))
        cells = [
            Cell(
                f"! {tr_slug('alarm', row['slug'])} {row['subject']} {age(now_ms - row['since_ms'])}",
                level(row["level"]),
            )
            for row in alarms
        ]
        return cells or [Cell(tr("top.calm"), "good")]

    def _waits(self) -> list[Cell]:
        """The queues, and the age of the oldest record that is not closed."""
        if not self._model.link.up:
            return []  # the line shows why the link is down
        now_ms, counters = self._model.now_ms(), self._model.counters
        queued = waiting.in_all(self._model.rows(QUEUES).values(), now_ms)
        if counters is None or counters["oldest_open_ms"] is None:
            return queued
        open_ms = now_ms - counters["oldest_open_ms"]
        return [*queued, Cell(tr("top.oldest", age=age(open_ms)), "bad" if open_ms > OLD_RECORD_MS else "dim")]
