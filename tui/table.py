"""A table widget that draws only the cells that changed.

Rule: the cursor stays on its row, not on its line, while rows come and go; each cell is compared with what was drawn
last, and drawn again only if it differs.
"""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from b2bua.console.protocol import Row
from tui.i18n import tr
from tui.keys import bindings
from tui.table_view import TONES, Cell, Column, fit_columns
from tui.width import pad

_HEAD = 1
Line = tuple[str, bool, tuple[Cell, ...]]


class Table(ScrollView, can_focus=True):
    """Rows under a fixed heading.

    Posts `Table.Opened` on Enter and `Table.Moved` when the cursor is on another row.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--head",
        "table--cursor",
        *(f"table--{tone}" for tone in TONES),
    }
    BINDINGS: ClassVar[list[BindingType]] = bindings("sheet")

    class Opened(Message):
        """The operator wants to see inside a row."""

        def __init__(self, table: "Table", key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> "Table":
            """The table, for `@on` with a selector."""
            return self.table

    class Moved(Opened):
        """The cursor is on another row."""

    def __init__(self, columns: tuple[Column, ...], empty: str = "table.empty", *, opens: bool = True) -> None:
        super().__init__()
        self.columns = columns
        self._opens = opens
        self.hidden: frozenset[str] = frozenset()
        self.sorted_by: tuple[str, bool] = ("", False)
        self._empty = empty
        self._why_empty = ""
        self._rows: Sequence[tuple[str, Row]] = ()
        self._places: dict[str, int] = {}
        self._now_ms = 0
        self._cursor = 0
        self._fitted: list[tuple[Column, int]] = []
        self._drawn: dict[int, Line] = {}
        self._styles: dict[str, Style] = {}

    @property
    def key(self) -> str | None:
        """The key of the row under the cursor; None if there are no rows."""
        return self._rows[self._cursor][0] if self._rows else None

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self._cursor][1] if self._rows else None

    @property
    def at_end(self) -> bool:
        """Whether the cursor is on the last row."""
        return self._cursor >= len(self._rows) - 1

    def __len__(self) -> int:
        return len(self._rows)

    def explain_empty(self, why: str) -> None:
        """Show this reason in place of rows, while there are none; empty: the usual text again."""
        if why != self._why_empty:
            self._why_empty = why
            self.refresh()

    @property
    def empty(self) -> str:
        """The key of the text that is shown if there are no rows."""
        return self._empty

    @empty.setter
    def empty(self, key: str) -> None:
        if key != self._empty:
            self._empty = key
            self.refresh()

    def fill(self, rows: Sequence[tuple[str, Row]], now_ms: int) -> None:
        """Show these rows, in this order, at this time (UTC epoch milliseconds)."""
        key, count = self.key, len(self._rows)
        self._rows, self._now_ms = rows, now_ms
        self._places = {key: place for place, (key, _) in enumerate(rows)}
        if key in self._places:
            self._cursor = self._places[key]
        self._cursor = max(0, min(self._cursor, len(rows) - 1))
        if len(rows) != count:
            self.virtual_size = Size(self.size.width, len(rows) + _HEAD)
            if not rows or not count:
                self.refresh()
        self._redraw()
        if self.key != key and self.key is not None:
            self.post_message(self.Moved(self, self.key))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter is not offered where rows cannot be opened."""
        return self._opens if action == "open" else super().check_action(action, parameters)

    def relayout(self) -> None:
        """Columns, language or size changed: draw everything anew."""
        self._fitted = self._fit()
        self.virtual_size = Size(self.size.width, len(self._rows) + _HEAD)
        self._drawn.clear()
        self.refresh()

    def on_resize(self, _: events.Resize) -> None:
        """Fit the columns to the new width; a pane that only came back into sight is as it was."""
        if self._fit() != self._fitted:
            self.relayout()
        self._follow()

    def notify_style_update(self) -> None:
        """Theme or focus changed: other colours."""
        super().notify_style_update()
        self._styles.clear()

    def go_to(self, key: str) -> None:
        """Put the cursor on this row, if it is there."""
        if key in self._places:
            self._move_to(self._places[key])

    def action_move(self, step: int) -> None:
        """Move the cursor by so many rows."""
        self._move_to(self._cursor + step)

    def action_page(self, step: int) -> None:
        """Move the cursor by so many pages."""
        self._move_to(self._cursor + step * max(1, self.size.height - _HEAD - 1))

    def action_edge(self, last: bool) -> None:
        """Move the cursor to the first or the last row."""
        self._move_to(len(self._rows) - 1 if last else 0)

    def action_open(self) -> None:
        """Look inside the row under the cursor."""
        if self.key is not None:
            self.post_message(self.Opened(self, self.key))

    def on_click(self, event: events.Click) -> None:
        """One click goes to a row, a second one opens it."""
        place = event.y - _HEAD + self.scroll_offset.y
        if event.y < _HEAD or place >= len(self._rows):
            return
        self._move_to(place)
        if event.chain == 2:
            self.action_open()

    def render_line(self, y: int) -> Strip:
        """One line of the screen: the head, a row, or nothing."""
        width = self.size.width
        if y < _HEAD:
            return self._head(width)
        place = y - _HEAD + self.scroll_offset.y
        if place >= len(self._rows):
            note = self._why_empty or tr(self._empty) if not self._rows and y == _HEAD + 1 else ""
            return Strip([Segment(pad(" " + note, width), self._style("dim"))], width)
        line = self._line(place)
        self._drawn[y] = line
        # the cursor line has its own colours: a tone may be hard to read on them
        cells = [
            (pad(cell.text, columns, right=column.right) + " ", "cursor" if line[1] else cell.tone)
            for (column, columns), cell in zip(self._fitted, line[2], strict=True)
        ]
        segments = [
            Segment("".join(text for text, _ in alike), self._style(tone))
            for tone, alike in groupby(cells, key=itemgetter(1))
        ]
        return Strip(segments).adjust_cell_length(width, self._style("cursor" if line[1] else "plain"))

    def _fit(self) -> list[tuple[Column, int]]:
        return fit_columns(self.columns, self.hidden, self.scrollable_content_region.width or self.size.width)

    def _head(self, width: int) -> Strip:
        style = self._style("head")
        name, descending = self.sorted_by
        titles = []
        for column, columns in self._fitted:
            mark = ("↓" if descending else "↑") if column.name == name else ""
            titles.append(pad(tr(column.title) + mark, columns, right=column.right))
        return Strip([Segment(pad(" ".join(titles), width), style)], width)

    def _style(self, name: str) -> Style:
        """The widget's style with the tone's over it; cached, since the theme is slow to ask."""
        style = self._styles.get(name)
        if style is None:
            style = self.rich_style + self.get_component_rich_style(f"table--{name}", partial=True)
            self._styles[name] = style
        return style

    def _line(self, place: int) -> Line:
        key, row = self._rows[place]
        cells = tuple(column.cell(key, row, self._now_ms) for column, _ in self._fitted)
        return key, place == self._cursor, cells

    def _redraw(self) -> None:
        """Draw again what differs from what is on the screen."""
        top = self.scroll_offset.y
        for y in range(_HEAD, self.size.height):
            place = y - _HEAD + top
            drawn = self._drawn.get(y)
            if place >= len(self._rows):
                if drawn is not None:
                    del self._drawn[y]
                    self.refresh(Region(0, y, self.size.width, 1))
                continue
            line = self._line(place)
            if drawn is None or drawn[:2] != line[:2] or len(drawn[2]) != len(line[2]):
                self.refresh(Region(0, y, self.size.width, 1))
                continue
            x = 0
            for (_, columns), old, new in zip(self._fitted, drawn[2], line[2], strict=True):
                if old != new:
                    self.refresh(Region(x, y, columns, 1))
                x += columns + 1

    def _move_to(self, place: int) -> None:
        place = max(0, min(place, len(self._rows) - 1))
        if place == self._cursor or not self._rows:
            return
        self._cursor = place
        self._follow()
        self._redraw()
        self.post_message(self.Moved(self, self._rows[place][0]))

    def _follow(self) -> None:
        """Scroll so that the cursor is visible, also if the scroll bar is not there yet."""
        if self.size.height <= _HEAD:
            return
        visible, top = self.size.height - _HEAD, self.scroll_offset.y
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, immediate=True)
        elif self._cursor >= top + visible:
            self.scroll_to(y=self._cursor - visible + 1, animate=False, immediate=True, force=True)
