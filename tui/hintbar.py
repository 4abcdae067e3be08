"""The hint bar: the keys that work now, in one line.

Rule: only active bindings are shown, with the user's own keys in place of the default ones. The key for help is always
shown, however narrow the line is.
"""

from typing import ClassVar, Final

from rich.style import Style
from rich.text import Text
from textual.app import RenderResult
from textual.widget import Widget

from tui.i18n import tr
from tui.keys import KEYS, Key, shown

_ALL: Final = "app.help"


class HintBar(Widget):
    """As many keys as fit, that of the view in front marked; `lead` is the key of a text before them."""

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
        hints = sorted((key for key in KEYS if key.hint and key.id in active), key=lambda key: key.where == "app")
        bare = Text(shown(active[_ALL]), self._style()) if _ALL in active else Text()
        text = Text(f" {tr(self._lead)} " if self._lead else "", no_wrap=True)
        for key in hints:
            piece = self._piece(key, active[key.id])
            reserved = 0 if key.id == _ALL else bare.cell_len
            if text.cell_len + piece.cell_len + reserved > self.size.width:
                text.append_text(bare)
                break
            text.append_text(piece)
            bare = Text() if key.id == _ALL else bare
        return text

    def _style(self, name: str = "hintbar--key") -> Style:
        return self.get_component_rich_style(name, partial=True)

    def _piece(self, key: Key, on: str) -> Text:
        """A key and its meaning, marked if it is that of the view in sight."""
        here = key.id == getattr(self.screen, "here", "")
        style = self._style("hintbar--here" if here else "hintbar--key")
        meaning = tr("keys." + key.id.replace(".", "_"))
        return Text.assemble((f" {shown(on)}", style), (f" {meaning} ", style if here else ""))
