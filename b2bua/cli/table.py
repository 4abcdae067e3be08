"""Tables in a terminal, aligned also where Chinese characters take two cells.

Rule: foreign text is shown as it is: markup in it has no effect, and no control character reaches the terminal.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import attrs
from rich.console import Console
from rich.table import Table
from rich.text import Text

_NO_TERMINAL: Final = 500
"""Cells in a line when the output is a file or a pipe: nothing is cut there."""


@attrs.frozen
class Column:
    """A heading, and the function that makes a row's cell."""

    heading: str
    cell: Callable[[Any], str]  # Any: each table has rows of its own class
    right: bool = False


def show_table(columns: Sequence[Column], rows: Iterable[Any]) -> int:
    """Print a table; returns how many rows it had."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column.heading, justify="right" if column.right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(printable(column.cell(row))) for column in columns))
    width = None if sys.stdout.isatty() else _NO_TERMINAL
    Console(file=sys.stdout, width=width, highlight=False).print(table)
    return table.row_count


def printable(text: str) -> str:
    """The text with control characters replaced."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
