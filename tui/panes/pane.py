"""What every pane of the main screen can do.

Rule: a pane is told when it is in sight and something may have changed; what it does then is its own affair.
"""

from textual.containers import Vertical
from textual.message import Message

from tui.board import Board


class LookUp(Message):
    """The operator wants to see another pane's rows that hold these words."""

    def __init__(self, pane: str, words: str) -> None:
        super().__init__()
        self.pane = pane
        self.words = words


class Pane(Vertical):
    """One of the panes; `name` is its place in `tui.keys.PANES`."""

    def __init__(self, board: Board, name: str) -> None:
        super().__init__(id=name)
        self.board = board

    def renew(self) -> None:
        """The board changed, or a second passed, or the pane came into sight."""
        raise NotImplementedError

    def respeak(self) -> None:
        """The language changed."""
        self.renew()

    def focus_table(self) -> None:
        """Give the keys to the pane."""
        raise NotImplementedError
