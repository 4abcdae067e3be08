"""Columns that show a field as it is, for every table.

Rule: a column that needs its own words or tones is defined with its table, not here.
"""

from b2bua.console.protocol import Row
from tui.table_view import Cell, Column


def text(field: str, title: str, width: int, tone: str = "plain", *, grow: int = 0, rank: int = 0) -> Column:
    """A field that is a text."""
    return Column(field, title, width, lambda key, row, _: Cell(row[field], tone), grow=grow, rank=rank)


def count(field: str, title: str, width: int, *, rank: int = 0) -> Column:
    """A field that is a number, to the right; nothing is shown for 0 or None."""

    def shown(key: str, row: Row, now_ms: int) -> Cell:
        return Cell(str(row[field] or ""))

    return Column(field, title, width, shown, lambda key, row: row[field], rank=rank, right=True)
