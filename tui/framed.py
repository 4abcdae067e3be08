"""The frame of every screen: the top bar above, the keys that work here below.

Rule: whatever screen is up, the state of the switch stays in sight.
"""

from contextlib import suppress

from textual.app import ComposeResult
from textual.css.query import NoMatches
from textual.screen import Screen

from tui.board import Board
from tui.hintbar import HintBar
from tui.topbar import TopBar


class Framed(Screen[None]):
    """A screen between the two bars. Subclasses give `body`, and `renew` what the board's changes touch."""

    def __init__(self, board: Board) -> None:
        super().__init__()
        self.board = board
        self.ready = False

    def compose(self) -> ComposeResult:
        """Bars and body."""
        yield TopBar(self.board)
        yield from self.body()
        yield HintBar()

    @property
    def here(self) -> str:
        """The id of the key that leads to what is in sight now, where keys choose between views."""
        return ""

    def body(self) -> ComposeResult:
        """What stands between the bars."""
        yield from ()

    def renew(self) -> None:
        """The board changed, or a second passed."""
        self.query_one(TopBar).renew()

    def respeak(self) -> None:
        """The language changed."""
        self.renew()
        self.query_one(HintBar).refresh()

    def on_screen_resume(self) -> None:
        """Back in sight: what has changed meanwhile is shown now, not at the next beat."""
        if self.ready:
            # while the console is being closed, a screen loses its parts one by one
            with suppress(NoMatches):
                self.renew()

    def on_mount(self) -> None:
        """Show what is known at once: the next beat may be a second away."""
        self.ready = True
        self.app.theme_changed_signal.subscribe(self, lambda _: self.refresh())
        self.renew()
