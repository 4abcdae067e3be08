"""The lists of voicemail messages and of recordings, newest first (M4, M5).

Rule: sound is never sent to a console; the lists show only from whom it is, and whether it was heard. It is played at a
telephone, or exported with `switch400 voicemail` and `switch400 recording`.
"""

from functools import partial
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType

from b2bua.api.requests.operation import Operation
from b2bua.api.requests.recordings import ListRecordings, RecordingsListed
from b2bua.api.requests.voicemail import DeleteMessages, ListMessages, MarkMessages, MessagesListed
from b2bua.console.feed import plain
from b2bua.console.protocol import Row
from routing.ids import CallId
from tui.background import run_each, run_latest
from tui.base_screen import BaseScreen
from tui.columns import text
from tui.i18n import tr
from tui.keys import bindings
from tui.model import ConsoleModel, NotDone
from tui.screens.confirm import Confirm
from tui.screens.detail import Detail
from tui.table import Table
from tui.table_view import Cell, Column
from tui.time_text import age, day_clock

R = TypeVar("R")
Listed = MessagesListed | RecordingsListed


def _at(field: str, title: str) -> Column:
    return Column(field, title, 14, lambda key, row, _: Cell(day_clock(row[field]), "dim"))


def _length(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(age(int(row["length_s"] * 1000)))


def _caller(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(row["caller"], "key") if row["caller"] else Cell(tr("calls.unknown_caller"), "dim")


def _heard(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(row["read_by"], "dim") if row["read_ms"] is not None else Cell("! " + tr("kept.new"), "busy")


def _live(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(tr("kept.live"), "good") if row["live"] else Cell(tr("kept.sealed") if row["sealed"] else "", "dim")


class MediaList(BaseScreen):
    """The rows that `listed` fetches; Enter shows the call."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("kept")
    EMPTY: ClassVar[str]
    COLUMNS: ClassVar[tuple[Column, ...]]

    def __init__(self, model: ConsoleModel) -> None:
        super().__init__(model)
        self._asked = False

    def body(self) -> ComposeResult:
        """The table."""
        yield Table(self.COLUMNS, "link.nobody")

    def on_mount(self) -> None:
        """Give the keys to the table."""
        self.query_one(Table).focus()

    def renew(self) -> None:
        """Ask for what there is, as soon as there is a link."""
        super().renew()
        if not self._asked and self.model.link.up:
            self._asked = True
            self.action_refresh()

    def on_table_opened(self, event: Table.Opened) -> None:
        """Show the call it comes from."""
        self.app.push_screen(Detail(self.model, event.key))

    def language_changed(self) -> None:
        """The language changed."""
        super().language_changed()
        self.query_one(Table).relayout()

    def action_refresh(self) -> None:
        """Ask again."""
        run_latest(self, self._fetch, "kept")

    def action_back(self) -> None:
        """Back to the records."""
        self.dismiss()

    async def ask(self, request: Operation[R]) -> R | None:
        """The daemon's reply, or None after its refusal has been shown."""
        try:
            return await self.model.ask(request)
        except NotDone as refusal:
            self.notify(str(refusal), severity="error", markup=False)
            return None

    async def listed(self) -> Listed | None:
        """The rows, or None after the refusal has been shown."""
        raise NotImplementedError

    async def _fetch(self) -> None:
        found = await self.listed()
        if found is not None:
            table = self.query_one(Table)
            table.empty = self.EMPTY
            table.fill([(row.call_id, plain(row)) for row in found.rows], self.model.now_ms())


class Recordings(MediaList):
    """Recorded calls, and until when they are kept."""

    EMPTY = "kept.no_recordings"
    COLUMNS = (
        _at("arrived_ms", "records.at"),
        Column("caller", "calls.caller", 14, _caller, grow=1),
        text("number", "calls.number", 12, grow=1),
        text("target", "calls.target", 9, grow=2),
        Column("length", "kept.length", 7, _length, right=True),
        _at("kept_until_ms", "kept.until"),
        Column("live", "kept.state", 8, _live, grow=1, rank=1),
    )

    async def listed(self) -> Listed | None:
        """The newest recordings."""
        return await self.ask(ListRecordings())


class Messages(MediaList):
    """Voicemail: marked as heard, or as new again, and deleted after a question."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("voicemail")
    EMPTY = "kept.no_messages"
    COLUMNS = (
        _at("arrived_ms", "records.at"),
        Column("caller", "calls.caller", 14, _caller, grow=1),
        text("place", "calls.place", 8, grow=1, rank=1),
        text("number", "calls.number", 12, grow=1),
        text("mailbox", "kept.mailbox", 9, grow=2),
        Column("length", "kept.length", 7, _length, right=True),
        Column("heard", "kept.heard", 10, _heard, grow=2),
    )

    async def listed(self) -> Listed | None:
        """The newest messages."""
        return await self.ask(ListMessages())

    def action_mark(self) -> None:
        """Heard, or new again."""
        table = self.query_one(Table)
        if table.row is not None:
            request = MarkMessages((CallId(table.row["call_id"]),), table.row["read_ms"] is None)
            run_each(self, partial(self._do, request), "mark")

    def action_delete(self) -> None:
        """Delete the message for good, if the operator confirms."""
        row = self.query_one(Table).row

        def answered(yes: bool | None) -> None:
            if yes and row is not None:
                run_each(self, partial(self._do, DeleteMessages((CallId(row["call_id"]),))), "mark")

        if row is not None:
            caller = row["caller"] or tr("calls.unknown_caller")
            self.app.push_screen(Confirm(tr("ask.delete", caller=caller, at=day_clock(row["arrived_ms"]))), answered)

    async def _do(self, request: Operation[R]) -> None:
        if await self.ask(request) is not None:
            await self._fetch()
