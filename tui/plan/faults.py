"""The text of a plan, and below it the faults and warnings of the check.

Rule: Enter on a fault goes to its line.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import TextArea

from b2bua.console.feed import plain
from b2bua.console.protocol import Row
from tui.i18n import tr
from tui.plan.edit_state import EditState
from tui.plan.lines import line_of
from tui.styled_text import StyledText
from tui.table import Table
from tui.table_view import Cell, Column


def _line(key: str, row: dict[str, object], now_ms: int) -> Cell:
    return Cell(str(row["line"]), "dim")


class Faults(Vertical):
    """Editor above, faults and warnings below."""

    COLUMNS: ClassVar = (
        Column("line", "fault.line", 4, _line, right=True),
        Column("path", "fault.path", 28, lambda key, row, _: Cell(row["path"], row["tone"]), grow=2),
        Column("problem", "fault.problem", 24, lambda key, row, _: Cell(row["problem"]), grow=4),
        Column("mend", "fault.mend", 20, lambda key, row, _: Cell(row["mend"], "dim"), grow=3, rank=1),
    )

    def compose(self) -> ComposeResult:
        """Editor and table."""
        yield TextArea(show_line_numbers=True, soft_wrap=False, tab_behavior="focus")
        table = Table(self.COLUMNS, "fault.none")
        table.id = "faults"
        yield table
        yield StyledText(id="fault")

    def show(self, edit: EditState) -> None:
        """What the check says of this text."""
        rows: list[tuple[str, Row]] = []
        for tone, faults in (("bad", edit.faults), ("busy", edit.warnings)):
            for fault in faults:
                line = line_of(edit.text, fault.path, fault.problem) + 1
                rows.append((f"{len(rows):04d}", {**plain(fault), "line": line, "tone": tone}))
        table = self.query_one(Table)
        table.explain_empty("" if edit.checked else tr("fault.unchecked"))
        table.fill(rows, 0)
        self._refresh_text()

    def on_table_moved(self, event: Table.Moved) -> None:
        """Tell the fault under the cursor whole."""
        event.stop()
        self._refresh_text()

    def _refresh_text(self) -> None:
        row = self.query_one(Table).row
        parts = [Cell(row["problem"], row["tone"]), Cell(row["mend"])] if row is not None else []
        self.query_one("#fault", StyledText).show_lines([parts] if parts else [])

    def on_table_opened(self, event: Table.Opened) -> None:
        """Go to the line of a fault."""
        event.stop()
        row = event.table.row
        if row is not None:
            editor = self.query_one(TextArea)
            editor.move_cursor((row["line"] - 1, 0), center=True)
            editor.focus()
