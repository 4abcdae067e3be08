"""Pane 4: records of calls from the store, and missed calls to call back (P1, P4).

Rule: records are fetched when the pane is shown first, and then only when the operator asks again.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from io import StringIO
from pathlib import Path
from typing import ClassVar, Final, TypeVar

from textual.binding import BindingType

from b2bua.api.requests.missed import CloseMissed, ListMissed, MissedListed
from b2bua.api.requests.records import CallsFound, FindRecords
from b2bua.console.feed import plain
from b2bua.console.protocol import Row
from routing.ids import CallId
from tui.background import run_each, run_latest
from tui.columns import text
from tui.export import as_csv, as_json_lines
from tui.i18n import tr, tr_slug
from tui.keys import bindings
from tui.model import ConsoleModel, NotDone
from tui.panes.table import TablePane
from tui.screens.detail import Detail
from tui.screens.lines import Line, Lines
from tui.screens.media_lists import Messages, Recordings
from tui.table import Table
from tui.table_view import Cell, Column
from tui.time_text import ZONE, age, day_clock
from tui.words import blame, cause

MOST = 500
S = TypeVar("S", FindRecords, ListMissed)
_ONLY_ALL: Final = frozenset({"talk", "attempt", "blame", "by", "plan", "trunk"})
"""Columns that are empty for missed calls."""
_SEARCH = ("number", "caller", "target", "cause", "plan_hash", "from", "to")


def _at(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(day_clock(row["accepted_ms"]), "dim")


def _talk(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(age(row["talk_ms"]) if row["talk_ms"] else "", "good")


def _attempt(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(str(row["attempt"] or ""))


def _closed(key: str, row: Row, now_ms: int) -> Cell:
    if not row["missed"]:
        return Cell("")
    if not row["closed"]:
        return Cell("! " + tr("records.waits"), "busy")
    return Cell(" · ".join(filter(None, (row["closed"], row["closed_note"]))), "dim")


def _cause(key: str, row: Row, now_ms: int) -> Cell:
    return cause(row["ending"], row["blame"]) if row["ending"] else Cell(tr("records.up"), "dim")


def _by(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(tr_slug("party", row["hung_up_by"]) if row["hung_up_by"] else "", "dim")


class RecordsPane(TablePane):
    """Found records, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("records")
    COLUMNS = (
        Column("at", "records.at", 14, _at, lambda key, row: row["accepted_ms"]),
        text("caller", "calls.caller", 14, "key", grow=1),
        text("place", "calls.place", 8, grow=1, rank=2),
        text("number", "calls.number", 12, grow=1),
        text("target", "calls.target", 9, grow=2),
        Column("cause", "records.cause", 9, _cause, grow=1),
        Column("talk", "calls.talk", 7, _talk, lambda key, row: row["talk_ms"], right=True),
        Column("attempt", "calls.attempt", 4, _attempt, lambda key, row: row["attempt"], rank=3, right=True),
        Column("blame", "records.blame", 10, lambda key, row, _: blame(row["blame"]), rank=4),
        Column("by", "records.by", 8, _by, rank=5),
        Column("closed", "records.closed", 16, _closed, grow=5, rank=1),
        text("trunk", "calls.trunk", 10, rank=6),
        Column("plan", "records.plan", 8, lambda key, row, _: Cell(row["plan_hash"][:8], "dim"), rank=7),
    )
    SORT = ("at", True)
    EMPTY = "records.none"
    MOVES = False

    def __init__(self, model: ConsoleModel, name: str) -> None:
        super().__init__(model, name)
        self._found: dict[str, Row] = {}
        self._search: dict[str, str] = {}
        self._missed = False
        self._found_missed = False
        self._asked = False

    def rows(self) -> Mapping[str, Row]:
        """What was found last."""
        return self._found

    @property
    def folded(self) -> frozenset[str]:
        """With missed calls, the columns that are empty for them."""
        return _ONLY_ALL if self._missed else frozenset()

    def notes(self) -> list[str]:
        """Which records these are."""
        asked = [f"{tr('search.' + name)} {typed}" for name, typed in self._search.items() if typed]
        return [*([tr("records.missed")] if self._missed else []), *asked]

    def renew(self) -> None:
        """Fetch records when the pane is shown first."""
        if not self._asked and self.model.link.up:
            self._asked = True
            self.action_refresh()
        elif not self._asked:
            self.table.explain_empty(tr("link.nobody"))
        super().renew()

    def on_table_opened(self, event: Table.Opened) -> None:
        """Show the call in detail."""
        if event.table.row is not None:
            self.app.push_screen(Detail(self.model, event.key))

    def action_refresh(self) -> None:
        """Ask again."""
        run_latest(self, self._find, "find")

    def action_search(self) -> None:
        """Ask for the conditions of a search."""

        def filled_in(search: dict[str, str] | None) -> None:
            if search is not None:
                self._search = search
                self.action_refresh()

        lines = tuple(
            Line(name, tr(f"search.{name}"), self._search.get(name, ""), tr(f"search.{name}_hint")) for name in _SEARCH
        )
        self.app.push_screen(Lines(tr("search.title"), lines), filled_in)

    def action_missed(self) -> None:
        """Only the calls that wait to be called back, or all again."""
        self._missed = not self._missed
        self._view_changed()
        self.action_refresh()

    def action_voicemail(self) -> None:
        """Show the voicemail messages."""
        self.app.push_screen(Messages(self.model))

    def action_recordings(self) -> None:
        """Show the recordings."""
        self.app.push_screen(Recordings(self.model))

    def action_close(self) -> None:
        """Close a missed call with a note."""
        key, row = self.table.key, self.table.row
        if key is None or row is None or not row["missed"]:
            self.notify(tr("records.not_missed"))
            return

        def filled_in(lines: dict[str, str] | None) -> None:
            if lines and lines["note"]:
                run_each(self, partial(self._close, key, lines["note"]), "close")

        self.app.push_screen(Lines(tr("records.close_title"), (Line("note", tr("records.note")),)), filled_in)

    def action_export(self) -> None:
        """Write what is found to a file: CSV, or JSON lines if its name ends in .jsonl."""
        if self.app.is_web:
            # a browser's user has no access to files of this machine: the browser downloads it
            self.app.deliver_text(StringIO(as_csv(list(self._found.values()))), save_filename="records.csv")
            return

        def filled_in(lines: dict[str, str] | None) -> None:
            if lines and lines["path"]:
                self._export(Path(lines["path"]).expanduser())

        line = Line("path", tr("records.path"), "~/records.csv", "…/records.csv · …/records.jsonl")
        self.app.push_screen(Lines(tr("records.export_title"), (line,)), filled_in)

    def _export(self, path: Path) -> None:
        rows = list(self._found.values())
        try:
            path.write_text(
                as_json_lines(rows) if path.suffix == ".jsonl" else as_csv(rows), encoding="utf-8", newline=""
            )
        except OSError as fault:
            self.notify(f"{path}: {fault.strerror}", severity="error", markup=False)
        else:
            self.notify(tr("records.exported", count=len(rows), path=path), markup=False)

    async def _find(self) -> None:
        missed = self._missed
        try:
            found: MissedListed | CallsFound
            if missed:
                found = await self.model.ask(search_of(ListMissed, self._search))
            else:
                found = await self.model.ask(search_of(FindRecords, self._search))
        except (NotDone, ValueError) as refusal:
            self.notify(str(refusal), severity="error", markup=False)
            if missed != self._found_missed:  # what is shown would not fit the note above it
                self._found = {}
                self.show_rows()
            self.table.explain_empty(str(refusal))
            return
        self._found_missed = missed
        self.table.explain_empty("")
        self._found = {row.call_id: plain(row) for row in found.rows}
        self.show_rows()
        if found.more:
            self.notify(tr("records.more", most=MOST))

    async def _close(self, call_id: str, note: str) -> None:
        try:
            await self.model.ask(CloseMissed(CallId(call_id), note))
        except (NotDone, ValueError) as refusal:
            self.notify(str(refusal), severity="error", markup=False)
            return
        await self._find()


def search_of(kind: type[S], typed: Mapping[str, str]) -> S:
    """The request for a search as typed. Raises ValueError, with a sentence, for a wrong condition."""
    return kind(
        number=typed.get("number"),
        caller=typed.get("caller", ""),
        target=typed.get("target", ""),
        cause=typed.get("cause", ""),
        plan_hash=typed.get("plan_hash", ""),
        from_ms=_time_ms(typed.get("from", "")),
        to_ms=_time_ms(typed.get("to", "")),
        most=MOST,
    )


def _time_ms(typed: str) -> int | None:
    """A time as typed, in Asia/Shanghai unless it says otherwise (UTC epoch milliseconds). Raises ValueError."""
    if not typed:
        return None
    try:
        time = datetime.fromisoformat(typed)
    except ValueError:
        raise ValueError(tr("search.no_time", typed=typed)) from None
    return int(time.replace(tzinfo=time.tzinfo or ZONE).timestamp() * 1000)
