"""An operator edits a plan at the console: forms, text, difference, publish, conflict, restore, drafts."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, TextArea

from routing.document import parse
from routing.ids import NodeName
from routing.node import Distribution, ShareBranch
from tests.unit.tui.fake_switch import FakeSwitch, fake_switch
from tests.unit.tui.pilot import at_rest, console, seen, shows, shows_no, until
from tests.unit.tui.plan_store import PLAN
from tests.unit.tui.test_console import Job
from tui.i18n import Language, set_language
from tui.plan.formlist import FormScreen
from tui.plan.screen import PlanScreen


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


def at_the_plan(switch: FakeSwitch, job: Job) -> None:
    """Open the plan of 400-600-1234 and do a job there."""

    async def sit() -> None:
        async with console(switch.path).run_test(size=(110, 34), notifications=True) as pilot:
            await pilot.press("2")
            await shows(pilot, "400-600-1234", "400-820-8820")
            await pilot.press("home", "enter")
            await shows(pilot, "as live", "night-mobile")
            await job(pilot)

    asyncio.run(sit())


def editor(pilot: Pilot[Any]) -> TextArea:
    """The text of the plan."""
    return pilot.app.screen.query_one(TextArea)


def editor_below(pilot: Pilot[Any]) -> TextArea:
    """The text of the plan under the boxes."""
    return next(screen for screen in pilot.app.screen_stack if isinstance(screen, PlanScreen)).query_one(TextArea)


@pytest.mark.req("S4", "R11")
def test_move_to_a_mobile_by_form_see_the_difference_publish(switch: FakeSwitch) -> None:
    """A form changes one field and keeps the comments; the difference shows it; with a note it is live."""

    async def job(pilot: Pilot[Any]) -> None:
        await pilot.press("f4")
        await shows(pilot, "Target desk")
        await pilot.press("enter")
        await shows(pilot, "address", "010-6552 1234")
        pilot.app.screen.query(Input).first().value = "138 0013 8000"
        await pilot.press("ctrl+s")
        await shows(pilot, "draft, not published", "138 0013 8000")
        await pilot.press("f6")
        await shows(pilot, '-desk = "010-6552 1234"', '+desk = "138 0013 8000"')
        await at_rest(pilot)
        await pilot.press("f9")
        await shows(pilot, "Publish: in effect")
        await pilot.press("enter", *"desk moved", "enter")
        await shows(pilot, "published: in effect", "as live")
        assert switch.plans.text == PLAN.replace("010-6552 1234", "138 0013 8000")
        assert switch.plans.versions[-1].note == "desk moved"

    at_the_plan(switch, job)


async def open_form(pilot: Pilot[Any], title: str) -> None:
    """Open the form of this title."""
    await pilot.press("f4")
    await shows(pilot, "Change what?")
    titles = [str(option.prompt) for option in pilot.app.screen.query_one(OptionList).options]
    pilot.app.screen.query_one(OptionList).highlighted = titles.index(title)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, FormScreen))


@pytest.mark.req("S4", "R3")
def test_a_plan_is_split_by_form_and_made_whole_again(switch: FakeSwitch) -> None:
    """37 % to one and 63 % to the other from a plan without a split; a sum that is not 100 is told at its line."""

    async def job(pilot: Pilot[Any]) -> None:
        await open_form(pilot, "+ shares in percent")
        await shows(pilot, "desk 37; night-mobile 63 (100 in all)")
        line = pilot.app.screen.query(Input).first()
        line.value = "desk 37; night-mobile 36"
        await pilot.press("ctrl+s")
        await shows(pilot, "73 % in all: make it 100")
        line.value = "desk 37; night-mobile 63"
        await pilot.press("ctrl+s")
        await shows(pilot, "draft, not published", "37%", "63%")
        await at_rest(pilot)
        await pilot.press("f9", *"split", "enter")
        await shows(pilot, "published: in effect", "as live")
        assert parse(switch.plans.text).nodes[NodeName("split")] == Distribution(
            (ShareBranch(37, NodeName("desk")), ShareBranch(63, NodeName("night-mobile")))
        )
        await open_form(pilot, "Shares: split")
        await pilot.press("f8")
        await shows(pilot, "Calls go on to desk.")
        await pilot.press("y")
        await shows_no(pilot, "37%")
        assert editor(pilot).text == PLAN

    at_the_plan(switch, job)


@pytest.mark.req("S4")
def test_what_the_check_finds_in_a_form_is_told_at_its_line(switch: FakeSwitch) -> None:
    """The daemon's check is asked before a form closes; pressed once more, the line goes into the draft as it is."""

    async def job(pilot: Pilot[Any]) -> None:
        await open_form(pilot, "Target night-mobile")
        lines = pilot.app.screen.query(Input)
        lines[3].value = "2"
        await pilot.press("ctrl+s")
        await shows(pilot, "“2” does not do; write 5 to 300 seconds")
        await until(pilot, lambda: pilot.app.focused is lines[3])
        assert editor_below(pilot).text == PLAN
        await pilot.press("ctrl+s")
        await shows(pilot, "draft, not published", "1 faults")
        assert editor(pilot).text == PLAN.replace("ring_s = 20", "ring_s = 2")
        await open_form(pilot, "Target night-mobile")
        lines = pilot.app.screen.query(Input)
        lines[3].value = ""
        await pilot.press("ctrl+s")
        await shows_no(pilot, "1 faults")
        assert editor(pilot).text == PLAN.replace('{ address = "139 1111 2222", ring_s = 20 }', '"139 1111 2222"')

    at_the_plan(switch, job)


