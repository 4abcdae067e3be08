"""The base class of dialog boxes over the screen.

Rule: Esc closes every box without any effect; the keys in its last line come from the table of keys.
"""

from typing import ClassVar, TypeVar

from textual.binding import BindingType
from textual.screen import ModalScreen

from tui.keys import bindings

Answer = TypeVar("Answer")


class Box(ModalScreen[Answer | None]):
    """Returns its answer, or None if it was cancelled. Subclasses compose a `.box` that ends with a `HintBar`."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("box")

    def action_leave(self) -> None:
        """Back, and nothing done."""
        self.dismiss(None)
