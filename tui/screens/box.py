"""A box over the screen that asks for something.

Rule: Esc leaves everything as it was, in every box; the keys at its foot come from the one table.
"""

from typing import ClassVar, TypeVar

from textual.binding import BindingType
from textual.screen import ModalScreen

from tui.keys import bindings

Answer = TypeVar("Answer")


class Box(ModalScreen[Answer | None]):
    """Gives its answer, or None if it was left. Subclasses compose a `.box` that ends with a `HintBar`."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("box")

    def action_leave(self) -> None:
        """Back, and nothing done."""
        self.dismiss(None)
