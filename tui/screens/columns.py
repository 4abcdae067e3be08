"""Which columns a table shows.

Rule: at least one column stays.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import SelectionList, Static

from tui.arrange import Column
from tui.say import say


class Columns(ModalScreen[frozenset[str] | None]):
    """Gives the names of the columns to hide, or None if nothing is to change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", show=False),
        Binding("enter", "done", show=False, priority=True),
    ]

    def __init__(self, columns: tuple[Column, ...], hidden: frozenset[str]) -> None:
        super().__init__()
        self._columns = columns
        self._hidden = hidden

    def compose(self) -> ComposeResult:
        """A list to tick."""
        with Vertical(classes="box"):
            yield Static(say("table.columns"), classes="title")
            yield SelectionList(
                *((say(column.title), column.name, column.name not in self._hidden) for column in self._columns)
            )
            yield Static(say("table.columns_hint"), classes="hint")

    def action_done(self) -> None:
        """Take the ticks."""
        chosen = set(self.query_one(SelectionList).selected)
        names = {column.name for column in self._columns}
        self.dismiss(frozenset(names - chosen) if chosen else None)
