"""Pane 6: the log of events, newest last.

Rule: it follows the newest line until the cursor leaves it.
"""

from collections.abc import Mapping
from typing import ClassVar

from textual.binding import BindingType

from b2bua.console.protocol import Row
from b2bua.console.rows import LOG
from tui.columns import text
from tui.i18n import TEXTS, tr, tr_slug
from tui.keys import bindings
from tui.panes.table import TablePane
from tui.screens.audit import Audit
from tui.screens.detail import Detail
from tui.table import Table
from tui.table_view import Cell, Column
from tui.time_text import clock
from tui.words import level


def _level(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(tr_slug("level", row["level"]), level(row["level"]))


def _kind(key: str, row: Row, now_ms: int) -> Cell:
    """The kind of event; an alarm has the words of the top bar."""
    kind = row["kind"]
    return Cell(tr_slug("event" if kind in TEXTS["event"] else "alarm", kind), "key")


def _about(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(" ".join(row[name] for name in ("number", "trunk", "who") if row[name]))


class LogPane(TablePane):
    """The events of the feed; the filter finds a call, a number, a trunk or a person."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("log")
    COLUMNS = (
        Column("at", "log.at", 8, lambda key, row, _: Cell(clock(row["at_ms"]), "dim"), lambda key, row: key),
        Column("level", "log.level", 6, _level, lambda key, row: row["level"]),
        Column("kind", "log.kind", 12, _kind, grow=1, rank=1),
        Column("about", "log.about", 14, _about, grow=1),
        Column("text", "log.text", 30, lambda key, row, _: Cell(row["text"], level(row["level"])), grow=8),
        text("call_id", "log.call", 21, "dim", rank=3),
    )
    SORT = ("at", False)
    EMPTY = "log.none"

    def rows(self) -> Mapping[str, Row]:
        """The log's lines."""
        return self.model.rows(LOG)

    def notes(self) -> list[str]:
        """A note if new lines do not move the cursor."""
        return [] if self.table.at_end else [tr("log.held")]

    def on_table_moved(self) -> None:
        """On the last line the log follows new lines, else not."""
        super().show_rows()

    def on_table_opened(self, event: Table.Opened) -> None:
        """Show the call that a line is about."""
        row = event.table.row
        if row is not None and row["call_id"]:
            self.app.push_screen(Detail(self.model, row["call_id"]))

    def action_audit(self) -> None:
        """Show who changed what."""
        self.app.push_screen(Audit(self.model))

    def show_rows(self) -> None:
        """Show new lines, and go on to the last one if the cursor was on it."""
        table = self.table
        at_end = len(table) == 0 or table.at_end
        super().show_rows()
        if at_end:
            table.action_edge(True)
