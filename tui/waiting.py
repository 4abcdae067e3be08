"""Who stands in line for a free target, and for how long (R10): what the panes and the bar say of it (pure).

Rule: told from the feed's own rows of the queues; a wait that is too long is said by a word or a mark, not by a colour
alone.
"""

from collections.abc import Iterable
from typing import Any, Final

from b2bua.console.protocol import Row
from tui.arrange import Cell
from tui.i18n import say
from tui.time_text import age, clock

LONG_MS: Final = 2 * 60_000
"""Whoever waits for longer than this is about to give up: it is worth a look."""


def place(line: Row) -> Cell:
    """A call's state while it waits; `▲` is one of the white list, who stands before the others."""
    return Cell(f"{'▲' if line['priority'] else '≡'} {say('queue.place', place=line['place'])}", "busy")


def many(count: int, since_ms: int, now_ms: int) -> Cell:
    """How many wait, and how long the first of them to come has."""
    long = now_ms - since_ms >= LONG_MS
    return Cell(f"{count} {age(now_ms - since_ms)}{'!' if long else ''}", "bad" if long else "busy")


def in_all(lines: Iterable[Row], now_ms: int) -> list[Cell]:
    """The same of all queues together; nothing while nobody waits."""
    since = [line["since_ms"] for line in lines]
    if not since:
        return []
    cell = many(len(since), min(since), now_ms)
    return [Cell(say("queue.all", many=cell.text), cell.tone)]


def told(line: Row, now_ms: int) -> list[Cell]:
    """One caller's wait, in a line of the call's detail."""
    return [
        place(line),
        Cell(line["node"], "key"),
        Cell(age(now_ms - line["since_ms"])),
        Cell(say("queue.since", at=clock(line["since_ms"])), "dim"),
        *([Cell(say("queue.priority"), "good")] if line["priority"] else []),
    ]


def by_number(lines: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """By 400 number: how many wait (`waiting`), and since when the first of them to come (`since_ms`)."""
    queues: dict[str, dict[str, Any]] = {}
    for line in lines:
        queue = queues.setdefault(line["number"], {"waiting": 0, "since_ms": line["since_ms"]})
        queue["waiting"] += 1
        queue["since_ms"] = min(queue["since_ms"], line["since_ms"])
    return queues
