"""The last look before a plan goes live: what changes, and a note for those who come after.

Rule: no note, no publishing.
"""

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from tui.hintbar import HintBar
from tui.i18n import say
from tui.plan.compare import compare
from tui.plan.work import Work
from tui.screens.box import Box
from tui.styled_text import StyledText


class Publish(Box[str]):
    """Gives the note, or None."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self._work = work

    def compose(self) -> ComposeResult:
        """Difference, note, hint."""
        with Vertical(classes="box wide"):
            yield Static(say("plan.publish_title"), classes="title")
            with VerticalScroll(classes="last-look", can_focus=False):
                yield StyledText(id="last")
            yield Input(placeholder=say("plan.note"), compact=True)
            yield HintBar("plan.publish_hint")

    def on_mount(self) -> None:
        """Straight to the note."""
        self.query_one("#last", StyledText).tell(compare(self._work.live.text, self._work.text))
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Publish under this note."""
        if event.value.strip():
            self.dismiss(event.value.strip())
