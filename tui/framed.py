"""The frame of every screen: the top bar above, the keys that work here below.

Rule: whatever screen is up, the state of the switch stays in sight.
"""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult, RenderResult
from textual.screen import Screen
from textual.widget import Widget

from tui.board import Board
from tui.keys import KEYS, shown
from tui.say import say
from tui.topbar import TopBar


class HintBar(Widget):
    """The keys that matter here, as many as there is room for."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"hintbar--key"}

    def render(self) -> RenderResult:
        """One line: key and meaning, key and meaning."""
        active = {active.binding.id: active.binding.key for active in self.screen.active_bindings.values()}
        style = self.get_component_rich_style("hintbar--key", partial=True)
        text = Text(no_wrap=True)
        for key in sorted(KEYS, key=lambda key: key.where == "app"):
            if not key.hint or key.id not in active:
                continue
            meaning = say("keys." + key.id.replace(".", "_"))
            piece = Text.assemble((f" {shown(active[key.id])}", style), f" {meaning} ")
            if text.cell_len + piece.cell_len > self.size.width:
                break
            text.append_text(piece)
        return text


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

    def on_mount(self) -> None:
        """Hints follow the focus."""
        self.ready = True
        self.app.theme_changed_signal.subscribe(self, lambda _: self.refresh())
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.query_one(HintBar).refresh())