@pytest.mark.req("S4")
def test_faults_are_shown_beside_the_text_and_lead_to_their_line(switch: FakeSwitch) -> None:
    """A plan that fails the check cannot be published; Enter on the fault goes to its line."""

    async def job(pilot: Pilot[Any]) -> None:
        await pilot.press("f3")
        editor(pilot).text = PLAN.replace("ring_s = 20", "ring_s = 2")
        await shows(pilot, "targets.night-mobile.ring_s", "1 faults")
        await pilot.press("f9")
        await shows(pilot, "cannot be published")
        await pilot.press("tab", "enter")
        await until(pilot, lambda: editor(pilot).cursor_location == (6, 0))
        assert len(switch.plans.versions) == 1

    at_the_plan(switch, job)


@pytest.mark.req("S4")
def test_the_second_of_two_operators_is_told(switch: FakeSwitch) -> None:
    """When another publishes meanwhile, nothing is overwritten unseen: the difference, and a key to say it was seen."""

    async def job(pilot: Pilot[Any]) -> None:
        await pilot.press("f3")
        editor(pilot).text = PLAN.replace("ring_s = 15", "ring_s = 18")
        await shows(pilot, "draft, not published")
        switch.do(lambda: switch.plans.put(PLAN.replace("ring_s = 20", "ring_s = 25"), "li", "longer"))
        await shows(pilot, "! li published at")
        await at_rest(pilot)
        await pilot.press("f9", *"mine", "enter")
        await shows(pilot, "li published version 2 meanwhile")
        assert len(switch.plans.versions) == 2
        await pilot.press("f6")
        await shows(pilot, "ring_s = 25", "+ring_s = 18")
        await pilot.press("f10", "f9", *"mine after all", "enter")
        await until(pilot, lambda: len(switch.plans.versions) == 3)

    at_the_plan(switch, job)


