"""Records, missed calls, reports and the audit trail, at the console."""

import asyncio
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from b2bua.api.requests.records import FindRecords
from b2bua.api.requests.reports import CountCalls
from routing.ids import CallId
from tests.unit.tui.fake_switch import FakeSwitch, fake_switch
from tests.unit.tui.pilot import press, seen, shows, shows_no, until
from tests.unit.tui.still_switch import StillSwitch, record_still
from tests.unit.tui.test_console import at_the_console
from tui.app import Console
from tui.export import as_csv
from tui.i18n import Language, set_language
from tui.panes.records import MOST, search_of


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Tests read English."""
    set_language(Language.EN)
    yield
    set_language(Language.ZH)


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[FakeSwitch]:
    """A switch with a past."""
    with fake_switch(tmp_path / "control.sock", calls=3) as running:
        yield running


@pytest.mark.req("P1", "P4")
def test_find_a_missed_call_and_close_it(switch: FakeSwitch) -> None:
    """`m` leaves the missed ones; one is closed with a note, in the operator's name."""

    async def job(pilot: Pilot[Any]) -> None:
        await pilot.press("4")
        await shows(pilot, "021-1234 5601", "021-1234 5600", "normal")
        await pilot.press("m")
        await shows_no(pilot, "021-1234 5601")
        await pilot.press("home", "x")
        await shows(pilot, "what was done about it")
        await pilot.press(*"rang back", "enter")
        await until(pilot, lambda: switch.replies.closed)
        by, note = switch.replies.closed[CallId("r000")]
        assert by.startswith("wang")
        assert note == "rang back"
        await shows_no(pilot, "021-1234 5600")
        await pilot.press("m")
        await shows(pilot, "wang (")

    at_the_console(switch.path, job, size=(130, 24))


@pytest.mark.req("P1")
def test_records_are_searched_and_exported(switch: FakeSwitch, tmp_path: Path) -> None:
    """The daemon is asked for what was typed, times in Asia/Shanghai; what is found goes to a file."""

    async def job(pilot: Pilot[Any]) -> None:
        await pilot.press("4")
        await shows(pilot, "021-1234 5601")
        await pilot.press("f", "tab", *"5604", "ctrl+s")
        await shows_no(pilot, "021-1234 5601")
        assert switch.replies.asked[-1] == FindRecords(caller="5604", most=MOST)
        await pilot.press("e", "tab")
        pilot.app.screen.query_one(Input).value = str(tmp_path / "out.jsonl")
        await pilot.press("ctrl+s")
        await shows(pilot, "1 records written")
        assert json.loads((tmp_path / "out.jsonl").read_text())["caller"] == "021-1234 5604"

    at_the_console(switch.path, job)
    typed = {"from": "2025-11-22T12:00", "to": "", "caller": "1"}
    assert search_of(FindRecords, typed) == FindRecords(from_ms=1_763_784_000_000, caller="1", most=MOST)
    for wrong in ({"from": "noon"}, {"number": "12345"}):
        with pytest.raises(ValueError, match=r"noon|12345"):
            search_of(FindRecords, wrong)


def test_csv_is_safe_in_a_spreadsheet() -> None:
    """A caller's name that looks like a formula is text in the file; Chinese comes back whole."""
    rows: list[dict[str, Any]] = [{"caller": "=1+1", "place": "上海", "n": 3}, {"caller": "021", "extra": None}]
    read = list(csv.DictReader(as_csv(rows).lstrip("\ufeff").splitlines()))
    assert read[0] == {"caller": "'=1+1", "place": "上海", "n": "3", "extra": ""}


@pytest.mark.req("P2")
def test_reports_by_hour_and_by_cause(switch: FakeSwitch) -> None:
    """Chart and table of the same rows; the span and what is counted by change with a key."""

    async def job(pilot: Pilot[Any]) -> None:
        await pilot.press("5")
        await shows(pilot, "by hour", "08", "75%", "answered ░ not")
        await pilot.press("u")
        await shows(pilot, "by cause", "no answer")
        await pilot.press("w")
        await shows(pilot, "last 7 days")
        asked = switch.replies.asked[-1]
        assert isinstance(asked, CountCalls)
        assert asked.to_ms - asked.from_ms > 6 * 86_400_000

    at_the_console(switch.path, job, size=(100, 40))


@pytest.mark.req("T4")
def test_the_audit_trail_shows_who_changed_what(switch: FakeSwitch) -> None:
    """From the log `a` leads to the trail, and a step shows its difference."""

    async def job(pilot: Pilot[Any]) -> None:
        await pilot.press("6")
        await shows(pilot, "no answer to OPTIONS", "plan 5 in force")
        await pilot.press("slash", *"unicom", "enter")
        await shows_no(pilot, "plan 5 in force")
        await pilot.press("a")
        await shows(pilot, "wang", "publish", "longer", "-ring_s = 15", "+ring_s = 20")
        await pilot.press("escape")
        await shows(pilot, "no answer to OPTIONS")
        assert "longer" not in seen(pilot)

    at_the_console(switch.path, job)


@pytest.mark.req("M4", "M5")
def test_messages_are_marked_and_deleted_after_a_yes(tmp_path: Path) -> None:
    """Voicemail is listed with who heard it; `m` marks, `x` asks and deletes; recordings say until when they stay."""
    source = StillSwitch(record_still(tmp_path, 3))

    async def sit() -> None:
        async with Console(source, tmp_path / "own").run_test(size=(100, 24)) as pilot:
            await shows(pilot, "400-600-1234")
            await press(pilot, "4", "v")
            await shows(pilot, "sales", "0:41", "! new")
            await press(pilot, "home", "m")
            await shows(pilot, "wang")
            await press(pilot, "x", "n", "x", "y")
            assert source.replies.deleted == ["v0"]
            await press(pilot, "escape", "t")
            await shows(pilot, "12-22 12:00:00", "growing", "sealed")

    asyncio.run(sit())
