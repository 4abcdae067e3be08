"""Who changed what and when, with the difference (T4).

Rule: the trail is shown as the daemon keeps it; nothing can be done to it here.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll

from b2bua.api.requests.audit import AuditStep, FindAudit
from b2bua.console.feed import plain
from tui.arrange import Cell, Column
from tui.beside import ask_anew
from tui.board import Board, NotDone
from tui.columns import text
from tui.framed import Framed
from tui.i18n import say_slug
from tui.keys import bindings
from tui.plan.compare import compare
from tui.styled_text import StyledText
from tui.table import Table
from tui.time_text import day_clock

MOST = 500


class Audit(Framed):
    """The trail above, what one step changed below."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("audit")
    COLUMNS: ClassVar = (
        Column("at", "audit.at", 14, lambda key, row, _: Cell(day_clock(row["at_ms"]), "dim")),
        text("who", "audit.who", 12, "key", grow=1),
        Column(
            "operation",
            "audit.operation",
            14,
            lambda key, row, _: Cell(say_slug("audit_word", row["operation"])),
            grow=1,
        ),
        text("subject", "audit.subject", 14, grow=1),
        text("note", "audit.note", 16, grow=4),
    )

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        self._steps: tuple[AuditStep, ...] = ()
        self._asked = False

    def body(self) -> ComposeResult:
        """Table and text."""
        yield Table(self.COLUMNS, "link.nobody", opens=False)
        with VerticalScroll(classes="scroll"):
            yield StyledText(id="step")

    def on_mount(self) -> None:
        """Give the keys to the table."""
        self.query_one(Table).focus()

    def renew(self) -> None:
        """Fetch the trail, as soon as there is a link."""
        super().renew()
        if not self._asked and self.board.link.up:
            self._asked = True
            ask_anew(self, self._fetch, "audit")

    def on_table_moved(self, event: Table.Moved) -> None:
        """Show what this step changed."""
        step = self._steps[int(event.key)]
        self.query_one("#step", StyledText).tell(compare(step.before, step.after))

    def action_back(self) -> None:
        """Back to the log."""
        self.dismiss()

    async def _fetch(self) -> None:
        try:
            found = await self.board.ask(FindAudit(most=MOST))
        except NotDone as refusal:
            self.query_one(Table).excuse(str(refusal))
            return
        self._steps = found.rows
        table = self.query_one(Table)
        table.empty = "audit.none"
        rows = ({**plain(step), "note": note_of(step)} for step in self._steps)
        table.fill([(f"{place:06d}", row) for place, row in enumerate(rows)], 0)


def note_of(step: AuditStep) -> str:
    """The fields of a change in a line, what was written by hand first; of older changes the sentence of that time."""
    named = {name: value for name, value in step.fields.items() if name not in ("note", "plan_hash", "version")}
    parts = [step.detail, step.fields.get("note", ""), *(f"{name} {value}" for name, value in named.items())]
    return " · ".join(filter(None, parts))
