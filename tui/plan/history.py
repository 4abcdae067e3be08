"""All versions of one number's plan: compare any two, restore one.

Rule: restoring publishes an old text again, and only if the version in force is still the one that the operator saw;
the history only grows.
"""

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message

from b2bua.api.requests.plans import PlanVersion, RestorePlan, ShowPlan, ShowPlanHistory
from b2bua.console.feed import plain
from b2bua.console.protocol import Row
from routing.ids import PlanHash
from tui.background import run_each, run_latest
from tui.i18n import tr
from tui.keys import bindings
from tui.model import ConsoleModel, NotDone
from tui.plan.compare import compare
from tui.plan.edit_state import Version
from tui.screens.confirm import Confirm
from tui.styled_text import StyledText
from tui.table import Table
from tui.table_view import Cell, Column
from tui.time_text import day_clock


def _mark(key: str, row: Row, now_ms: int) -> Cell:
    if row["marked"]:
        return Cell(tr("history.marked"), "busy")
    return Cell(tr("history.live") if row["live"] else "", "good")


class History(Vertical):
    """Versions above, the difference of two of them below."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("history")
    COLUMNS: ClassVar = (
        Column("at", "history.at", 14, lambda key, row, _: Cell(day_clock(row["at_ms"]))),
        Column("hash", "history.hash", 8, lambda key, row, _: Cell(row["plan_hash"][:8], "key")),
        Column("mark", "history.mark", 6, _mark),
        Column("author", "history.author", 12, lambda key, row, _: Cell(row["author"]), grow=1),
        Column("note", "history.note", 20, lambda key, row, _: Cell(row["note"]), grow=4),
    )

    class Restored(Message):
        """Another version is in force now."""

    def __init__(self, model: ConsoleModel, number: str, *, id: str) -> None:  # noqa: A002 - as Widget has it
        super().__init__(id=id)
        self._model = model
        self._number = number
        self._live = Version("", "", None, "", "")
        self._versions: tuple[PlanVersion, ...] = ()
        self._marked = ""

    def compose(self) -> ComposeResult:
        """Table and text."""
        yield Table(self.COLUMNS, "history.none")
        with VerticalScroll(classes="scroll"):
            yield StyledText(id="between")

    def fetch(self, live: Version) -> None:
        """Ask for the versions anew."""
        self._live = live
        run_latest(self, self._fetch, "history")

    def on_table_opened(self, event: Table.Opened) -> None:
        """Show what differs between the marked version (or the one in force) and this one."""
        event.stop()
        version = self._versions[int(event.key)]
        old = self._marked or self._live.plan_hash
        run_latest(self, partial(self._compare, old, version.plan_hash), "compare")

    def action_mark(self) -> None:
        """Compare others with this one from now on; once more: with the one in force again."""
        table = self.query_one(Table)
        if table.key is not None:
            plan_hash = self._versions[int(table.key)].plan_hash
            self._marked = "" if self._marked == plan_hash else plan_hash
            self._fill()

    def action_restore(self) -> None:
        """Publish the version under the cursor again, if the operator confirms."""
        table = self.query_one(Table)
        if table.key is None:
            return
        version, seen = self._versions[int(table.key)], self._live.plan_hash

        def answered(yes: bool | None) -> None:
            if yes:
                run_each(self, partial(self._restore, version, seen), "restore")

        at = day_clock(version.at_ms)
        self.app.push_screen(Confirm(tr("ask.restore", at=at, note=version.note)), answered)

    async def _fetch(self) -> None:
        try:
            found = await self._model.ask(ShowPlanHistory(self._number))
        except NotDone as refusal:
            self.notify(str(refusal), severity="error", markup=False)
            return
        self._versions = found.versions
        self._fill()

    async def _compare(self, old: str, new: str) -> None:
        try:
            texts = [await self._text(plan_hash) for plan_hash in (old, new)]
        except NotDone as refusal:
            self.notify(str(refusal), severity="error", markup=False)
            return
        head = [Cell(f"{old[:8]} → {new[:8]}", "key")]
        lines = compare(*texts) or [[Cell(tr("plan.no_difference"), "dim")]]
        self.query_one("#between", StyledText).show_lines([head, *lines])

    async def _text(self, plan_hash: str) -> str:
        return (await self._model.ask(ShowPlan(self._number, plan_hash))).text

    async def _restore(self, version: PlanVersion, seen: str) -> None:
        note = tr("history.restored_note", at=day_clock(version.at_ms), note=version.note)
        try:
            await self._model.ask(RestorePlan(self._number, version.version, note=note, base=PlanHash(seen)))
        except (NotDone, ValueError) as refusal:
            self.notify(str(refusal), severity="error", markup=False)
            return
        self.notify(tr("plan.published"))
        self.post_message(self.Restored())

    def _fill(self) -> None:
        rows = [
            (f"{place:06d}", {**plain(version), "marked": version.plan_hash == self._marked})
            for place, version in enumerate(self._versions)
        ]
        self.query_one(Table).fill(rows, 0)
