"""The table: only what differs is drawn again, and the cursor stays on its row (S3)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from b2bua.console.protocol import Row
from tui.columns import count, text
from tui.table import Table
from tui.themes import THEMES

COLUMNS = (text("name", "calls.target", 10), text("state", "calls.state", 8), count("tries", "calls.attempt", 5))


class Watched(Table):
    """A table that keeps what it had drawn again."""

    def __init__(self) -> None:
        super().__init__(COLUMNS)
        self.drawn: list[Region] = []

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Any:
        """Draw these again."""
        self.drawn += regions or [Region(0, 0, *self.size)]
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class Desk(App[None]):
    """Nothing but the table."""

    def compose(self) -> ComposeResult:
        """The table."""
        yield Watched()

    def on_mount(self) -> None:
        """The console's colours."""
        self.register_theme(THEMES[0])
        self.theme = THEMES[0].name


def rows(count: int) -> dict[str, Row]:
    """So many rows."""
    return {f"r{n:02d}": {"name": f"desk-{n}", "state": "ringing", "tries": 1} for n in range(count)}


def at_the_table(job: Callable[[Pilot[Any], Watched], Awaitable[None]]) -> None:
    """Do this at a table of twelve rows that is drawn and at rest."""

    async def sit() -> None:
        async with Desk().run_test(size=(40, 20)) as pilot:
            table = pilot.app.query_one(Watched)
            table.fill(list(rows(12).items()), 0)
            table.focus()
            await pilot.pause()
            table.drawn.clear()
            await job(pilot, table)

    asyncio.run(sit())


@pytest.mark.req("S3")
def test_one_cell_that_changed_is_one_cell_drawn() -> None:
    """Filled anew with the same rows nothing is drawn; with one field changed, that cell and no other."""

    async def job(pilot: Pilot[Any], table: Watched) -> None:
        table.fill(list(rows(12).items()), 1000)
        assert table.drawn == []
        changed = rows(12)
        changed["r03"]["state"] = "talking"
        table.fill(list(changed.items()), 2000)
        assert table.drawn == [Region(11, 4, 8, 1)]

    at_the_table(job)


@pytest.mark.req("S3")
def test_the_cursor_stays_on_its_row() -> None:
    """Rows that go above it move the cursor's line, not what it is on; when its own row goes it is on a neighbour."""

    async def job(pilot: Pilot[Any], table: Watched) -> None:
        table.go_to("r05")
        fewer = {key: row for key, row in rows(12).items() if key not in ("r01", "r02")}
        table.fill(list(fewer.items()), 0)
        assert table.key == "r05"
        del fewer["r05"]
        table.fill(list(fewer.items()), 0)
        assert table.key == "r06"
        table.fill([], 0)
        assert table.key is None

    at_the_table(job)