@pytest.mark.req("S4", "N7")
def test_an_old_version_is_compared_and_restored(switch: FakeSwitch) -> None:
    """The history shows every version; two are compared; restoring puts the old text in force as a new version."""
    switch.do(lambda: switch.plans.put(PLAN.replace("ring_s = 15", "ring_s = 30"), "li", "patience"))

    async def job(pilot: Pilot[Any]) -> None:
        await pilot.press("f7")
        await shows(pilot, "first", "patience")
        await pilot.press("end", "enter")
        await shows(pilot, "-ring_s = 30", "+ring_s = 15")
        await pilot.press("r")
        await shows(pilot, "Restore the version of")
        await pilot.press("y")
        await until(pilot, lambda: len(switch.plans.versions) == 3)
        assert switch.plans.text == PLAN
        await shows(pilot, "restored the version of")

    at_the_plan(switch, job)


@pytest.mark.req("S4")
def test_restoring_overwrites_nothing_unseen_and_leaves_the_draft(switch: FakeSwitch) -> None:
    """What another published while the question stood is not overwritten; a draft outlives the restoring."""
    switch.do(lambda: switch.plans.put(PLAN.replace("ring_s = 15", "ring_s = 30"), "li", "patience"))
    mine = PLAN.replace("ring_s = 20", "ring_s = 22")

    async def job(pilot: Pilot[Any]) -> None:
        await pilot.press("f3")
        editor(pilot).text = mine
        await shows(pilot, "draft, not published")
        await at_rest(pilot)
        await pilot.press("f7", "end", "r")
        await shows(pilot, "Restore the version of")
        switch.do(lambda: switch.plans.put(PLAN.replace("ring_s = 15", "ring_s = 40"), "li", "more"))
        await pilot.press("y")
        await shows(pilot, "li published version 3 meanwhile", "! li published at")
        await at_rest(pilot)
        assert len(switch.plans.versions) == 3
        await pilot.press("end", "r", "y")
        await until(pilot, lambda: len(switch.plans.versions) == 4)
        assert switch.plans.text == PLAN
        await shows(pilot, "draft, not published", "! wang (")
        assert editor(pilot).text == mine

    at_the_plan(switch, job)


@pytest.mark.req("S4")
def test_a_draft_outlives_the_console(switch: FakeSwitch) -> None:
    """What was typed is there again after the console was closed, even a megabyte of it; F8 drops it after a yes."""
    long = PLAN + "# " + "x" * 1_000_000 + "\n"

    async def type_it(pilot: Pilot[Any]) -> None:
        await pilot.press("f3")
        editor(pilot).text = long
        await shows(pilot, "draft, not published")

    async def find_it(pilot: Pilot[Any]) -> None:
        await shows(pilot, "draft, not published")
        assert editor(pilot).text == long
        await pilot.press("f8", "y")
        await shows(pilot, "as live")
        assert editor(pilot).text == PLAN

    async def gone(pilot: Pilot[Any]) -> None:
        await shows_no(pilot, "draft, not published")

    async def sit(job: Job) -> None:
        async with console(switch.path).run_test(size=(110, 34)) as pilot:
            await pilot.press("2")
            await shows(pilot, "400-600-1234")
            await pilot.press("home", "enter")
            await shows(pilot, "night-mobile")
            await job(pilot)

    for job in (type_it, find_it, gone):
        asyncio.run(sit(job))


@pytest.mark.req("S4")
def test_what_if_is_asked_of_the_draft(switch: FakeSwitch) -> None:
    """The daemon decides a call on the text as it stands, by a trunk if one is named; the answer is told in words."""

    async def job(pilot: Pilot[Any]) -> None:
        await pilot.press("f5", *"02112345678", "enter")
        await shows(pilot, "rings 1.", "desk", "connected to desk", "order: sequential")
        assert "F5" in seen(pilot)
        await shows(pilot, "telecom; unicom; empty: any")
        await pilot.press("tab", "tab", "tab", *"desk", "enter")
        await shows(pilot, "rings 2.", "connected to night-mobile")
        await pilot.press("tab", *"mobile", "enter")
        await shows(pilot, "there is no trunk named 'mobile'; there are telecom, unicom")

    at_the_plan(switch, job)
