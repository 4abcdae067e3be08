"""The console application: the model, a stack of screens, and a timer that updates the screen in front.

Rule: however fast the feed, the screen is updated at most `BEATS_PER_S` times a second, and once a second for the
clocks.
"""

import time
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Final

from textual.app import App
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.css.query import NoMatches

from tui.base_screen import BaseScreen
from tui.i18n import Language, current_language, set_language
from tui.keys import bindings, remapped
from tui.model import ConsoleModel, Source
from tui.palette import palette
from tui.panes.pane import LookUp
from tui.panes.table import TablePane
from tui.plan.drafts import Drafts
from tui.screens.help import Help
from tui.screens.main import Main
from tui.themes import THEMES

BEATS_PER_S: Final = 5


class Console(App[None]):
    """The NOC console. `own` is the folder of the user's keys and drafts. Raises KeysFault if the key file is wrong."""

    CSS_PATH = "console.tcss"
    TITLE = "switch400"
    BINDINGS: ClassVar[list[BindingType]] = bindings("app")
    COMMAND_PALETTE_BINDING = "ctrl+p"
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, source: Source, own: Path, theme: str = "night") -> None:
        super().__init__()
        self.model = ConsoleModel(source, changed=self._changed)
        self._own_keys = remapped(own / "keys.toml")
        self._drafts = Drafts(own / "drafts")
        self._news = True
        self._renewed_s = 0.0
        for known in THEMES:
            self.register_theme(known)
        self.theme = theme
        self.animation_level = "none"  # animations are too slow over a slow connection

    def on_mount(self) -> None:
        """Start the feed and the timer."""
        self.set_keymap(self._own_keys)
        self.push_screen(Main(self.model, self._drafts))
        self.run_worker(self.model.source.run(self.model), group="feed")
        self.set_interval(1 / BEATS_PER_S, self._beat)

    def action_command_palette(self) -> None:
        """Find a key by its meaning."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(palette(self._own_keys))

    def action_pane(self, name: str) -> None:
        """Go back to the main screen, and show this pane."""
        while not isinstance(self.screen, Main) and len(self.screen_stack) > 1:
            self.pop_screen()
        if isinstance(self.screen, Main):
            self.screen.go(name)

    def on_look_up(self, wanted: LookUp) -> None:
        """Show a pane with the rows about a call, a number or a trunk."""
        self.action_pane(wanted.pane)
        if isinstance(self.screen, Main) and isinstance(self.screen.pane, TablePane):
            self.screen.pane.filter_by(wanted.words)

    def action_help(self) -> None:
        """Show all keys."""
        self.push_screen(Help(self._own_keys))

    def action_language(self) -> None:
        """Change the language, everywhere at once."""
        set_language(Language.EN if current_language() is Language.ZH else Language.ZH)
        for screen in self.screen_stack:
            if isinstance(screen, BaseScreen) and screen.ready:
                screen.language_changed()

    def action_theme(self) -> None:
        """The next theme."""
        names = [theme.name for theme in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]

    def _changed(self) -> None:
        self._news = True

    def _beat(self) -> None:
        """Update the screen in front, if the model has changed or a second has passed."""
        now_s = time.monotonic()
        if not self._news and now_s - self._renewed_s < 1:
            return
        self._news, self._renewed_s = False, now_s
        for screen in reversed(self.screen_stack):
            if isinstance(screen, BaseScreen):
                if screen.ready:
                    # while the console is being closed, a screen loses its parts one by one
                    with suppress(NoMatches):
                        screen.renew()
                break
