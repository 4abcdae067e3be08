"""Cells about the queues (R10) for the panes and the top bar: who waits for a free target, and for how long (pure).

Rule: made from the feed's rows of the queues; a long wait is shown by a mark too, not by a colour alone.
"""

from collections.abc import Iterable
from typing import Final

from b2bua.console.protocol import Row
from tui.i18n import tr
from tui.table_view import Cell
from tui.time_text import age, clock

LONG_MS: Final = 2 * 60_000
"""A caller who waits for longer than this is likely to give up."""


def place(line: Row) -> Cell:
    """A call's state while it waits: its place; `▲` marks callers on the white list, who come before the others."""
    return Cell(f"{'▲' if line['priority'] else '≡'} {tr('queue.place', place=line['place'])}", "busy")


def many(count: int, since_ms: int, now_ms: int) -> Cell:
    """How many calls wait, and how long the first of them has waited."""
    long = now_ms - since_ms >= LONG_MS
    return Cell(f"{count} {age(now_ms - since_ms)}{'!' if long else ''}", "bad" if long else "busy")


def in_all(lines: Iterable[Row], now_ms: int) -> list[Cell]:
    """The same for all queues together; empty while nobody waits."""
    since = [line["since_ms"] for line in lines]
    if not since:
        return []
    cell = many(len(since), min(since), now_ms)
    return [Cell(tr("queue.all", many=cell.text), cell.tone)]


def queue_line(line: Row, now_ms: int) -> list[Cell]:
    """One caller's wait, in a line of the call's detail."""
    return [
        place(line),
        Cell(line["node"], "key"),
        Cell(age(now_ms - line["since_ms"])),
        Cell(tr("queue.since", at=clock(line["since_ms"])), "dim"),
        *([Cell(tr("queue.priority"), "good")] if line["priority"] else []),
    ]


def by_number(lines: Iterable[Row]) -> dict[str, dict[str, int]]:
    """By 400 number: how many calls wait (`waiting`), and since when the first of them (`since_ms`)."""
    queues: dict[str, dict[str, int]] = {}
    for line in lines:
        queue = queues.setdefault(line["number"], {"waiting": 0, "since_ms": line["since_ms"]})
        queue["waiting"] += 1
        queue["since_ms"] = min(queue["since_ms"], line["since_ms"])
    return queues
