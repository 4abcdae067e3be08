"""A question before something that cannot be taken back.

Rule: Enter is never yes: only the letter is, so that a key pressed too often does no harm.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.say import say


class Confirm(ModalScreen[bool]):
    """Asks `question`; gives whether the answer was yes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)", show=False),
        Binding("n,escape", "dismiss(False)", show=False),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question and the two answers."""
        with Vertical(classes="box ask"):
            yield Static(self._question, classes="title", markup=False)
            yield Static(say("ask.yes_no"), classes="hint", markup=False)
