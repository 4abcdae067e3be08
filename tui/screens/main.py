"""The main screen: six panes, one of them shown.

Rule: a pane that is not shown is not updated, until it is shown again.
"""

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult, RenderResult
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from tui.base_screen import BaseScreen
from tui.hintbar import HintBar
from tui.i18n import tr
from tui.keys import PANES
from tui.model import ConsoleModel
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
            text.append(f" {number} {tr('pane.' + pane)} ", here if pane == self.here else "")
        return text

    async def on_click(self, event: events.Click) -> None:
        """A click on a name goes there."""
        x = 0
        for number, pane in enumerate(PANES, 1):
            x += Text(f" {number} {tr('pane.' + pane)} ").cell_len
            if event.x < x:
                await self.run_action(f"app.pane('{pane}')")
                break


class Main(BaseScreen):
    """What the console starts with."""

    def __init__(self, model: ConsoleModel, drafts: Drafts) -> None:
        super().__init__(model)
        self._drafts = drafts

    def body(self) -> ComposeResult:
        """The panes."""
        yield PaneBar()
        with ContentSwitcher(initial=PANES[0]):
            yield CallsPane(self.model, "calls")
            yield NumbersPane(self.model, "numbers", self._drafts)
            yield TrunksPane(self.model, "trunks")
            yield RecordsPane(self.model, "records")
            yield ReportsPane(self.model, "reports")
            yield LogPane(self.model, "log")

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
        """The model changed, or a second passed."""
        super().renew()
        self.pane.renew()

    def language_changed(self) -> None:
        """The language changed."""
        super().language_changed()
        self.query_one(PaneBar).refresh()
        for pane in self.query(Pane):
            pane.language_changed()
