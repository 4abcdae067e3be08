"""What goes wrong around an operator costs nothing of the work: links, versions, faults, floods and tiny windows."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.events import Paste
from textual.pilot import Pilot

from b2bua.console.protocol import VERSION, Frames, FromConsole, Hello, Refused, frame
from tests.unit.tui.fake_switch import FakeSwitch, fake_switch
from tests.unit.tui.pilot import at_rest, console, press, seen, shows, until
from tests.unit.tui.plan_store import PLAN
from tests.unit.tui.test_plan_screen import at_the_plan, editor
from tui.i18n import Language, set_language
from tui.plan.drafts import Drafts
from tui.plan.screen import PlanScreen
from tui.table import Table

NUMBER = "4006001234"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Tests read English."""
    set_language(Language.EN)
    yield
    set_language(Language.ZH)


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[FakeSwitch]:
    """A switch with one plan published."""
    with fake_switch(tmp_path / "control.sock", calls=3) as running:
        yield running


@pytest.mark.req("S3")
def test_a_daemon_of_another_version_is_named_as_such(tmp_path: Path) -> None:
    """The console says what the daemon said, and goes on asking, so that an upgrade needs no restart of it."""
    refusals = 0

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal refusals
        (hello,) = Frames(FromConsole).feed(await reader.read(65536))
        assert isinstance(hello, Hello)
        writer.write(
            frame(Refused(VERSION + 1, f"this switch speaks version {VERSION + 1}, the console {hello.version}"))
        )
        await writer.drain()
        writer.close()
        refusals += 1

    async def sit() -> None:
        daemon = await asyncio.start_unix_server(refuse, tmp_path / "control.sock")
        async with daemon, console(tmp_path / "control.sock").run_test(size=(80, 24)) as pilot:
            await shows(pilot, f"this switch speaks version {VERSION + 1}, the console {VERSION}", "no link")
            await until(pilot, lambda: refusals > 1)

    asyncio.run(sit())


@pytest.mark.req("S4")
def test_a_daemon_that_goes_while_a_plan_is_edited_takes_nothing_along(tmp_path: Path) -> None:
    """Publishing without a link says so; text and draft stay, and with the daemon back the same key publishes."""
    path = tmp_path / "control.sock"
    first = fake_switch(path)
    switch = first.__enter__()
    changed = PLAN.replace("ring_s = 15", "ring_s = 18")

    async def job(pilot: Pilot[Any]) -> None:
        await press(pilot, "f3")
        editor(pilot).text = changed
        await shows(pilot, "draft, not published")
        await asyncio.to_thread(first.__exit__, None, None, None)
        await shows(pilot, "no link")
        await press(pilot, "f9", *"longer", "enter")
        await shows(pilot, "no link to the switch")
        assert editor(pilot).text == changed
        draft = Drafts(tmp_path / "own" / "drafts").read(NUMBER)
        assert draft is not None
        assert draft.text == changed
        with fake_switch(path) as second:
            await until(pilot, lambda: pilot.app.model.link.up)  # type: ignore[attr-defined]  # it is a Console
            await press(pilot, "f9", *"longer", "enter")
            await until(pilot, lambda: len(second.plans.versions) == 2)
            assert second.plans.text == changed

    at_the_plan(switch, job)


@pytest.mark.req("S4")
def test_a_fault_is_clicked_to_its_line(switch: FakeSwitch) -> None:
    """A double click on a fault puts the cursor on the line it is about; the plan cannot be published meanwhile."""

    async def job(pilot: Pilot[Any]) -> None:
        await press(pilot, "f3")
        editor(pilot).text = PLAN.replace("ring_s = 20", "ring_s = 2")
        await shows(pilot, "targets.night-mobile.ring_s", "write 5 to 300 seconds")
        await pilot.click(Table, offset=(10, 1), times=2)
        await until(pilot, lambda: editor(pilot).cursor_location == (6, 0))
        await press(pilot, "f9")
        await shows(pilot, "cannot be published")

    at_the_plan(switch, job)
    assert len(switch.plans.versions) == 1


@pytest.mark.req("S4")
def test_a_megabyte_is_pasted(switch: FakeSwitch, tmp_path: Path) -> None:
    """A paste of 1 MB lands whole in the text and in the draft on disk, and keys are answered afterwards."""
    flood = "".join(f"# {n:08d} {'x' * 88}\n" for n in range(10_000))

    async def job(pilot: Pilot[Any]) -> None:
        await press(pilot, "f3", "end")
        editor(pilot).move_cursor(editor(pilot).document.end)
        pilot.app.post_message(Paste(flood))
        await until(pilot, lambda: editor(pilot).text == PLAN + flood)
        await at_rest(pilot)
        draft = Drafts(tmp_path / "own" / "drafts").read(NUMBER)
        assert draft is not None
        assert draft.text == PLAN + flood
        await press(pilot, "f2")
        await shows(pilot, "night-mobile", "F2 tree")

    at_the_plan(switch, job)


@pytest.mark.req("S4")
def test_a_tiny_window_costs_nothing_of_a_draft(switch: FakeSwitch, tmp_path: Path) -> None:
    """20×5 and back, with every view opened in between: text, cursor and draft are as they were."""

    async def job(pilot: Pilot[Any]) -> None:
        await press(pilot, "f3")
        editor(pilot).text = PLAN.replace("ring_s = 15", "ring_s = 18")
        editor(pilot).move_cursor((9, 4))
        await shows(pilot, "draft, not published")
        await pilot.resize_terminal(20, 5)
        await press(pilot, "f2", "f5", "f6", "f7", "f4", "escape", "f3", *"7")
        await pilot.resize_terminal(110, 34)
        await shows(pilot, "draft, not published", "[hunt]", "F3 text")
        await at_rest(pilot)
        assert isinstance(pilot.app.screen, PlanScreen)
        assert editor(pilot).text == PLAN.replace("ring_s = 15", "ring7_s = 18")
        draft = Drafts(tmp_path / "own" / "drafts").read(NUMBER)
        assert draft is not None
        assert draft.text == editor(pilot).text
        assert "ring7_s" in seen(pilot)

    at_the_plan(switch, job)
