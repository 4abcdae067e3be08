"""An operator's jobs at the console of a running switch: what was done there is seen by the telephones."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from b2bua.console.protocol import Role
from tests.e2e.test_calls import ANSWERS, TALKS, refused_with, refuses
from tests.e2e.test_crashes import ANSWERS as TAKES_AND_WAITS
from tests.e2e.test_crashes import WAITS_FOR_BYE
from tests.support.sipp import Caller, recv
from tests.support.switch import Switch, eventually, sip_uri
from tests.unit.tui.pilot import at_rest, press, shows, shows_no
from tui.app import Console
from tui.i18n import Language, set_language
from tui.link import Link

CALLER = "02155501234"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Tests read English."""
    set_language(Language.EN)
    yield
    set_language(Language.ZH)


def at_the_console(
    switch: Switch, own: Path, job: Callable[[Pilot[None]], Awaitable[None]], role: Role = Role.ADMIN
) -> None:
    """Do a job at a console of this switch."""

    async def sit() -> None:
        link = Link(switch.state / "control.sock", role, "wang")
        async with Console(link, own).run_test(size=(120, 40), notifications=True) as pilot:
            await shows(pilot, "linked")
            await job(pilot)

    asyncio.run(sit())


def calls(switch: Switch, number: str, steps: list[str]) -> None:
    """A call from the carrier to this number that goes as told."""
    with switch.caller(number, steps, caller=CALLER) as caller:
        caller.wait()


async def open_plan(pilot: Pilot[None], number: str) -> None:
    """From anywhere to this number's plan."""
    await press(pilot, "2", "slash", *number, "enter")
    await shows(pilot, "1 of")
    await press(pilot, "home", "enter")
    await shows(pilot, "as live", "desk")


@pytest.mark.req("S4", "R2", "R11", "N7")
def test_move_saturday_afternoon_to_a_mobile_and_back(switch: Switch, tmp_path: Path) -> None:
    """By form, tried out, looked at and published under a note: the next call rings the mobile; restored: the desk."""
    with switch.target(ANSWERS) as desk, switch.target(ANSWERS) as mobile:
        number = switch.publish(f'desk = "{sip_uri(desk.port)}"\nmobile = "{sip_uri(mobile.port)}"')

        async def job(pilot: Pilot[None]) -> None:
            await open_plan(pilot, number)
            await press(pilot, "f4", "enter", "enter", "enter")
            # the call below is made whenever the test runs: these are all the other days
            await press(pilot, *"Sat 12:00-24:00; Sun-Fri 00:00-24:00; Sat 00:00-12:00", "ctrl+s")
            await shows(pilot, "draft, not published")
            await press(pilot, "f5", *"02155501234", "tab", *"2026-11-28T15:30", "enter")
            await shows(pilot, "rings 1.", "mobile", "not desk")
            await press(pilot, "f6")
            await shows(pilot, "+desk", "Sat 12:00-24:00")
            await press(pilot, "f9", *"Saturdays to the mobile", "enter")
            await shows(pilot, "published: in effect", "as live")
            await asyncio.to_thread(calls, switch, number, TALKS)
            await asyncio.to_thread(mobile.wait)
            await press(pilot, "f7")
            await shows(pilot, "Saturdays to the mobile")
            await press(pilot, "end", "r", "y")
            await shows(pilot, "restored the version of")
            await asyncio.to_thread(calls, switch, number, TALKS)
            await asyncio.to_thread(desk.wait)

        at_the_console(switch, tmp_path, job)
    assert [record.target for record in switch.closed(number, 2)] == ["desk", "mobile"]


@pytest.mark.req("S3", "P1")
def test_find_a_call_and_say_why_it_rang_that_target(switch: Switch, tmp_path: Path) -> None:
    """By a part of the caller's number to the call, whose detail says who was tried before and why that failed.

    It ends when the operator hangs it up there.
    """
    with switch.target(refuses(486, "Busy Here")) as desk, switch.target(TAKES_AND_WAITS) as mobile:
        number = switch.publish(f'desk = "{sip_uri(desk.port)}"\nmobile = "{sip_uri(mobile.port)}"')

        async def job(pilot: Pilot[None]) -> None:
            call = asyncio.create_task(asyncio.to_thread(calls, switch, number, WAITS_FOR_BYE))
            await press(pilot, "1", "slash", *"5550 talking", "enter")
            await shows(pilot, "1 of", "mobile")
            await press(pilot, "home", "enter")
            await shows(pilot, "486/17", "target's side", "→ desk, mobile", "486 Busy Here (1)", "PCMA")
            await press(pilot, "m", "end")
            await shows(pilot, "SIP/2.0 200 OK")
            await press(pilot, "x", "y")
            await call

        at_the_console(switch, tmp_path, job)
        mobile.wait()


