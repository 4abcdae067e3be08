"""A dialog box with lines to fill in.

Rule: Enter goes to the next line, and closes the box on the last one; Esc cancels.
"""

from typing import ClassVar

import attrs
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, Static

from tui.hintbar import HintBar
from tui.keys import bindings
from tui.screens.box import Box


@attrs.frozen
class Line:
    """One line: its name in the answer, its label, what stands there at first, and a hint."""

    name: str
    label: str
    value: str = ""
    hint: str = ""


class Lines(Box[dict[str, str]]):
    """Gives what was filled in, by name; None if nothing is to be done."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("form")

    def __init__(self, title: str, lines: tuple[Line, ...]) -> None:
        super().__init__()
        self._title = title
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Title, lines, hint."""
        with Vertical(classes="box form"):
            yield Static(self._title, classes="title", markup=False)
            with Vertical(classes="fields"):
                for line in self._lines:
                    with Horizontal():
                        yield Label(line.label)
                        yield Input(line.value, placeholder=line.hint, compact=True)
            yield HintBar("form.hint")

    def on_mount(self) -> None:
        """Start on the first line."""
        self.query(Input).first().focus()

    def on_input_submitted(self) -> None:
        """Go on, or out."""
        if self.focused is self.query(Input).last():
            self.action_done()
        else:
            self.focus_next()

    def action_done(self) -> None:
        """Give the answer."""
        typed = zip(self._lines, self.query(Input), strict=True)
        self.dismiss({line.name: box.value.strip() for line, box in typed})
