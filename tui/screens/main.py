"""The main screen: the panes, one in sight at a time.

Rule: a pane out of sight costs nothing; it is brought up to date when it comes into sight.
"""

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult, RenderResult
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from tui.board import Board
from tui.framed import Framed
from tui.hintbar import HintBar
from tui.i18n import say
from tui.keys import PANES
from tui.panes.calls import CallsPane
from tui.panes.log import LogPane
from tui.panes.numbers import NumbersPane
from tui.panes.pane import Pane
from tui.panes.records import RecordsPane
from tui.panes.reports import ReportsPane
from tui.panes.trunks import TrunksPane
from tui.plan.drafts import Drafts


class PaneBar(Widget):
    """The panes' names with their keys, the one in sight marked."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"panebar--here"}

    def __init__(self) -> None:
        super().__init__()
        self.here = PANES[0]

    def render(self) -> RenderResult:
        """One line."""
        here = self.get_component_rich_style("panebar--here", partial=True)
        text = Text(no_wrap=True)
        for number, pane in enumerate(PANES, 1):
            text.append(f" {number} {say('pane.' + pane)} ", here if pane == self.here else "")
        return text

    async def on_click(self, event: events.Click) -> None:
        """A click on a name goes there."""
        x = 0
        for number, pane in enumerate(PANES, 1):
            x += Text(f" {number} {say('pane.' + pane)} ").cell_len
            if event.x < x:
                await self.run_action(f"app.pane('{pane}')")
                break


class Main(Framed):
    """What the console starts with."""

    def __init__(self, board: Board, drafts: Drafts) -> None:
        super().__init__(board)
        self._drafts = drafts

    def body(self) -> ComposeResult:
        """The panes."""
        yield PaneBar()
        with ContentSwitcher(initial=PANES[0]):
            yield CallsPane(self.board, "calls")
            yield NumbersPane(self.board, "numbers", self._drafts)
            yield TrunksPane(self.board, "trunks")
            yield RecordsPane(self.board, "records")
            yield ReportsPane(self.board, "reports")
            yield LogPane(self.board, "log")

    @property
    def pane(self) -> Pane:
        """The pane in sight."""
        return self.query_one(f"#{self.query_one(PaneBar).here}", Pane)

    def on_mount(self) -> None:
        """Start on the calls."""
        self.pane.focus_table()

    def go(self, name: str) -> None:
        """Bring this pane into sight."""
        bar = self.query_one(PaneBar)
        bar.here = name
        bar.refresh()
        self.query_one(ContentSwitcher).current = name
        self.pane.renew()
        self.pane.focus_table()
        self.query_one(HintBar).refresh()

    def renew(self) -> None:
        """The board changed, or a second passed."""
        super().renew()
        self.pane.renew()

    def respeak(self) -> None:
        """The language changed."""
        super().respeak()
        self.query_one(PaneBar).refresh()
        for pane in self.query(Pane):
            pane.respeak()
