"""Pane 3: trunks and gateways: do they answer, how full are they, and what goes wrong on them.

Rule: taking out asks first and putting back does not; draining lets calls in progress end by themselves.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from textual.binding import BindingType

from b2bua.rows import GATEWAYS, TRUNKS
from b2bua.wire import Row
from tui.arrange import Cell, Column
from tui.board import NotDone
from tui.columns import count, text
from tui.keys import bindings
from tui.moment import age
from tui.panes.table import TablePane
from tui.say import say, say_slug
from tui.screens.confirm import Confirm
from tui.words import of_total, pairs, service

SLOW_MS: Final = 200
"""An answer to OPTIONS that takes longer than this is worth a look."""


def _seen(key: str, row: Row, now_ms: int) -> Cell:
    return Cell("" if row["seen_ms"] is None else age(now_ms - row["seen_ms"]))


def _rtt(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(
        "" if row["rtt_ms"] is None else f"{row['rtt_ms']} ms",
        "busy" if (row["rtt_ms"] or 0) > 200 else "plain",
    )


def _live(key: str, row: Row, now_ms: int) -> Cell:
    full = row["capacity"] and row["live"] >= row["capacity"]
    return Cell(of_total(row["live"], row["capacity"]), "bad" if full else "plain")


def _failed(key: str, row: Row, now_ms: int) -> Cell:
    count = sum(row["failures"].values())
    percent = f" {100 * count / row['calls']:.0f}%" if row["calls"] else ""
    return Cell(f"{count}{percent}" if count else "0", "busy" if count else "dim")


def _kind(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(say_slug("trunks", row["kind"]), "dim")


def _causes(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(pairs(row["failures"], "cause"))


def _address(key: str, row: Row, now_ms: int) -> Cell:
    return Cell(f"{row['address']} {row['transport']}", "dim")


class TrunksPane(TablePane):
    """Both kinds of neighbours in one table."""

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
            for name, row in self.board.rows(topic).items()
        }

    def action_service(self, wanted: str) -> None:
        """Take the neighbour under the cursor out, let it run empty, or put it back."""
        row = self.sheet.row
        if row is None or row["service"] == wanted:
            return
        if wanted == "in":
            self.run_worker(self._set(row, wanted), group="service")
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(self._set(row, wanted), group="service")

        self.app.push_screen(Confirm(say(f"ask.{wanted}", name=row["name"], live=row["live"])), answered)

    async def _set(self, row: Row, wanted: str) -> None:
        verb = "trunk.set" if row["kind"] == TRUNKS else "gateway.set"
        try:
            await self.board.ask(verb, name=row["name"], service=wanted)
        except NotDone as refusal:
            self.notify(str(refusal), severity="error", markup=False)
        else:
            self.notify(say("trunks.done", name=row["name"], service=say_slug("service", wanted)))
