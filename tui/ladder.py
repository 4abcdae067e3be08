"""The SIP messages of both sides as a ladder diagram: caller's side, switch, targets' side (pure).

Rule: one line a message, with an arrow from sender to receiver; messages are not reordered, times are seconds since the
call's arrival.
"""

from collections.abc import Iterable

from rich.cells import cell_len

from b2bua.api.requests.calls import SipMessage
from tui.i18n import tr
from tui.table_view import Cell
from tui.width import pad

_TIME = 9


def first_line(text: str) -> str:
    """The method or the status of a message: `INVITE`, or `486 Busy Here`."""
    line = text.split("\r\n", 1)[0].split("\n", 1)[0]
    if line.startswith("SIP/2.0 "):
        return line.removeprefix("SIP/2.0 ")
    return line.split(" ", 1)[0]


def ladder(messages: Iterable[SipMessage], began_ms: int, columns: int) -> list[list[Cell]]:
    """The ladder in this many columns (at least 60)."""
    span = max(20, (max(60, columns) - _TIME - 3) // 2)
    rail = "│"
    far = tr("detail.target_side")
    head = " " * _TIME + pad(tr("detail.caller_side"), span) + pad(tr("detail.switch"), span + 1 - cell_len(far))
    lines = [[Cell(head + far, "dim")]]
    for message in messages:
        label = first_line(message.text)
        tone = _tone(label)
        left = message.leg == 0
        leftward = message.ours if left else not message.ours
        if not left and label:
            label = f"{label} ({message.leg})"
        arrow = Cell(_arrow(label, span - 1, leftward=leftward), tone)
        blank = Cell(" " * (span - 1))
        time = f"{(message.at_ms - began_ms) / 1000:7.3f}s "
        pair = (arrow, blank) if left else (blank, arrow)
        lines.append([Cell(time, "dim"), Cell(rail, "dim"), pair[0], Cell(rail, "dim"), pair[1], Cell(rail, "dim")])
    return lines


def _arrow(label: str, columns: int, *, leftward: bool) -> str:
    room = columns - cell_len(label) - 4
    if room < 0:
        label, room = pad(label, columns - 4), 0
    before = room // 2
    line = "─" * (before + 1) + f"{label}" + "─" * (room - before + 1)
    return "◂" + line[: columns - 1] + "─" if leftward else "─" + line + "▸"


def _tone(label: str) -> str:
    if label[:1] in "3456":
        return "bad" if label[:1] != "3" else "busy"
    if label.startswith("2"):
        return "good"
    return "dim" if label.startswith("1") else "key"
