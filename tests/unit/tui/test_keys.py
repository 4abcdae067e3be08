"""The keys: one table, no key twice in one place, all of them in the palette, the user's own on top."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot

from tests.unit.tui.pilot import at_rest, press, shows, until
from tests.unit.tui.still_switch import StillSwitch, record_still
from tui.app import Console
from tui.i18n import Language, set_language
from tui.keys import KEYS, KeysFault, clashes, remapped


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Tests read English."""
    set_language(Language.EN)
    yield
    set_language(Language.ZH)


def with_still_switch(folder: Path, job: Callable[[Pilot[Any]], Awaitable[None]]) -> None:
    """Do a job at a console that shows a recorded moment."""

    async def sit() -> None:
        console = Console(StillSwitch(record_still(folder, 12)), folder / "own")
        async with console.run_test(size=(80, 24), notifications=True) as pilot:
            await shows(pilot, "12 calls", "ringing")
            await job(pilot)

    asyncio.run(sit())


def test_no_key_does_two_things_in_one_place() -> None:
    """The table as it is shipped has no clash."""
    assert list(clashes({})) == []


def test_own_keys_are_read_and_faults_named(tmp_path: Path) -> None:
    """Either way of writing TOML; an unknown name, no key, and a key that is taken are refused with the way out."""
    path = tmp_path / "keys.toml"
    assert remapped(path) == {}
    path.write_text('calls.hangup = "ctrl+h"\n"app.quit" = "Q"\n')
    assert remapped(path) == {"calls.hangup": "ctrl+h", "app.quit": "Q"}
    for text, said in (
        ('"calls.hang" = "h"', "no key is named calls.hang; known are .*calls.hangup"),
        ('"calls.hangup" = 7', "must be the name of a key"),
        ('"calls.hangup" = "q"', "app.quit and calls.hangup are both on q; give one of them another key"),
        ("calls", "keys.toml"),
    ):
        path.write_text(text)
        with pytest.raises(KeysFault, match=said):
            remapped(path)


def test_the_palette_does_what_a_key_does_here_and_leads_to_what_it_does_elsewhere(tmp_path: Path) -> None:
    """`columns` opens the box over the calls; `take out` leads to the trunks, where that key works."""

    async def job(pilot: Pilot[Any]) -> None:
        await press(pilot, "ctrl+p", *"columns")
        await shows(pilot, "Tables: columns")
        await press(pilot, "enter")
        await shows(pilot, "Columns to show")
        await press(pilot, "escape", "ctrl+p", *"take out")
        await shows(pilot, "Trunks and gateways: take out")
        await press(pilot, "enter")
        await shows(pilot, "this works in: Trunks and gateways", "telecom", "Failed")

    with_still_switch(tmp_path, job)


def test_the_palette_lists_every_key(tmp_path: Path) -> None:
    """As many lines as the table has keys."""

    async def job(pilot: Pilot[Any]) -> None:
        await press(pilot, "ctrl+p")
        await at_rest(pilot)
        palette = pilot.app.screen
        assert isinstance(palette, CommandPalette)
        await until(pilot, lambda: palette.query_one("CommandList").option_count == len(KEYS))  # type: ignore[attr-defined]  # textual keeps its class to itself

    with_still_switch(tmp_path, job)


def test_l_leads_from_a_trunk_to_its_lines_in_the_log(tmp_path: Path) -> None:
    """The log comes up filtered by the trunk, and Esc shows all of it again."""

    async def job(pilot: Pilot[Any]) -> None:
        await press(pilot, "3", "home", "down", "l")
        await shows(pilot, "1 of 7 shown", "no answer to OPTIONS")
        await press(pilot, "escape")
        await shows(pilot, "plan 5 in force")

    with_still_switch(tmp_path, job)
