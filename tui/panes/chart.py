"""A report as bars: of each bar the answered calls below, the rest above.

Rule: what the colours say the texture says too, so that it reads in black and white; bars that there is no room for
are left out at the less telling end: the oldest hours and days, the smallest areas, causes and targets.
"""

from typing import Final

from textual.color import Color
from textual_plotext import PlotextPlot

from b2bua.wire import Row
from tui.width import shorten

_MARGIN: Final = 10
"""Columns of the figures at the left."""
_BAR: Final = {"hour": 3, "day": 6}
_NAMED: Final = 10
"""Columns of a bar: times are short, names are not."""
_TICKS: Final = 4


class Chart(PlotextPlot):
    """The bars; `tell` draws other ones."""

    def __init__(self) -> None:
        super().__init__()
        self._by = ""
        self._rows: list[Row] = []

    def tell(self, by: str, rows: list[Row]) -> None:
        """Draw these rows (`key`, `shown`, `calls`, `answered`), counted by this."""
        self._by, self._rows = by, rows
        self.display = bool(rows)
        self._draw()

    def on_mount(self) -> None:
        """Another theme, other colours."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw())

    def on_resize(self) -> None:
        """More or fewer bars."""
        self._draw()

    def _draw(self) -> None:
        plot = self.plt
        plot.clear_figure()
        room = max(1, (self.size.width - _MARGIN) // _BAR.get(self._by, _NAMED))
        rows = self._rows[-room:] if self._by in _BAR else self._rows[:room]
        if rows:
            first = self._rows.index(rows[0]) + 1
            names = [self._under(row, number) for number, row in enumerate(rows, first)]
            calls = [row["calls"] for row in rows]
            places = [float(place) for place in range(1, len(rows) + 1)]
            plot.bar(places, calls, marker="░", color=self._colour("secondary"), width=0.7)
            plot.bar(places, [row["answered"] for row in rows], marker="█", color=self._colour("success"), width=0.7)
            plot.xticks(places, names)
            step = max(1, -(-max(calls) // _TICKS))
            ticks = range(0, max(calls) + 1, step)
            plot.yticks([float(tick) for tick in ticks], [str(tick) for tick in ticks])
            plot.ylim(0, max(calls))
            plot.frame(False)
        self.refresh()

    def _under(self, row: Row, number: int) -> str:
        """What stands under a bar."""
        shown: str = row["shown"]
        if self._by == "hour":
            day, _, hour = shown.partition(" ")
            return hour.partition(":")[0] or day
        # plotext counts a Chinese character as one column: such rows are named by their number in the table
        return shorten(shown, _NAMED - 1) if shown.isascii() else str(number)

    def _colour(self, name: str) -> tuple[int, int, int]:
        return Color.parse(self.app.theme_variables[name]).rgb
