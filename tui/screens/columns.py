"""Which columns a table shows.

Rule: at least one column stays.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import SelectionList, Static

from tui.hintbar import HintBar
from tui.i18n import tr
from tui.keys import bindings
from tui.screens.box import Box
from tui.table_view import Column


class Columns(Box[frozenset[str]]):
    """Gives the names of the columns to hide, or None if nothing is to change."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("columns")

    def __init__(self, columns: tuple[Column, ...], hidden: frozenset[str]) -> None:
        super().__init__()
        self._columns = columns
        self._hidden = hidden

    def compose(self) -> ComposeResult:
        """A list to tick."""
        with Vertical(classes="box"):
            yield Static(tr("table.columns"), classes="title")
            yield SelectionList(
                *((tr(column.title), column.name, column.name not in self._hidden) for column in self._columns)
            )
            yield HintBar("table.columns_hint")

    def action_done(self) -> None:
        """Take the ticks."""
        chosen = set(self.query_one(SelectionList).selected)
        names = {column.name for column in self._columns}
        self.dismiss(frozenset(names - chosen) if chosen else None)
