"""The base class of the panes of the main screen.

Rule: a pane is updated (`renew`) only while it is shown, when something may have changed.
"""

from textual.containers import Vertical
from textual.message import Message

from tui.model import ConsoleModel


class LookUp(Message):
    """The operator wants to see another pane's rows that hold these words."""

    def __init__(self, pane: str, words: str) -> None:
        super().__init__()
        self.pane = pane
        self.words = words


class Pane(Vertical):
    """One of the panes; `name` is its place in `tui.keys.PANES`."""

    def __init__(self, model: ConsoleModel, name: str) -> None:
        super().__init__(id=name)
        self.model = model

    def renew(self) -> None:
        """Update the pane: the model changed, a second passed, or the pane is shown now."""
        raise NotImplementedError

    def language_changed(self) -> None:
        """The language changed."""
        self.renew()

    def focus_table(self) -> None:
        """Give the keys to the pane."""
        raise NotImplementedError
