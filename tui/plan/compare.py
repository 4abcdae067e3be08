"""Compares two documents line by line (pure).

Rule: equal lines are left out, except three around a change; removed and added lines have a mark, not only a colour.
Only the first `MOST_LINES` lines are shown.
"""

from difflib import unified_diff
from itertools import islice
from typing import Final

from tui.i18n import tr
from tui.table_view import Cell

MOST_LINES: Final = 1000
_TONES = {"+": "good", "-": "bad", "@": "key"}


def compare(old: str, new: str) -> list[list[Cell]]:
    """The changes that make `new` out of `old`; empty if there are none."""
    lines = islice(unified_diff(old.splitlines(), new.splitlines(), n=3, lineterm=""), 2, None)
    parts = [[Cell(line or " ", _TONES.get(line[:1], "plain"))] for line in islice(lines, MOST_LINES)]
    more = sum(1 for _ in lines)
    return [*parts, [Cell(tr("plan.more_lines", count=more), "busy")]] if more else parts
