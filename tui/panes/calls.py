"""Pane 1: the calls that are up now, and those that just ended.

Rule: the order is by arrival unless the operator sorts otherwise. A call in a queue shows its place there as its state.
"""

from collections.abc import Mapping
from typing import ClassVar

from textual.binding import BindingType

from b2bua.console.protocol import Row
from b2bua.console.rows import CALLS, QUEUES
from tui import waiting
from tui.columns import text
from tui.i18n import tr
from tui.keys import bindings
from tui.panes.pane import LookUp
from tui.panes.table import TablePane
from tui.screens.detail import Detail
from tui.screens.hangup import confirm_hangup
from tui.table import Table
from tui.table_view import Cell, Column
from tui.time_text import age, clock
from tui.words import cause, state


def _state(key: str, row: Row, now_ms: int) -> Cell:
    if row["state"] == "ended":
        return cause(row["ending"], row["blame"])
    if "line" in row:
        return waiting.place(row["line"])
    unheard = row["state"] == "ringing" and row["rang_ms"] is None
    return state("calling" if unheard else row["state"])


def _by_state(key: str, row: Row) -> tuple[str, int]:
    """Sort key: calls in queues together, the next one first."""
    return ("queued", row["line"]["place"]) if "line" in row else (row["state"], 0)


def _caller(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(row["caller"], "key") if row["caller"] else Cell(tr("calls.unknown_caller"), "dim")


def _target(key: str, row: Row, now_ms: int) -> Cell:
    """The target, or the plan's node while there is no target."""
    node = row["line"]["node"] if "line" in row else row["node"]
    elsewhere = node and row["state"] in ("routing", "hearing")
    return Cell(node, "dim") if elsewhere or not row["target"] else Cell(row["target"])


def _attempt(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(str(row["attempt"]) if row["attempt"] else "", "busy" if row["attempt"] > 1 else "plain")


def _age(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(age((row["ended_ms"] or now_ms) - row["accepted_ms"]))


def _talk(key: str, row: Row, now_ms: int) -> Cell:
    if row["answered_ms"] is None:
        return Cell("")
    return Cell(age((row["ended_ms"] or now_ms) - row["answered_ms"]), "good")


def _began(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(clock(row["accepted_ms"]), "dim")


CALL_COLUMNS = (
    Column("state", "calls.state", 10, _state, _by_state, grow=1),
    Column("caller", "calls.caller", 15, _caller, lambda key, row: row["caller"], grow=1),
    text("place", "calls.place", 8, grow=2, rank=1),
    text("number", "calls.number", 12, grow=1),
    Column("target", "calls.target", 9, _target, grow=3),
    text("address", "calls.address", 16, grow=2, rank=4),
    Column("attempt", "calls.attempt", 4, _attempt, lambda key, row: row["attempt"], right=True),
    Column("age", "calls.age", 8, _age, lambda key, row: -row["accepted_ms"], right=True),
    Column("talk", "calls.talk", 8, _talk, lambda key, row: row["answered_ms"], rank=3, right=True),
    text("trunk", "calls.trunk", 10, grow=1, rank=5),
    Column("began", "calls.began", 8, _began, lambda key, row: row["accepted_ms"], rank=6),
)


class CallsPane(TablePane):
    """Live calls: Enter shows one in detail, `x` hangs it up after a question."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("calls")
    COLUMNS = CALL_COLUMNS
    SORT = ("age", True)
    EMPTY = "calls.none"

    def rows(self) -> Mapping[str, Row]:
        """All calls of the feed, those that wait with their place in `line`."""
        calls = self.model.rows(CALLS)
        lines = {key: line for key, line in self.model.rows(QUEUES).items() if key in calls}
        return {**calls, **{key: {**calls[key], "line": line} for key, line in lines.items()}}

    def on_table_opened(self, event: Table.Opened) -> None:
        """Show the call in detail."""
        if event.table.row is not None:
            self.app.push_screen(Detail(self.model, event.key))

    def action_log(self) -> None:
        """Show the log of the call under the cursor."""
        if self.table.key is not None:
            self.post_message(LookUp("log", self.table.key))

    def action_hangup(self) -> None:
        """Hang up the call under the cursor, if the operator confirms."""
        if self.table.key is not None and self.table.row is not None:
            confirm_hangup(self.app, self.model, self.table.key, self.table.row)
