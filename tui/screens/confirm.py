"""A question before an action that cannot be undone.

Rule: only the letter for yes confirms, never Enter, so that a key pressed once too often has no effect.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Static

from tui.hintbar import HintBar
from tui.keys import bindings
from tui.screens.box import Box


class Confirm(Box[bool]):
    """Asks `question`; gives True if the answer was yes."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("ask")

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question and the two answers."""
        with Vertical(classes="box ask"):
            yield Static(self._question, classes="title", markup=False)
            yield HintBar()

    def action_yes(self) -> None:
        """Confirm."""
        self.dismiss(True)
