"""Two documents side by side, line by line (pure).

Rule: what is the same is left out but for three lines around a change; lines taken away and put in carry a mark, not
only a colour. A difference that nobody reads to its end is not told to its end.
"""

from difflib import unified_diff
from itertools import islice
from typing import Final

from tui.arrange import Cell
from tui.i18n import say

MOST_LINES: Final = 1000
_TONES = {"+": "good", "-": "bad", "@": "key"}


def compare(old: str, new: str) -> list[list[Cell]]:
    """The changes that make `new` out of `old`; empty if there are none."""
    lines = islice(unified_diff(old.splitlines(), new.splitlines(), n=3, lineterm=""), 2, None)
    told = [[Cell(line or " ", _TONES.get(line[:1], "plain"))] for line in islice(lines, MOST_LINES)]
    more = sum(1 for _ in lines)
    return [*told, [Cell(say("plan.more_lines", count=more), "busy")]] if more else told