@pytest.mark.req("P4")
def test_find_a_missed_call_and_close_it(switch: Switch, tmp_path: Path) -> None:
    """A call that nobody took waits in the list until a person closes it with a note; the switch keeps both."""
    with switch.target(refuses(486, "Busy Here")) as desk:
        number = switch.publish(f'desk = "{sip_uri(desk.port)}"')
        calls(switch, number, refused_with(486))
    switch.closed(number)

    async def job(pilot: Pilot[None]) -> None:
        await press(pilot, "4", "m", "f", *number, "ctrl+s")
        await shows(pilot, "021-5550 1234", "! waits")
        await press(pilot, "home", "x", *"rang back, sold", "enter")
        await shows_no(pilot, "! waits")
        await press(pilot, "m")
        await shows(pilot, "wang (")

    at_the_console(switch, tmp_path, job)
    assert switch.ask("missed.list", {"number": number}) == {"rows": [], "more": False}


@pytest.mark.req("T4")
def test_take_a_trunk_out_and_put_it_back(switch: Switch, tmp_path: Path) -> None:
    """Drained, its call goes on until it is hung up and new ones are refused, as when it is out; back, they come.

    The audit trail says who did it.
    """
    refused = [Caller.invite(), recv(100, optional=True), recv(503), Caller.ack(ok=False)]
    with switch.target(TAKES_AND_WAITS, calls=2) as desk:
        number = switch.publish(f'desk = "{sip_uri(desk.port)}"')

        def times_set() -> int:
            audit = switch.ask("audit.find", {})
            assert isinstance(audit, dict)
            return len([row for row in audit["rows"] if row["operation"] == "trunk.set"]) - before

        async def was_set(times: int) -> None:
            await asyncio.to_thread(eventually, times_set, lambda so_far: so_far == times)

        before = 0
        before = times_set()

        async def job(pilot: Pilot[None]) -> None:
            call = asyncio.create_task(asyncio.to_thread(calls, switch, number, WAITS_FOR_BYE))
            await press(pilot, "1", "slash", *number, "enter")
            await shows(pilot, "1 of", "talking")
            await press(pilot, "3", "home", "d", "y")
            await was_set(1)
            await asyncio.to_thread(calls, switch, number, refused)
            await press(pilot, "1", "home")
            await shows(pilot, "1 of", "talking")
            await press(pilot, "x", "y")
            await call
            await press(pilot, "3", "home", "o", "y")
            await was_set(2)
            await asyncio.to_thread(calls, switch, number, refused)
            await press(pilot, "b")
            await was_set(3)
            await asyncio.to_thread(calls, switch, number, TALKS)
            await press(pilot, "6", "a")
            await shows(pilot, "trunk.set", "wang")
            await at_rest(pilot)

        try:
            at_the_console(switch, tmp_path, job)
        finally:
            switch.ask("trunk.set", {"name": "carrier", "service": "in"})
        desk.wait()
    assert [record.ending and record.ending.slug for record in switch.closed(number, 2)] == ["normal", "operator"]


@pytest.mark.req("P1", "P2")
def test_find_records_and_count_them(switch: Switch, tmp_path: Path) -> None:
    """By number and cause to the two calls of three that were busy, and to a file; by target to the one that talked.

    The report counts the same.
    """
    with switch.target(refuses(486, "Busy Here"), calls=2) as desk, switch.target(ANSWERS) as shop:
        number = switch.publish(f'desk = "{sip_uri(desk.port)}"')
        for _ in range(2):
            calls(switch, number, refused_with(486))
        document = f'number = "{number}"\nsubscriber = "Test"\n[targets]\nshop = "{sip_uri(shop.port)}"\n'
        switch.ask("plan.publish", {"documents": [document], "note": "to the shop"})
        calls(switch, number, TALKS)
        switch.closed(number, 3)
    file = tmp_path / "found.jsonl"

    async def job(pilot: Pilot[None]) -> None:
        await press(pilot, "4", "f", *number, "tab", "tab", *"shop", "ctrl+s")
        await shows(pilot, "talked to shop", "shop  ", "normal")
        await press(pilot, "f", "tab", "tab", "ctrl+u", "tab", *"busy", "ctrl+s")
        await shows(pilot, "cause busy", "desk  ")
        await press(pilot, "e", "ctrl+u", *str(file), "enter")
        await shows(pilot, "2 records written")
        await press(pilot, "5", "t", "n", *number, "ctrl+s")
        await shows(pilot, "by target", "nobody", "shop")

    at_the_console(switch, tmp_path, job)
    found = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [(row["target"], row["ending"]) for row in found] == [("desk", "busy")] * 2
