"""The audit trail: who changed what and when, with the difference (T4).

Rule: the trail is shown as the daemon has it, and cannot be changed.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll

from b2bua.api.requests.audit import AuditStep, FindAudit
from b2bua.console.feed import plain
from tui.background import run_latest
from tui.base_screen import BaseScreen
from tui.columns import text
from tui.i18n import tr_slug
from tui.keys import bindings
from tui.model import ConsoleModel, NotDone
from tui.plan.compare import compare
from tui.styled_text import StyledText
from tui.table import Table
from tui.table_view import Cell, Column
from tui.time_text import day_clock

MOST = 500


class Audit(BaseScreen):
    """The trail above, what one step changed below."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("audit")
    COLUMNS: ClassVar = (
        Column("at", "audit.at", 14, lambda key, row, _: Cell(day_clock(row["at_ms"]), "dim")),
        text("who", "audit.who", 12, "key", grow=1),
        Column(
            "operation",
            "audit.operation",
            14,
            lambda key, row, _: Cell(tr_slug("audit_word", row["operation"])),
            grow=1,
        ),
        text("subject", "audit.subject", 14, grow=1),
        text("note", "audit.note", 16, grow=4),
    )

    def __init__(self, model: ConsoleModel) -> None:
        super().__init__(model)
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
        if not self._asked and self.model.link.up:
            self._asked = True
            run_latest(self, self._fetch, "audit")

    def on_table_moved(self, event: Table.Moved) -> None:
        """Show what this step changed."""
        step = self._steps[int(event.key)]
        self.query_one("#step", StyledText).show_lines(compare(step.before, step.after))

    def action_back(self) -> None:
        """Back to the log."""
        self.dismiss()

    async def _fetch(self) -> None:
        try:
            found = await self.model.ask(FindAudit(most=MOST))
        except NotDone as refusal:
            self.query_one(Table).explain_empty(str(refusal))
            return
        self._steps = found.rows
        table = self.query_one(Table)
        table.empty = "audit.none"
        rows = ({**plain(step), "note": note_of(step)} for step in self._steps)
        table.fill([(f"{place:06d}", row) for place, row in enumerate(rows)], 0)


def note_of(step: AuditStep) -> str:
    """The fields of a change in one line, the operator's note first; for changes of older releases, their sentence."""
    named = {name: value for name, value in step.fields.items() if name not in ("note", "plan_hash", "version")}
    parts = [step.detail, step.fields.get("note", ""), *(f"{name} {value}" for name, value in named.items())]
    return " · ".join(filter(None, parts))
