"""What if: tries the draft on an imagined call.

Rule: the daemon's routing core decides, on the text in the editor; no telephone rings.
"""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, Label

from b2bua.api.requests.plans import CallExplained, ExplainCall
from b2bua.console.rows import TRUNKS
from tui import call_summary
from tui.background import run_latest
from tui.i18n import tr, tr_slug
from tui.model import ConsoleModel, NotDone
from tui.styled_text import StyledText
from tui.table_view import Cell

_LINES = ("caller", "at", "keys", "busy", "trunk")


class WhatIf(Vertical):
    """Lines to fill in, and what would happen; `text` is the document to try."""

    def __init__(self, model: ConsoleModel, *, id: str) -> None:  # noqa: A002 - as Widget has it
        super().__init__(id=id)
        self._model = model
        self.text = ""

    def compose(self) -> ComposeResult:
        """Lines and outcome."""
        with Vertical(classes="fields"):
            for name in _LINES:
                with Horizontal():
                    yield Label(tr(f"whatif.{name}"))
                    yield Input(placeholder=self._hint(name), id=f"whatif-{name}", compact=True)
        with VerticalScroll(classes="scroll"):
            yield StyledText(id="outcome")

    def _hint(self, name: str) -> str:
        trunks = {"names": "; ".join(self._model.rows(TRUNKS))} if name == "trunk" else {}
        return tr(f"whatif.{name}_hint", **trunks)

    def on_input_submitted(self) -> None:
        """Try it."""
        run_latest(self, self._try, "whatif")

    async def _try(self) -> None:
        typed = {name: self.query_one(f"#whatif-{name}", Input).value.strip() for name in _LINES}
        busy = tuple(name.strip() for name in typed["busy"].replace("；", ";").split(";") if name.strip())
        try:
            request = ExplainCall(self.text, typed["caller"], typed["at"], typed["keys"], busy, typed["trunk"])
            found = await self._model.ask(request)
        except ValueError as fault:
            self.query_one("#outcome", StyledText).show_lines([[Cell(str(fault), "bad")]])
            return
        except NotDone as refusal:
            faults = [
                [Cell(fault.path, "bad"), Cell(fault.problem), Cell(fault.mend, "dim")] for fault in refusal.faults
            ]
            self.query_one("#outcome", StyledText).show_lines([[Cell(str(refusal), "bad")], *faults])
            return
        self.query_one("#outcome", StyledText).show_lines(outcome(found))


def outcome(found: CallExplained) -> list[call_summary.Line]:
    """What would happen, in words: who rings in which order, how it ends, and why."""
    lines: list[call_summary.Line] = []
    for place, together in enumerate(found.rings, 1):
        line = [Cell(tr("whatif.rings", place=place), "dim")]
        for target in together:
            line += [Cell(target.target, "key"), Cell(target.address)]
        lines.append(line)
    lines.append([Cell(tr("whatif.ends"), "dim"), Cell(tr_slug("cause", found.ending), "busy")])
    return [*lines, [], *call_summary.trace(found.steps)]
