"""One call in detail: its parties, attempts and trace, and the signalling of both sides.

Rule: it is fetched again when the call's row changes, at most once a second, and when a lost link is back; a call that
is over is not fetched again.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.widgets import Static

from b2bua.api.requests.calls import CallShown, ShowCall
from b2bua.console.protocol import Row
from b2bua.console.rows import CALLS, QUEUES
from routing.ids import CallId
from tui import call_summary, waiting
from tui.background import run_latest
from tui.base_screen import BaseScreen
from tui.i18n import tr, tr_slug
from tui.keys import bindings
from tui.ladder import ladder
from tui.model import ConsoleModel, NotDone
from tui.panes.pane import LookUp
from tui.screens.hangup import confirm_hangup
from tui.styled_text import StyledText

_EVENTS = ("head", "attempts", "trace")
_SIGNALLING = ("ladder", "media")
_SECTIONS = (*_EVENTS, *_SIGNALLING, "messages")
_ASK_EVERY_MS = 1000
_ABREAST = 140
"""From this width on, events and signalling are side by side."""


class Detail(BaseScreen):
    """One call, whether it is up or over."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("detail")

    def __init__(self, model: ConsoleModel, call_id: str) -> None:
        super().__init__(model)
        self._call_id = call_id
        self._shown: CallShown | None = None
        self._row: Row | None = None
        self._asked_ms = 0
        self._linked_ms = -1
        self._messages = False

    def body(self) -> ComposeResult:
        """Events and signalling, side by side where there is room; the SIP messages below."""
        with VerticalScroll(classes="detail"):
            yield Static(tr("detail.asking"), id="why", markup=False)
            with Container(id="sides"):
                for side in (_EVENTS, _SIGNALLING):
                    with Vertical(classes="side"):
                        for name in side:
                            yield _section(name)
            yield _section("messages")

    def on_resize(self) -> None:
        """Draw the ladder in the new width."""
        self.set_class(self.size.width >= _ABREAST, "-abreast")
        self._refresh_text()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hanging up is offered only for a call that is up, messages only if there are some."""
        match action:
            case "hangup":
                row = self.model.rows(CALLS).get(self._call_id)
                return row is not None and row["state"] != "ended"
            case "messages":
                return bool(self._shown and self._shown.messages)
        return super().check_action(action, parameters)

    def renew(self) -> None:
        """Fetch the call again if it changed; update its durations."""
        super().renew()
        row = self.model.rows(CALLS).get(self._call_id)
        due = row is not None and row != self._row and self.model.now_ms() - self._asked_ms >= _ASK_EVERY_MS
        over = self._shown is not None and self._shown.record.ended_ms is not None
        link = self.model.link
        if due or (link.up and link.since_ms != self._linked_ms and not over):
            self._row = dict(row) if row is not None else None
            self._asked_ms, self._linked_ms = self.model.now_ms(), link.since_ms
            run_latest(self, self._ask, "detail")
        self._refresh_text()

    def language_changed(self) -> None:
        """The language changed."""
        super().language_changed()
        self._refresh_text()

    def action_back(self) -> None:
        """Back to where the operator came from."""
        self.dismiss()

    def action_hangup(self) -> None:
        """Hang this call up, if the operator confirms."""
        row = self.model.rows(CALLS).get(self._call_id)
        if row is not None:
            confirm_hangup(self.app, self.model, self._call_id, row)

    def action_log(self) -> None:
        """What the log says of this call."""
        self.post_message(LookUp("log", self._call_id))

    def action_messages(self) -> None:
        """Show or hide the SIP messages whole."""
        self._messages = not self._messages
        self._refresh_text()

    async def _ask(self) -> None:
        try:
            self._shown = await self.model.ask(ShowCall(CallId(self._call_id)))
        except NotDone as refusal:
            if self._shown is None:
                self.query_one("#why", Static).update(str(refusal))
            return
        self.query_one("#why").display = False
        self.refresh_bindings()
        self._refresh_text()

    def _refresh_text(self) -> None:
        if self._shown is None:
            return
        record, messages = self._shown.record, self._shown.messages
        now_ms = self.model.now_ms()
        line = self.model.rows(QUEUES).get(self._call_id)
        lines = {
            "head": [*call_summary.head(record, now_ms), *([waiting.queue_line(line, now_ms)] if line else [])],
            "attempts": call_summary.attempts(record, now_ms),
            "trace": call_summary.trace(record.trace),
            "ladder": ladder(messages, record.accepted_ms, self._ladder_columns()) if messages else [],
            "media": call_summary.media(record, messages),
            "messages": call_summary.messages(messages) if self._messages else [],
        }
        for name in _SECTIONS:
            section = self.query_one(f"#{name}", StyledText)
            section.border_title = tr(f"detail.{name}")
            section.display = bool(lines[name])
            section.border_subtitle = tr_slug("missing", self._shown.missing) if name == "ladder" else ""
            section.show_lines(lines[name], gap="" if name == "ladder" else "  ")

    def _ladder_columns(self) -> int:
        return (self.size.width // 2 if self.size.width >= _ABREAST else self.size.width) - 4


def _section(name: str) -> StyledText:
    section = StyledText(id=name, classes="section")
    section.display = False
    return section
