"""The help: all keys, with the user's own in place of the default ones.

Rule: it is made from the table of keys.
"""

from itertools import groupby
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from tui.call_summary import Line
from tui.hintbar import HintBar
from tui.i18n import tr
from tui.keys import KEYS, bindings, shown
from tui.screens.box import Box
from tui.styled_text import StyledText
from tui.table_view import Cell
from tui.width import pad

_KEY, _NAME, _ABREAST = 6, 17, 3


class Help(Box[None]):
    """The keys by place; `own` are the user's."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("help")

    def __init__(self, own: dict[str, str]) -> None:
        super().__init__()
        self._own = own

    def compose(self) -> ComposeResult:
        """The table, and where it can be changed."""
        with Vertical(classes="box wide tall"):
            yield Static(tr("keys.title"), classes="title")
            with VerticalScroll(classes="keys"):
                yield StyledText(id="keys")
            yield HintBar("keys.hint")

    def on_mount(self) -> None:
        """Fill the table."""
        self.query_one("#keys", StyledText).show_lines(self._lines(), gap="")

    def _lines(self) -> list[Line]:
        """Place by place, several keys a line."""
        lines: list[Line] = []
        for where, keys in groupby(KEYS, key=lambda key: key.where):
            lines.append([Cell(tr(f"keys.in_{where}"), "dim")])
            for number, key in enumerate(keys):
                if number % _ABREAST == 0:
                    lines.append([])
                lines[-1] += [
                    Cell(pad(shown(self._own.get(key.id, key.key)), _KEY, right=True), "key"),
                    Cell(" " + pad(tr("keys." + key.id.replace(".", "_")), _NAME)),
                ]
        return lines
