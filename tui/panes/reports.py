"""Pane 5: counts of calls by hour, day, area, cause or target, for one number or all (P2).

Rule: the chart and the table under it show the same rows.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from b2bua.api.requests.reports import CountBy, CountCalls
from b2bua.console.feed import plain
from b2bua.console.protocol import Row
from tui.background import run_latest
from tui.columns import count
from tui.i18n import tr, tr_slug
from tui.keys import REPORTS, bindings
from tui.model import ConsoleModel, NotDone
from tui.panes.chart import Chart
from tui.panes.pane import Pane
from tui.screens.lines import Line, Lines
from tui.table import Table
from tui.table_view import Cell, Column
from tui.time_text import age, at
from tui.words import share

DAYS = (1, 7, 30, 90)


def _key(key: str, row: Row, now_ms: int) -> Cell:
    shown = row["shown"]
    return Cell(shown if shown.isascii() else f"{int(key) + 1} {shown}", "key")


def _answered(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(share(100 * row["answered"] / row["calls"] if row["calls"] else None))


def _mean(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(age(row["talk_ms"] // row["answered"]) if row["answered"] else "")


def _shown(by: str, key: str) -> str:
    """The key of a row for people: calls without a cause are still up, those without a target talked to none."""
    match by:
        case "cause":
            return tr_slug("cause", key) if key else tr("reports.up")
        case "target":
            return key or tr("reports.nobody")
    return key or "–"


class ReportsPane(Pane):
    """Reports; the counting is done by the daemon."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("reports")
    COLUMNS: ClassVar = (
        Column("key", "reports.key", 16, _key, grow=2),
        count("calls", "reports.calls", 8),
        count("answered", "reports.answered", 8),
        Column("share", "reports.share", 8, _answered, right=True),
        count("busy", "reports.busy", 8),
        count("no_answer", "reports.no_answer", 8),
        Column("talk", "reports.talk", 10, lambda key, row, _: Cell(age(row["talk_ms"])), right=True, rank=1),
        Column("mean", "reports.mean", 8, _mean, right=True, rank=2),
    )

    def __init__(self, model: ConsoleModel, name: str) -> None:
        super().__init__(model, name)
        self._by = REPORTS[0]
        self._days = DAYS[0]
        self._number = ""
        self._rows: list[Row] = []
        self._asked = False

    def compose(self) -> ComposeResult:
        """Title, chart, table."""
        yield Static(classes="subtitle", markup=False)
        yield Chart()
        yield Table(self.COLUMNS, "reports.none", opens=False)

    def renew(self) -> None:
        """Fetch the report when the pane is shown first."""
        if not self._asked and self.model.link.up:
            self._asked = True
            self.action_refresh()
        elif not self._asked:
            self.query_one(Table).explain_empty(tr("link.nobody"))
            self._show()

    def language_changed(self) -> None:
        """The language changed."""
        self._show()

    def focus_table(self) -> None:
        """Give the keys to the table."""
        self.query_one(Table).focus()

    def action_by(self, by: str) -> None:
        """Count by this."""
        self._by = by
        self.action_refresh()

    def action_days(self) -> None:
        """The next longer span, and back to today."""
        self._days = DAYS[(DAYS.index(self._days) + 1) % len(DAYS)]
        self.action_refresh()

    def action_number(self) -> None:
        """Choose one number, or all."""

        def filled_in(lines: dict[str, str] | None) -> None:
            if lines is not None:
                self._number = lines["number"]
                self.action_refresh()

        self.app.push_screen(
            Lines(tr("reports.which"), (Line("number", tr("search.number"), self._number),)), filled_in
        )

    def action_refresh(self) -> None:
        """Ask again."""
        run_latest(self, self._ask, "report")

    async def _ask(self) -> None:
        to_ms = self.model.now_ms()
        midnight = datetime.combine(at(to_ms).date(), datetime.min.time(), at(to_ms).tzinfo)
        from_ms = int((midnight - timedelta(days=self._days - 1)).timestamp() * 1000)
        try:
            found = await self.model.ask(CountCalls(from_ms, to_ms, CountBy(self._by), self._number))
        except (NotDone, ValueError) as refusal:
            # the figures of the last report would not fit the new title
            self._rows = []
            self.query_one(Table).explain_empty(str(refusal))
        else:
            self._rows = [plain(row) for row in found.rows]
            self.query_one(Table).explain_empty("")
        self._show()

    def _show(self) -> None:
        number = self._number or tr("reports.all")
        span = tr("reports.today") if self._days == 1 else tr("reports.days", days=self._days)
        title = tr("reports.title", by=tr_slug("by", self._by), span=span, number=number)
        self.query_one(".subtitle", Static).update(title)
        rows = [{**row, "shown": _shown(self._by, row["key"])} for row in self._rows]
        table = self.query_one(Table)
        table.relayout()
        table.fill([(f"{place:06d}", row) for place, row in enumerate(rows)], self.model.now_ms())
        self.query_one(Chart).show_rows(self._by, rows)
