"""Pane 3: trunks and gateways: whether they answer, their load, and the causes of failed calls.

Rule: taking one out of service needs a confirmation, putting it back does not; draining lets calls in progress end by
themselves.
"""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll

from b2bua.api.requests.peers import SetGatewayService, SetTrunkService
from b2bua.console.protocol import Row
from b2bua.console.rows import GATEWAYS, TRUNKS, Service
from tui.background import run_each
from tui.call_summary import Line
from tui.columns import count, text
from tui.i18n import tr, tr_slug
from tui.keys import bindings
from tui.model import NotDone
from tui.panes.pane import LookUp
from tui.panes.table import TablePane
from tui.screens.confirm import Confirm
from tui.styled_text import StyledText
from tui.table_view import Cell, Column
from tui.time_text import age
from tui.width import pad
from tui.words import of_total, pairs, service

SLOW_MS: Final = 200
"""An answer to OPTIONS that takes longer than this is marked."""


def _seen(key: str, row: Row, now_ms: int) -> Cell:
    return Cell("" if row["seen_ms"] is None else age(now_ms - row["seen_ms"]))


def _rtt(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(
        "" if row["rtt_ms"] is None else f"{row['rtt_ms']} ms",
        "busy" if (row["rtt_ms"] or 0) > SLOW_MS else "plain",
    )


def _live(key: str, row: Row, now_ms: int) -> Cell:
    full = row["capacity"] and row["live"] >= row["capacity"]
    return Cell(of_total(row["live"], row["capacity"]), "bad" if full else "plain")


def _failed(key: str, row: Row, now_ms: int) -> Cell:
    count = sum(row["failures"].values())
    percent = f" {100 * count / row['calls']:.0f}%" if row["calls"] else ""
    return Cell(f"{count}{percent}" if count else "0", "busy" if count else "dim")


def _kind(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(tr_slug("trunks", row["kind"]), "dim")


def _causes(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(pairs(row["failures"], "cause"))


def _address(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(f"{row['address']} {row['transport']}", "dim")


class TrunksPane(TablePane):
    """Trunks and gateways in one table."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("trunks")
    COLUMNS = (
        Column("kind", "trunks.kind", 7, _kind, lambda key, row: row["kind"] != TRUNKS),
        text("name", "trunks.name", 10, "key", grow=2),
        Column("state", "trunks.state", 10, lambda key, row, _: service(row["up"], row["service"]), grow=1),
        Column("live", "trunks.live", 9, _live, lambda key, row: row["live"], right=True),
        Column("rtt", "trunks.rtt", 7, _rtt, lambda key, row: row["rtt_ms"], rank=2, right=True),
        Column("seen", "trunks.seen", 9, _seen, lambda key, row: row["seen_ms"], rank=3, right=True),
        count("calls", "trunks.calls", 7, rank=1),
        Column("failed", "trunks.failed", 9, _failed, lambda key, row: sum(row["failures"].values()), right=True),
        Column("causes", "trunks.causes", 16, _causes, grow=6, rank=4),
        Column("address", "trunks.address", 20, _address, grow=2, rank=5),
    )
    SORT = ("kind", False)
    EMPTY = "trunks.none"

    def rows(self) -> Mapping[str, Row]:
        """Trunks first, then gateways, by name."""
        return {
            f"{topic}/{name}": {**row, "kind": topic, "name": name}
            for topic in (TRUNKS, GATEWAYS)
            for name, row in self.model.rows(topic).items()
        }

    def compose(self) -> ComposeResult:
        """The table, and under it the one that the cursor is on."""
        yield from super().compose()
        with VerticalScroll(classes="about", can_focus=False):
            yield StyledText(id="peer")

    def renew(self) -> None:
        """The model changed, or a second passed."""
        super().renew()
        self._refresh_text()

    def on_table_moved(self) -> None:
        """Show the details of the one under the cursor."""
        self._refresh_text()

    def on_table_opened(self) -> None:
        """Enter shows what happened on it."""
        self.action_log()

    def action_log(self) -> None:
        """What the log says of the one under the cursor."""
        if self.table.row is not None:
            self.post_message(LookUp("log", self.table.row["name"]))

    def action_service(self, wanted: str) -> None:
        """Take the one under the cursor out, let it run empty, or put it back."""
        row = self.table.row
        if row is None or row["service"] == wanted:
            return
        if wanted == "in":
            run_each(self, partial(self._set, row, wanted), "service")
            return

        def answered(yes: bool | None) -> None:
            if yes:
                run_each(self, partial(self._set, row, wanted), "service")

        self.app.push_screen(Confirm(tr(f"ask.{wanted}", name=row["name"], live=row["live"])), answered)

    async def _set(self, row: Row, wanted: str) -> None:
        set_service = SetTrunkService if row["kind"] == TRUNKS else SetGatewayService
        try:
            await self.model.ask(set_service(row["name"], Service(wanted)))
        except NotDone as refusal:
            self.notify(str(refusal), severity="error", markup=False)
        else:
            self.notify(tr("trunks.done", name=row["name"], service=tr_slug("service", wanted)))

    def _refresh_text(self) -> None:
        row = self.table.row
        now_ms = self.model.now_ms()
        self.query_one("#peer", StyledText).show_lines(about(row, now_ms) if row is not None else [])


def about(row: Row, now_ms: int) -> list[Line]:
    """One trunk or gateway in detail, with its release causes, most frequent first."""
    rtt = _rtt("", row, now_ms)
    lines = [
        [_kind("", row, now_ms), Cell(row["name"], "key"), _address("", row, now_ms)],
        [
            service(row["up"], row["service"]),
            Cell(tr("trunks.in_use", live=of_total(row["live"], row["capacity"]))),
            *([Cell("OPTIONS", "dim"), rtt] if rtt.text else []),
            *([Cell(tr("trunks.last", age=age(now_ms - row["seen_ms"])), "dim")] if row["seen_ms"] else []),
        ],
    ]
    for slug, failed in sorted(row["failures"].items(), key=lambda item: (-item[1], item[0])):
        percent = f"{100 * failed / row['calls']:.1f}%" if row["calls"] else ""
        lines.append([Cell(f"{failed:>6}", "busy"), Cell(pad(tr_slug("cause", slug), 24)), Cell(percent, "dim")])
    return lines
