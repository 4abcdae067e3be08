"""One call whole: what it is, whom it rang, why it went there, and the signalling of both sides.

Rule: it is asked for anew whenever the call's row changes, at most once a second, and when a lost link is back; a call
that is over stays as it was.
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
from tui.beside import ask_anew
from tui.board import Board, NotDone
from tui.framed import Framed
from tui.i18n import say, say_slug
from tui.keys import bindings
from tui.ladder import ladder
from tui.panes.pane import LookUp
from tui.screens.hangup import confirm_hangup
from tui.styled_text import StyledText

_EVENTS = ("head", "attempts", "trace")
_SIGNALLING = ("ladder", "media")
_SECTIONS = (*_EVENTS, *_SIGNALLING, "messages")
_ASK_EVERY_MS = 1000
_ABREAST = 140
"""From this width on what happened and the signalling stand side by side."""


class Detail(Framed):
    """One call, whether it is up or over."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("detail")

    def __init__(self, board: Board, call_id: str) -> None:
        super().__init__(board)
        self._call_id = call_id
        self._shown: CallShown | None = None
        self._row: Row | None = None
        self._asked_ms = 0
        self._linked_ms = -1
        self._messages = False

    def body(self) -> ComposeResult:
        """What happened and what was said on the wire, side by side where there is room; the messages under both."""
        with VerticalScroll(classes="story"):
            yield Static(say("detail.asking"), id="why", markup=False)
            with Container(id="sides"):
                for side in (_EVENTS, _SIGNALLING):
                    with Vertical(classes="side"):
                        for name in side:
                            yield _section(name)
            yield _section("messages")

    def on_resize(self) -> None:
        """Draw the ladder in the new width."""
        self.set_class(self.size.width >= _ABREAST, "-abreast")
        self._tell()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be done is offered: no hanging up of what is over, no messages where there are none."""
        match action:
            case "hangup":
                row = self.board.rows(CALLS).get(self._call_id)
                return row is not None and row["state"] != "ended"
            case "messages":
                return bool(self._shown and self._shown.messages)
        return super().check_action(action, parameters)

    def renew(self) -> None:
        """Ask again if the call changed; let its clocks run on."""
        super().renew()
        row = self.board.rows(CALLS).get(self._call_id)
        due = row is not None and row != self._row and self.board.now_ms() - self._asked_ms >= _ASK_EVERY_MS
        over = self._shown is not None and self._shown.record.ended_ms is not None
        link = self.board.link
        if due or (link.up and link.since_ms != self._linked_ms and not over):
            self._row = dict(row) if row is not None else None
            self._asked_ms, self._linked_ms = self.board.now_ms(), link.since_ms
            ask_anew(self, self._ask, "detail")
        self._tell()

    def respeak(self) -> None:
        """The language changed."""
        super().respeak()
        self._tell()

    def action_back(self) -> None:
        """Back to where the operator came from."""
        self.dismiss()

    def action_hangup(self) -> None:
        """Hang this call up, if the operator means it."""
        row = self.board.rows(CALLS).get(self._call_id)
        if row is not None:
            confirm_hangup(self.app, self.board, self._call_id, row)

    def action_log(self) -> None:
        """What the log says of this call."""
        self.post_message(LookUp("log", self._call_id))

    def action_messages(self) -> None:
        """Show or hide the SIP messages whole."""
        self._messages = not self._messages
        self._tell()

    async def _ask(self) -> None:
        try:
            self._shown = await self.board.ask(ShowCall(CallId(self._call_id)))
        except NotDone as refusal:
            if self._shown is None:
                self.query_one("#why", Static).update(str(refusal))
            return
        self.query_one("#why").display = False
        self.refresh_bindings()
        self._tell()

    def _tell(self) -> None:
        if self._shown is None:
            return
        record, messages = self._shown.record, self._shown.messages
        now_ms = self.board.now_ms()
        line = self.board.rows(QUEUES).get(self._call_id)
        lines = {
            "head": [*call_summary.head(record, now_ms), *([waiting.told(line, now_ms)] if line else [])],
            "attempts": call_summary.attempts(record, now_ms),
            "trace": call_summary.trace(record.trace),
            "ladder": ladder(messages, record.accepted_ms, self._ladder_columns()) if messages else [],
            "media": call_summary.media(record, messages),
            "messages": call_summary.messages(messages) if self._messages else [],
        }
        for name in _SECTIONS:
            section = self.query_one(f"#{name}", StyledText)
            section.border_title = say(f"detail.{name}")
            section.display = bool(lines[name])
            section.border_subtitle = say_slug("missing", self._shown.missing) if name == "ladder" else ""
            section.tell(lines[name], gap="" if name == "ladder" else "  ")

    def _ladder_columns(self) -> int:
        return (self.size.width // 2 if self.size.width >= _ABREAST else self.size.width) - 4


def _section(name: str) -> StyledText:
    section = StyledText(id=name, classes="section")
    section.display = False
    return section
