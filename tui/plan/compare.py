"""Two documents side by side, line by line (pure).

Rule: what is the same is left out but for three lines around a change; lines taken away and put in carry a mark, not
only a colour.
"""

from difflib import unified_diff

from tui.arrange import Cell

_TONES = {"+": "good", "-": "bad", "@": "key"}


def compare(old: str, new: str) -> list[list[Cell]]:
    """The changes that make `new` out of `old`; empty if there are none."""
    lines = list(unified_diff(old.splitlines(), new.splitlines(), n=3, lineterm=""))[2:]
    return [[Cell(line or " ", _TONES.get(line[:1], "plain"))] for line in lines]
