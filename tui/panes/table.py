"""The base class of panes with a table: filter, sort order, columns and pause.

Rule: a pause stops only what is shown; the model is updated, and the end of the pause shows it at once.
"""

from collections.abc import Mapping
from typing import ClassVar

import attrs
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input, Static

from b2bua.console.protocol import Row
from tui.filter import Filter
from tui.i18n import tr
from tui.keys import bindings
from tui.model import ConsoleModel
from tui.panes.pane import Pane
from tui.screens.columns import Columns
from tui.table import Table
from tui.table_view import Column, View, visible_rows


class TablePane(Pane):
    """Subclasses give the columns, the first sort order, the rows, and whether rows change by themselves (`MOVES`)."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("table")
    COLUMNS: ClassVar[tuple[Column, ...]]
    SORT: ClassVar[tuple[str, bool]]
    EMPTY: ClassVar[str] = "table.empty"
    MOVES: ClassVar[bool] = True

    def __init__(self, model: ConsoleModel, name: str) -> None:
        super().__init__(model, name)
        self.view = View(*self.SORT)
        self._frozen: tuple[dict[str, Row], int] | None = None

    def compose(self) -> ComposeResult:
        """The table, and under it the filter."""
        yield Table(self.COLUMNS, self.EMPTY)
        yield Static(classes="note")
        yield Input(classes="filter", compact=True, select_on_focus=False)

    def on_mount(self) -> None:
        """Show what there is."""
        self.query_one(Input).display = False
        self._view_changed()

    def rows(self) -> Mapping[str, Row]:
        """The rows that this pane is about."""
        raise NotImplementedError

    @property
    def folded(self) -> frozenset[str]:
        """Columns that the pane leaves out by itself for now."""
        return frozenset()

    def notes(self) -> list[str]:
        """What the operator should know about these rows."""
        return []

    @property
    def table(self) -> Table:
        """The table itself."""
        return self.query_one(Table)

    @property
    def paused(self) -> bool:
        """Whether the table is paused."""
        return self._frozen is not None

    def renew(self) -> None:
        """Update the table: the model changed, or a second passed."""
        self.show_rows()

    def show_rows(self) -> None:
        """Bring the table up to date."""
        rows, now_ms = self._frozen or (self.rows(), self.model.now_ms())
        shown = visible_rows(rows, self.COLUMNS, self.view, now_ms)
        self.table.empty = "table.hidden" if rows else self.EMPTY
        self.table.fill(shown, now_ms)
        self._note(len(shown), len(rows))

    def language_changed(self) -> None:
        """The language changed."""
        self.table.relayout()
        self.show_rows()

    def focus_table(self) -> None:
        """Give the keys to the table."""
        self.table.focus()

    def action_filter(self) -> None:
        """Type a filter; it has effect while it is typed."""
        line = self.query_one(Input)
        line.placeholder = tr("table.filter")
        line.display = True
        line.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dropping the filter is offered while there is one, pausing where rows move by themselves."""
        if action == "pause":
            return self.MOVES
        if action == "clear":
            return bool(self.view.filter.words) or isinstance(self.screen.focused, Input)
        return super().check_action(action, parameters)

    def filter_by(self, words: str) -> None:
        """Show the rows with these words."""
        line = self.query_one(Input)
        line.value = words
        line.display = True
        self.focus_table()

    def action_invert(self) -> None:
        """Show what the filter hides, and hide what it shows."""
        line = self.query_one(Input)
        text = line.value.lstrip()
        line.value = text[1:] if text.startswith(("!", "！")) else "!" + text
        if not self.view.filter.words:
            self.action_filter()
            line.cursor_position = len(line.value)

    def action_clear(self) -> None:
        """Leave the filter; a second time, drop it."""
        line = self.query_one(Input)
        if line.has_focus and line.value:
            self.focus_table()
            return
        line.value = ""
        line.display = False
        self.focus_table()

    def action_sort(self) -> None:
        """Sort by the next column."""
        names = [column.name for column in self.COLUMNS if column.name not in self.view.hidden]
        place = names.index(self.view.sort) if self.view.sort in names else -1
        self.view = attrs.evolve(self.view, sort=names[(place + 1) % len(names)], descending=False)
        self._view_changed()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.view = attrs.evolve(self.view, descending=not self.view.descending)
        self._view_changed()

    def action_columns(self) -> None:
        """Choose the columns."""

        def chosen(hidden: frozenset[str] | None) -> None:
            if hidden is not None:
                self.view = attrs.evolve(self.view, hidden=hidden)
                self._view_changed()

        self.app.push_screen(Columns(self.COLUMNS, self.view.hidden), chosen)

    def action_pause(self) -> None:
        """Pause the table, or end the pause."""
        frozen = ({key: dict(row) for key, row in self.rows().items()}, self.model.now_ms())
        self._frozen = None if self.paused else frozen
        self.show_rows()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter by what is typed so far."""
        self.view = attrs.evolve(self.view, filter=Filter.parse(event.value))
        self._view_changed()

    def on_input_submitted(self) -> None:
        """Back to the table, filter kept."""
        self.focus_table()

    def _view_changed(self) -> None:
        self.table.hidden = self.view.hidden | self.folded
        self.table.sorted_by = (self.view.sort, self.view.descending)
        self.table.relayout()
        self.show_rows()

    def _note(self, shown: int, total: int) -> None:
        """One line between table and filter, shown only if there are notes."""
        parts = [*self.notes()]
        if self.paused:
            parts.append(tr("table.paused"))
        if self.view.filter.words:
            parts.append(tr("table.filtered", shown=shown, total=total))
        note = self.query_one(".note", Static)
        text = "  ".join(parts)
        if str(note.content) != text:
            note.update(text)
        note.display = bool(parts)
