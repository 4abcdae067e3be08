"""A few lines to fill in.

Rule: Enter goes on, and from the last line out; Esc leaves everything as it was.
"""

from typing import ClassVar

import attrs
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from tui.say import say


@attrs.frozen
class Line:
    """One line: its name in the answer, its label, what stands there at first, and a hint."""

    name: str
    label: str
    value: str = ""
    hint: str = ""


class Lines(ModalScreen[dict[str, str] | None]):
    """Gives what was filled in, by name; None if nothing is to be done."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", show=False),
        Binding("ctrl+s", "done", show=False, priority=True),
    ]

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
            yield Static(say("form.hint"), classes="hint")

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
