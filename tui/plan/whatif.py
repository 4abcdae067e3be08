"""What if: the draft tried out on a call that nobody makes.

Rule: it is the daemon's own core that decides, on the text as it stands in the editor; nothing is rung.
"""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, Label

from b2bua.api.requests.plans import CallExplained, ExplainCall
from b2bua.console.rows import TRUNKS
from tui import call_summary
from tui.arrange import Cell
from tui.beside import ask_anew
from tui.board import Board, NotDone
from tui.i18n import say, say_slug
from tui.styled_text import StyledText

_LINES = ("caller", "at", "keys", "busy", "trunk")


class WhatIf(Vertical):
    """Lines to fill in, and what would happen; `text` is the document to try."""

    def __init__(self, board: Board, *, id: str) -> None:  # noqa: A002 - as Widget has it
        super().__init__(id=id)
        self._board = board
        self.text = ""

    def compose(self) -> ComposeResult:
        """Lines and outcome."""
        with Vertical(classes="fields"):
            for name in _LINES:
                with Horizontal():
                    yield Label(say(f"whatif.{name}"))
                    yield Input(placeholder=self._hint(name), id=f"whatif-{name}", compact=True)
        with VerticalScroll(classes="scroll"):
            yield StyledText(id="outcome")

    def _hint(self, name: str) -> str:
        trunks = {"names": "; ".join(self._board.rows(TRUNKS))} if name == "trunk" else {}
        return say(f"whatif.{name}_hint", **trunks)

    def on_input_submitted(self) -> None:
        """Try it."""
        ask_anew(self, self._try, "whatif")

    async def _try(self) -> None:
        typed = {name: self.query_one(f"#whatif-{name}", Input).value.strip() for name in _LINES}
        busy = tuple(name.strip() for name in typed["busy"].replace("；", ";").split(";") if name.strip())
        try:
            request = ExplainCall(self.text, typed["caller"], typed["at"], typed["keys"], busy, typed["trunk"])
            found = await self._board.ask(request)
        except ValueError as fault:
            self.query_one("#outcome", StyledText).tell([[Cell(str(fault), "bad")]])
            return
        except NotDone as refusal:
            faults = [
                [Cell(fault.path, "bad"), Cell(fault.problem), Cell(fault.mend, "dim")] for fault in refusal.faults
            ]
            self.query_one("#outcome", StyledText).tell([[Cell(str(refusal), "bad")], *faults])
            return
        self.query_one("#outcome", StyledText).tell(outcome(found))


def outcome(found: CallExplained) -> list[call_summary.Line]:
    """What would happen, in words: who rings in which order, how it ends, and why."""
    lines: list[call_summary.Line] = []
    for place, together in enumerate(found.rings, 1):
        line = [Cell(say("whatif.rings", place=place), "dim")]
        for target in together:
            line += [Cell(target.target, "key"), Cell(target.address)]
        lines.append(line)
    lines.append([Cell(say("whatif.ends"), "dim"), Cell(say_slug("cause", found.ending), "busy")])
    return [*lines, [], *call_summary.trace(found.steps)]
