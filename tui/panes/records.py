"""Pane 4: calls that are over, found in the store; the missed ones wait here to be called back (P1, P4).

Rule: nothing is fetched until the pane is looked at, and then what is shown stays until the operator asks again.
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
from tui.arrange import Cell, Column
from tui.beside import ask_also, ask_anew
from tui.board import Board, NotDone
from tui.columns import text
from tui.export import as_csv, as_json_lines
from tui.i18n import say, say_slug
from tui.keys import bindings
from tui.panes.table import TablePane
from tui.screens.detail import Detail
from tui.screens.kept import Messages, Recordings
from tui.screens.lines import Line, Lines
from tui.table import Table
from tui.time_text import ZONE, age, day_clock
from tui.words import blame, cause

MOST = 500
S = TypeVar("S", FindRecords, ListMissed)
_ONLY_ALL: Final = frozenset({"talk", "attempt", "blame", "by", "plan", "trunk"})
"""Columns that say nothing of a call that nobody took."""
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
        return Cell("! " + say("records.waits"), "busy")
    return Cell(" · ".join(filter(None, (row["closed"], row["closed_note"]))), "dim")


def _cause(key: str, row: Row, now_ms: int) -> Cell:
    return cause(row["ending"], row["blame"]) if row["ending"] else Cell(say("records.up"), "dim")


def _by(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(say_slug("party", row["hung_up_by"]) if row["hung_up_by"] else "", "dim")


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

    def __init__(self, board: Board, name: str) -> None:
        super().__init__(board, name)
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
        """Missed calls leave room for what was done about them."""
        return _ONLY_ALL if self._missed else frozenset()

    def notes(self) -> list[str]:
        """Which records these are."""
        asked = [f"{say('search.' + name)} {typed}" for name, typed in self._search.items() if typed]
        return [*([say("records.missed")] if self._missed else []), *asked]

    def renew(self) -> None:
        """Fetch on the first look."""
        if not self._asked and self.board.link.up:
            self._asked = True
            self.action_refresh()
        elif not self._asked:
            self.sheet.excuse(say("link.nobody"))
        super().renew()

    def on_table_opened(self, event: Table.Opened) -> None:
        """Show the call whole."""
        if event.sheet.row is not None:
            self.app.push_screen(Detail(self.board, event.key))

    def action_refresh(self) -> None:
        """Ask again."""
        ask_anew(self, self._find, "find")

    def action_search(self) -> None:
        """Say what to look for."""

        def told(search: dict[str, str] | None) -> None:
            if search is not None:
                self._search = search
                self.action_refresh()

        lines = tuple(
            Line(name, say(f"search.{name}"), self._search.get(name, ""), say(f"search.{name}_hint"))
            for name in _SEARCH
        )
        self.app.push_screen(Lines(say("search.title"), lines), told)

    def action_missed(self) -> None:
        """Only the calls that wait to be called back, or all again."""
        self._missed = not self._missed
        self._view_changed()
        self.action_refresh()

    def action_voicemail(self) -> None:
        """What callers left."""
        self.app.push_screen(Messages(self.board))

    def action_recordings(self) -> None:
        """What was recorded."""
        self.app.push_screen(Recordings(self.board))

    def action_close(self) -> None:
        """Close a missed call with a note."""
        key, row = self.sheet.key, self.sheet.row
        if key is None or row is None or not row["missed"]:
            self.notify(say("records.not_missed"))
            return

        def told(lines: dict[str, str] | None) -> None:
            if lines and lines["note"]:
                ask_also(self, partial(self._close, key, lines["note"]), "close")

        self.app.push_screen(Lines(say("records.close_title"), (Line("note", say("records.note")),)), told)

    def action_export(self) -> None:
        """Write what is found to a file: CSV, or JSON lines if its name ends in .jsonl."""
        if self.app.is_web:
            # a browser's user has no business with files of this machine: the browser keeps it
            self.app.deliver_text(StringIO(as_csv(list(self._found.values()))), save_filename="records.csv")
            return

        def told(lines: dict[str, str] | None) -> None:
            if lines and lines["path"]:
                self._export(Path(lines["path"]).expanduser())

        line = Line("path", say("records.path"), "~/records.csv", "…/records.csv · …/records.jsonl")
        self.app.push_screen(Lines(say("records.export_title"), (line,)), told)

    def _export(self, path: Path) -> None:
        rows = list(self._found.values())
        try:
            path.write_text(
                as_json_lines(rows) if path.suffix == ".jsonl" else as_csv(rows), encoding="utf-8", newline=""
            )
        except OSError as fault:
            self.notify(f"{path}: {fault.strerror}", severity="error", markup=False)
        else:
            self.notify(say("records.exported", count=len(rows), path=path), markup=False)

    async def _find(self) -> None:
        missed = self._missed
        try:
            found: MissedListed | CallsFound
            if missed:
                found = await self.board.ask(search_of(ListMissed, self._search))
            else:
                found = await self.board.ask(search_of(FindRecords, self._search))
        except (NotDone, ValueError) as refusal:
            self.notify(str(refusal), severity="error", markup=False)
            if missed != self._found_missed:  # all records are no missed calls
                self._found = {}
                self.show_rows()
            self.sheet.excuse(str(refusal))
            return
        self._found_missed = missed
        self.sheet.excuse("")
        self._found = {row.call_id: plain(row) for row in found.rows}
        self.show_rows()
        if found.more:
            self.notify(say("records.more", most=MOST))

    async def _close(self, call_id: str, note: str) -> None:
        try:
            await self.board.ask(CloseMissed(CallId(call_id), note))
        except (NotDone, ValueError) as refusal:
            self.notify(str(refusal), severity="error", markup=False)
            return
        await self._find()


def search_of(kind: type[S], typed: Mapping[str, str]) -> S:
    """A search as typed. Raises ValueError, with a sentence, for what cannot be looked for."""
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
        moment = datetime.fromisoformat(typed)
    except ValueError:
        raise ValueError(say("search.no_time", typed=typed)) from None
    return int(moment.replace(tzinfo=moment.tzinfo or ZONE).timestamp() * 1000)
