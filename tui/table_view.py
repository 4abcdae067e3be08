"""Cells, columns and views of tables: which rows of a topic are shown, in which order, in which columns (pure).

Rule: the order is total: rows with equal sort values are in the order of their keys, so that rows do not move without a
cause.
"""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from b2bua.console.protocol import Row
from tui.filter import Filter


@attrs.frozen
class Cell:
    """A text and its tone: one of `TONES`, by which a theme colours it."""

    text: str
    tone: str = "plain"


TONES = ("plain", "dim", "good", "busy", "bad", "key")


@attrs.frozen
class Column:
    """One column of a table.

    `title` is a key of the texts. `cell` makes the cell of a row at a time (UTC epoch milliseconds); `order` gives the
    sort value (None: the text of the cell). `width` is the least width, `grow` the column's part of the spare width;
    columns of a higher `rank` are left out first where the screen is too narrow.
    """

    name: str
    title: str
    width: int
    cell: Callable[[str, Row, int], Cell]
    order: Callable[[str, Row], Any] | None = None  # Any: a value that can be compared, or None
    grow: int = 0
    rank: int = 0
    right: bool = False


@attrs.frozen
class View:
    """The operator's settings of a table: sorted by the column `sort`, filtered, some columns hidden."""

    sort: str
    descending: bool = False
    filter: Filter = attrs.field(factory=Filter)
    hidden: frozenset[str] = frozenset()


def visible_rows(
    rows: Mapping[str, Row], columns: tuple[Column, ...], view: View, now_ms: int
) -> list[tuple[str, Row]]:
    """The rows to show, in order. The filter looks at every column, hidden ones too."""
    shown = sorted(rows.items())
    if view.filter.words:
        shown = [
            (key, row)
            for key, row in shown
            if view.filter.takes(column.cell(key, row, now_ms).text for column in columns)
        ]
    column = next(column for column in columns if column.name == view.sort)
    order = column.order or (lambda key, row: column.cell(key, row, now_ms).text)

    known = [item for item in shown if order(*item) is not None]
    unknown = [item for item in shown if order(*item) is None]
    return sorted(known, key=lambda item: order(*item), reverse=view.descending) + unknown


def fit_columns(
    columns: tuple[Column, ...], hidden: frozenset[str], room: int, gap: int = 1
) -> list[tuple[Column, int]]:
    """The columns that fit into `room` columns of the screen, each with its width; growing columns fill the room."""
    shown = [column for column in columns if column.name not in hidden]
    while len(shown) > 1 and sum(column.width + gap for column in shown) - gap > room:
        worst = max(shown, key=lambda column: (column.rank, columns.index(column)))
        if worst.rank == 0:
            break
        shown.remove(worst)
    spare = max(0, room - sum(column.width + gap for column in shown) + gap)
    parts = sum(column.grow for column in shown)
    fitted = []
    for column in shown:
        more = spare * column.grow // parts if parts else 0
        spare, parts = spare - more, parts - column.grow
        fitted.append((column, column.width + more))
    return fitted
