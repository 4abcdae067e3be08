"""Pane 2: the 400 numbers served here, with their queues, today's counts, and the warnings of their plans' check.

Rule: Enter opens a number, to see and edit its plan.
"""

from collections.abc import Mapping
from typing import ClassVar

from textual.binding import BindingType

from b2bua.console.protocol import Row
from b2bua.console.rows import NUMBERS, QUEUES
from tui import waiting
from tui.columns import count, text
from tui.i18n import tr_slug
from tui.keys import bindings
from tui.model import ConsoleModel
from tui.panes.pane import LookUp
from tui.panes.table import TablePane
from tui.plan.drafts import Drafts
from tui.plan.screen import PlanScreen
from tui.table import Table
from tui.table_view import Cell, Column
from tui.time_text import day_clock
from tui.words import share


def _state(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(tr_slug("life", row["state"]), "good" if row["state"] == "active" else "busy")


def _waiting(key: str, row: Row, now_ms: int) -> Cell:
    return waiting.many(row["waiting"], row["since_ms"], now_ms) if row["waiting"] else Cell("")


def _by_wait(key: str, row: Row) -> int | None:
    return -row["since_ms"] if row["waiting"] else None


def _answered(key: str, row: Row, now_ms: int) -> Cell:
    ratio = _ratio(key, row)
    return Cell(share(ratio), "bad" if ratio is not None and ratio < 50 else "plain")


def _ratio(key: str, row: Row) -> float | None:
    """The share of answered calls among today's calls that were answered or are over.

    A recording of an earlier release has no `pending`.
    """
    decided = row["calls_today"] - row.get("pending", 0)
    return 100 * row["answered_today"] / decided if decided > 0 else None


def _warnings(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(f"! {row['warnings']}" if row["warnings"] else "", "busy")


def _published(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(day_clock(row["published_ms"]), "dim")


class NumbersPane(TablePane):
    """One line a number."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("numbers")
    COLUMNS = (
        text("number", "numbers.number", 12, "key", grow=1),
        text("subscriber", "numbers.subscriber", 14, grow=3),
        Column("state", "numbers.state", 9, _state, grow=1),
        count("live", "numbers.live", 5),
        Column("waiting", "numbers.waiting", 10, _waiting, _by_wait, right=True),
        count("calls_today", "numbers.calls", 7),
        Column("answered", "numbers.answered", 7, _answered, _ratio, right=True),
        Column("warnings", "numbers.warnings", 6, _warnings, lambda key, row: row["warnings"], rank=1),
        Column("published", "numbers.published", 14, _published, lambda key, row: row["published_ms"], rank=3),
        text("author", "numbers.author", 10, "dim", grow=1, rank=4),
        text("note", "numbers.note", 12, "dim", grow=3, rank=5),
    )
    SORT = ("number", False)
    EMPTY = "numbers.none"

    def __init__(self, model: ConsoleModel, name: str, drafts: Drafts) -> None:
        super().__init__(model, name)
        self._drafts = drafts

    def on_table_opened(self, event: Table.Opened) -> None:
        """Show the number's plan."""
        self.app.push_screen(PlanScreen(self.model, self._drafts, event.key))

    def action_log(self) -> None:
        """What the log says of the number under the cursor."""
        if self.table.row is not None:
            self.post_message(LookUp("log", self.table.row["number"]))

    def action_calls(self) -> None:
        """Show the live calls to the number under the cursor."""
        if self.table.row is not None:
            self.post_message(LookUp("calls", self.table.row["number"]))

    def rows(self) -> Mapping[str, Row]:
        """All numbers of the feed, with those who wait on each."""
        queues = waiting.by_number(self.model.rows(QUEUES).values())
        nobody = {"waiting": 0, "since_ms": None}
        return {key: {**row, **queues.get(key, nobody)} for key, row in self.model.rows(NUMBERS).items()}
