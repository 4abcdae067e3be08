"""The keys that work here and now, in one line.

Rule: what is shown is what the screen would really do on that key: bindings that are not active are not hinted at, and
the user's own keys stand in place of ours.
"""

from typing import ClassVar

from rich.text import Text
from textual.app import RenderResult
from textual.widget import Widget

from tui.keys import KEYS, shown
from tui.say import say


class HintBar(Widget):
    """As many keys as there is room for, the one of the view in sight marked; `lead` is a text in front of them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"hintbar--key", "hintbar--here"}

    def __init__(self, lead: str = "") -> None:
        super().__init__()
        self._lead = lead

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def render(self) -> RenderResult:
        """One line: key and meaning, key and meaning."""
        active = {active.binding.id: active.binding.key for active in self.screen.active_bindings.values()}
        plain, marked = (self.get_component_rich_style(f"hintbar--{name}", partial=True) for name in ("key", "here"))
        here = getattr(self.screen, "here", "")
        text = Text(f" {say(self._lead)} " if self._lead else "", no_wrap=True)
        for key in sorted(KEYS, key=lambda key: key.where == "app"):
            if not key.hint or key.id not in active:
                continue
            meaning = say("keys." + key.id.replace(".", "_"))
            style = marked if key.id == here else plain
            piece = Text.assemble(
                (f" {shown(active[key.id])}", style), (f" {meaning} ", style if key.id == here else "")
            )
            if text.cell_len + piece.cell_len > self.size.width:
                break
            text.append_text(piece)
        return text
