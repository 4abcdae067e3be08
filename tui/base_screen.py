"""The base class of full screens: the top bar above, the hint bar with the active keys below.

Rule: every full screen shows the state of the switch.
"""

from contextlib import suppress

from textual.app import ComposeResult
from textual.css.query import NoMatches
from textual.screen import Screen

from tui.hintbar import HintBar
from tui.model import ConsoleModel
from tui.topbar import TopBar


class BaseScreen(Screen[None]):
    """A screen with the two bars. Subclasses give `body`, and update in `renew` what depends on the model."""

    def __init__(self, model: ConsoleModel) -> None:
        super().__init__()
        self.model = model
        self.ready = False

    def compose(self) -> ComposeResult:
        """Bars and body."""
        yield TopBar(self.model)
        yield from self.body()
        yield HintBar()

    @property
    def here(self) -> str:
        """The id of the key that selects the view that is shown now; empty where keys do not select views."""
        return ""

    def body(self) -> ComposeResult:
        """The widgets between the bars."""
        yield from ()

    def renew(self) -> None:
        """Update the screen: the model changed, or a second passed."""
        self.query_one(TopBar).renew()

    def language_changed(self) -> None:
        """The language changed."""
        self.renew()
        self.query_one(HintBar).refresh()

    def on_screen_resume(self) -> None:
        """Update the screen at once when it is in front again."""
        if self.ready:
            # while the console is being closed, a screen loses its parts one by one
            with suppress(NoMatches):
                self.renew()

    def on_mount(self) -> None:
        """Update the screen at once: the timer may be a second away."""
        self.ready = True
        self.app.theme_changed_signal.subscribe(self, lambda _: self.refresh())
        self.renew()
