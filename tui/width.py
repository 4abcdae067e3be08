"""Texts of an exact width on the screen, where a Chinese character takes two columns.

Rule: a padded text has exactly the width asked for, in columns of the screen.
"""

from rich.cells import cell_len, set_cell_size

ELLIPSIS = "…"


def shorten(text: str, columns: int) -> str:
    """The text, cut to at most this many columns, with an ellipsis where something is left out."""
    if cell_len(text) <= columns:
        return text
    if columns <= 1:
        return ELLIPSIS[:columns]
    return set_cell_size(text, columns - 1).rstrip() + ELLIPSIS


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """The text in exactly this many columns, to the left or to the right of them."""
    text = shorten(text, columns)
    room = " " * (columns - cell_len(text))
    return room + text if right else text + room
