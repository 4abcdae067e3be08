"""A bar chart of a report: in each bar the answered calls below, the others above.

Rule: the two parts differ in texture too, not only in colour. Bars that do not fit are left out: the oldest hours and
days, the smallest areas, causes and targets.
"""

from typing import Any, Final

from textual.color import Color
from textual_plotext import PlotextPlot

from b2bua.console.protocol import Row
from tui.width import shorten

_SPAN: Final = {"hour": 3, "day": 6}
_NAMED: Final = 10
"""Columns from bar to bar: times are short, names are not."""


class Chart(PlotextPlot):
    """The chart; `show_rows` draws it."""

    def __init__(self) -> None:
        super().__init__()
        self._by = ""
        self._rows: list[Row] = []

    def show_rows(self, by: str, rows: list[Row]) -> None:
        """Draw these rows (`key`, `shown`, `calls`, `answered`), counted by this."""
        self._by, self._rows = by, rows
        self.display = bool(rows)
        self._draw()

    def on_mount(self) -> None:
        """Draw again when the theme changes."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw())

    def on_resize(self) -> None:
        """More or fewer bars."""
        self._draw()

    def _draw(self) -> None:
        plot = self.plt
        plot.clear_figure()
        span = _SPAN.get(self._by, _NAMED)
        most = max((row["calls"] for row in self._rows), default=0)
        columns = max(span, self.size.width - len(str(most)))
        room = columns // span
        rows = self._rows[-room:] if self._by in _SPAN else self._rows[:room]
        if most:
            # a unit of x is a column of the screen, so that every bar is as broad as the next
            for place, row in enumerate(rows):
                across: Any = [place * span, (place + 1) * span - 2]  # Any: as below
                for what, mark, tone in (("calls", "░", "secondary"), ("answered", "█", "success")):
                    if row[what]:
                        up: Any = [0, row[what]]  # Any: plotext's own type hints say one number here
                        plot.rectangle(across, up, marker=mark, color=self._colour(tone), fill=True)
            first = self._rows.index(rows[0]) + 1
            names = [self._under(row, number) for number, row in enumerate(rows, first)]
            plot.xticks([place * span + (span - 2) / 2 for place in range(len(rows))], names)
            plot.yticks([0.0, most / 2, float(most)], ["0", str(most // 2), str(most)])
            plot.xlim(0, columns - 1)
            plot.ylim(0, most)
            plot.frame(False)
        self.refresh()

    def _under(self, row: Row, number: int) -> str:
        """The label under a bar."""
        shown: str = row["shown"]
        if self._by == "hour":
            day, _, hour = shown.partition(" ")
            return hour.partition(":")[0] or day
        # plotext counts a Chinese character as one column: such rows are named by their number in the table
        return shorten(shown, _NAMED - 1) if shown.isascii() else str(number)

    def _colour(self, name: str) -> tuple[int, int, int]:
        return Color.parse(self.app.theme_variables[name]).rgb
