"""The dialog box before a plan is published: what changes, and a note for the history.

Rule: a plan is not published without a note.
"""

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from tui.hintbar import HintBar
from tui.i18n import tr
from tui.plan.compare import compare
from tui.plan.edit_state import EditState
from tui.screens.box import Box
from tui.styled_text import StyledText


class Publish(Box[str]):
    """Gives the note, or None."""

    def __init__(self, edit: EditState) -> None:
        super().__init__()
        self._work = edit

    def compose(self) -> ComposeResult:
        """Difference, note, hint."""
        with Vertical(classes="box wide"):
            yield Static(tr("plan.publish_title"), classes="title")
            with VerticalScroll(classes="last-look", can_focus=False):
                yield StyledText(id="last")
            yield Input(placeholder=tr("plan.note"), compact=True)
            yield HintBar("plan.publish_hint")

    def on_mount(self) -> None:
        """Straight to the note."""
        self.query_one("#last", StyledText).show_lines(compare(self._work.live.text, self._work.text))
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Publish under this note."""
        if event.value.strip():
            self.dismiss(event.value.strip())
