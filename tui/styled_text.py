"""A widget that shows lines of cells, each in its tone.

Rule: it is drawn again only if the text has changed.
"""

from typing import ClassVar

from rich.text import Text
from textual.widgets import Static

from tui import call_summary
from tui.table_view import TONES


class StyledText(Static):
    """A text of several lines, each a row of cells, in the theme's tones."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"styled--{tone}" for tone in TONES}

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - as Static has it
        super().__init__(id=id, classes=classes, markup=False)
        self._lines: list[call_summary.Line] = []
        self._gap = ""

    def show_lines(self, lines: list[call_summary.Line], gap: str = "  ") -> None:
        """Show these lines."""
        self._lines, self._gap = lines, gap
        styles = {tone: self.get_component_rich_style(f"styled--{tone}", partial=True) for tone in TONES}
        shown = call_summary.text(lines, styles, gap)
        shown.rstrip()
        if not isinstance(self.content, Text) or self.content != shown:
            self.update(shown)

    def on_mount(self) -> None:
        """Draw again when the theme changes."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self.show_lines(self._lines, self._gap))
