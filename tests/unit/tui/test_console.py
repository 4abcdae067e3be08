"""An operator's jobs at the console, each done key by key against a real control server."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
from textual.pilot import Pilot

from b2bua.api.requests.calls import HangUp
from b2bua.api.requests.peers import SetTrunkService
from b2bua.console.protocol import Role
from b2bua.console.rows import CALLS, COUNTERS, LOG, ONLY, QUEUES, Counters, LogLine, QueueRow, Service
from routing.ids import CallId
from tests.unit.tui.fake_switch import NOON_MS, FakeSwitch, a_live_call, fake_switch
from tests.unit.tui.pilot import console, press, seen, shows, shows_no, until
from tui.i18n import Language, set_language

Job = Callable[[Pilot[Any]], Awaitable[None]]


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Tests read English unless they say otherwise."""
    set_language(Language.EN)
    yield
    set_language(Language.ZH)


def at_the_console(path: Path, job: Job, role: Role = Role.ADMIN, size: tuple[int, int] = (80, 24)) -> None:
    """Do a job at a console of this size."""

    async def sit() -> None:
        async with console(path, role).run_test(size=size, notifications=True) as pilot:
            await job(pilot)

    asyncio.run(sit())


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[FakeSwitch]:
    """A switch with twelve calls up."""
    with fake_switch(tmp_path / "control.sock") as running:
        yield running


@pytest.mark.req("S3")
def test_calls_are_seen_as_they_happen(switch: FakeSwitch) -> None:
    """The table shows state, caller, place, number, target and attempt, and follows the feed."""

    async def job(pilot: Pilot[Any]) -> None:
        await shows(pilot, "021-1234 5678", "上海", "400-600-1234", "desk", "ringing", "12 calls")
        switch.do(lambda: switch.feed.change(CALLS, "new", attrs.evolve(a_live_call(0), caller="0755-1111 2222")))
        await shows(pilot, "0755-1111 2222")
        switch.do(lambda: switch.feed.change(CALLS, "new", None))
        await shows_no(pilot, "0755-1111 2222")

    at_the_console(switch.path, job)


@pytest.mark.req("S3", "R10")
def test_a_long_wait_is_said_in_the_bar_and_at_its_number(tmp_path: Path) -> None:
    """Over two minutes in a queue carry a mark, in both languages, whatever pane is open, at 80 columns."""
    now_ms = time.time_ns() // 1_000_000
    rows = [QueueRow("4006001234", "wait", place, place == 1, now_ms - 60_000 * place) for place in (1, 2)]

    async def job(pilot: Pilot[Any]) -> None:
        await shows(pilot, "12 calls", "queued 1 0:5", "▲ queue #1")
        running.do(partial(running.feed.change, QUEUES, "c0002", None))
        await shows_no(pilot, "queued")
        for place, row in enumerate(rows):
            running.do(partial(running.feed.change, QUEUES, f"c000{place}", row))
        await shows(pilot, "queued 2 2:0", "! trunk down unicom", "▲ queue #1", "≡ queue #2")
        await pilot.press("2")
        await shows(pilot, "Waiting", " 2 2:0")
        await pilot.press("L")
        await shows(pilot, "排队 2 2:0")
        await pilot.press("home", "w")
        await shows(pilot, "▲ 排队第1")
        for place in range(2):
            running.do(partial(running.feed.change, QUEUES, f"c000{place}", None))
        await shows_no(pilot, "排队")

    with fake_switch(tmp_path / "control.sock", now_ms=now_ms) as running:
        at_the_console(running.path, job)


@pytest.mark.req("S3")
def test_find_a_call_and_say_why_it_rang_that_target(switch: FakeSwitch) -> None:
    """Filter by the number as dialled, open the call, and read which target was passed over and why."""

    async def job(pilot: Pilot[Any]) -> None:
        await shows(pilot, "021-1234 5678")
        await pilot.press("slash", *"02112345678 ringing", "enter", "end", "enter")
        await shows(pilot, "closed on Saturday", "night-mobile", "busy", "target's side", "486/17")

    at_the_console(switch.path, job, size=(100, 50))


@pytest.mark.req("S3")
def test_a_call_is_hung_up_only_after_a_yes(switch: FakeSwitch) -> None:
    """`x` asks; Enter and `n` are no; `y` hangs the call up, in the operator's name."""

    async def job(pilot: Pilot[Any]) -> None:
        await shows(pilot, "12 calls", "talking")
        await pilot.press("end", "x")
        await shows(pilot, "Hang up the call from 021-1234 5678")
        await pilot.press("enter", "n")
        await shows_no(pilot, "Hang up the call")
        assert switch.asked == []
        await pilot.press("x", "y")
        await until(pilot, lambda: switch.asked)
        request, asker = switch.asked[0]
        assert request == HangUp(CallId("c0000"))
        assert asker.name.startswith("wang")

    at_the_console(switch.path, job)


def test_a_viewer_is_refused_by_the_switch(switch: FakeSwitch) -> None:
    """The console asks all the same; it is the daemon that says no, and the operator reads why."""

    async def job(pilot: Pilot[Any]) -> None:
        await shows(pilot, "12 calls", "talking")
        await pilot.press("x", "y")
        await shows(pilot, "needs the role")
        assert switch.asked == []

    at_the_console(switch.path, job, Role.VIEWER)


@pytest.mark.req("S3")
def test_the_console_survives_a_restart_of_the_daemon(tmp_path: Path) -> None:
    """While the daemon is away the last picture stays, marked as old; the new daemon's picture replaces it."""
    path = tmp_path / "control.sock"
    first = fake_switch(path)
    first.__enter__()

    async def job(pilot: Pilot[Any]) -> None:
        await shows(pilot, "12 calls")
        await asyncio.to_thread(first.__exit__, None, None, None)
        await shows(pilot, "no link", "as last seen", "021-1234 5678")
        with fake_switch(path, calls=3):
            await shows(pilot, "3 calls")
            await shows_no(pilot, "as last seen")

    at_the_console(path, job)
    assert threading.active_count() < 20


@pytest.mark.req("S3")
def test_without_a_link_the_clocks_stand_still(tmp_path: Path) -> None:
    """What was seen last is shown as it was then; a call that was opened meanwhile is told once the link is back."""
    path = tmp_path / "control.sock"
    now_ms = time.time_ns() // 1_000_000
    first = fake_switch(path, now_ms=now_ms)
    first.__enter__()

    async def job(pilot: Pilot[Any]) -> None:
        await shows(pilot, "12 calls", "oldest open record")
        await asyncio.to_thread(first.__exit__, None, None, None)
        await shows(pilot, "no link", "as last seen")
        then = seen(pilot).split("\n")
        await until(pilot, lambda: seen(pilot).split("\n")[0] != then[0])
        later = seen(pilot).split("\n")
        assert later[3:-1] == then[3:-1]
        assert "oldest" not in later[1]
        await pilot.press("end", "enter")
        await shows(pilot, "no link to the switch")
        with fake_switch(path, now_ms=now_ms):
            await shows(pilot, "closed on Saturday", "486/17")

    at_the_console(path, job, size=(100, 50))


@pytest.mark.req("S3", "T4")
def test_what_was_opened_without_a_link_is_asked_for_once_it_is_back(tmp_path: Path) -> None:
    """The audit trail says that there is no link rather than that there is nothing, and then what there is."""
    path = tmp_path / "control.sock"

    async def job(pilot: Pilot[Any]) -> None:
        await shows(pilot, "no link")
        await press(pilot, "6", "a")
        await shows(pilot, "no link to the switch")
        with fake_switch(path):
            await shows(pilot, "publish", "+ring_s = 20")

    at_the_console(path, job)


@pytest.mark.req("S3")
def test_a_screen_that_comes_back_shows_what_is_now(switch: FakeSwitch) -> None:
    """Whoever leaves a call's detail does not see, even for a moment, the bar as it was when they opened it."""

    def up(calls: int) -> None:
        counters = Counters(calls, 3.2, 87.4, 5.2, 7.4, None, 0, (0,) * 60)
        switch.do(partial(switch.feed.change, COUNTERS, ONLY, counters))

    async def job(pilot: Pilot[Any]) -> None:
        await shows(pilot, "12 calls", "talking")
        for calls in range(20, 24):
            await press(pilot, "enter")
            up(calls)
            await shows(pilot, f"{calls} calls", "Esc back")
            await press(pilot, "escape")
            assert f"{calls} calls" in seen(pilot)

    at_the_console(switch.path, job)


def test_a_filter_that_hides_all_says_so(switch: FakeSwitch) -> None:
    """A table that is empty because of its filter does not look like one where nothing happened."""

    async def job(pilot: Pilot[Any]) -> None:
        await pilot.press("6")
        await shows(pilot, "plan 5 in force")
        await pilot.press("slash", *"no such words", "enter")
        await shows(pilot, "the filter hides them all", "0 of 7 shown")
        await pilot.press("escape")
        await shows(pilot, "plan 5 in force")

    at_the_console(switch.path, job)


@pytest.mark.req("S3")
def test_the_log_is_followed_until_the_cursor_leaves_its_end(switch: FakeSwitch) -> None:
    """New lines move the cursor on; from another line they do not, and the console says so; `End` follows again."""

    def more(n: int) -> None:
        switch.do(lambda: switch.feed.note(LOG, LogLine(NOON_MS, "note", "service", f"line {n}")))

    async def job(pilot: Pilot[Any]) -> None:
        await press(pilot, "6")
        for n in range(40):
            more(n)
        await shows(pilot, "line 39")
        await press(pilot, "pageup", "pageup", "pageup")
        await shows(pilot, "held at this line")
        more(40)
        await pilot.pause(0.3)
        assert "line 40" not in seen(pilot)
        await press(pilot, "end")
        await shows(pilot, "line 40")
        more(41)
        await shows(pilot, "line 41")

    at_the_console(switch.path, job)


def test_the_key_of_all_keys_is_always_hinted_at(switch: FakeSwitch) -> None:
    """However many keys a screen has and however narrow it is, `?` stands at its foot."""

    async def job(pilot: Pilot[Any]) -> None:
        await shows(pilot, "12 calls")
        for pane in "123456":
            await press(pilot, pane)
            assert "?" in seen(pilot).split("\n")[-1]
        await press(pilot, "2", "home", "enter")
        await shows(pilot, "F9 publish ?")
        await pilot.resize_terminal(40, 12)
        await until(pilot, lambda: seen(pilot).rstrip().endswith("?"))

    at_the_console(switch.path, job)


def test_a_call_that_no_target_has_heard_of_is_not_ringing(switch: FakeSwitch) -> None:
    """A target that gave no sign yet is being called; it rings once it says so."""
    call = attrs.evolve(a_live_call(0), caller="0755-1111 2222", state="ringing", rang_ms=None)

    async def job(pilot: Pilot[Any]) -> None:
        switch.do(lambda: switch.feed.change(CALLS, "new", call))
        await pilot.press("slash", *"07551111", "enter")
        await shows(pilot, "1 of 13", "· calling")
        switch.do(lambda: switch.feed.change(CALLS, "new", attrs.evolve(call, rang_ms=call.accepted_ms + 900)))
        await shows(pilot, "◦ ringing")

    at_the_console(switch.path, job)


def test_a_trunk_is_taken_out_after_a_yes(switch: FakeSwitch) -> None:
    """In the pane of trunks `o` asks, and the daemon's row says that it is out."""

    async def job(pilot: Pilot[Any]) -> None:
        await pilot.press("3")
        await shows(pilot, "telecom", "unicom", "250 ms")
        await pilot.press("home", "o", "y")
        await shows(pilot, "telecom: out")
        assert [request for request, _ in switch.asked] == [SetTrunkService("telecom", Service.OUT)]

    at_the_console(switch.path, job)


def test_pause_sort_invert_and_columns(switch: FakeSwitch) -> None:
    """Pausing holds the picture; `!` shows what the filter hid; a hidden column is gone; sorting turns round."""

    async def job(pilot: Pilot[Any]) -> None:
        await shows(pilot, "12 calls", "talking")
        await pilot.press("p")
        switch.do(lambda: switch.feed.change(CALLS, "new", attrs.evolve(a_live_call(0), caller="0755-1111 2222")))
        await shows(pilot, "paused")
        await pilot.pause(0.3)
        assert "0755-1111" not in seen(pilot)
        await pilot.press("p")
        await shows(pilot, "0755-1111 2222")
        await pilot.press("slash", *"talking", "enter")
        await shows(pilot, "5 of 13 shown")
        await pilot.press("exclamation_mark")
        await shows(pilot, "8 of 13 shown")
        await pilot.press("escape")
        await shows_no(pilot, "of 13 shown")
        await pilot.press("c", "down", "down", "space", "enter")
        await shows_no(pilot, "Place")
        await pilot.press("S")
        await shows(pilot, "Age↑")

    at_the_console(switch.path, job)


def test_the_language_changes_everywhere_at_once(switch: FakeSwitch) -> None:
    """`L` turns the whole screen into Chinese and back, while calls go on."""

    async def job(pilot: Pilot[Any]) -> None:
        await shows(pilot, "12 calls", "ringing", "Caller")
        await pilot.press("L")
        await shows(pilot, "通话 12", "振铃", "主叫", "中继不通", "退出")
        assert "Caller" not in seen(pilot)

    at_the_console(switch.path, job)


def test_a_tiny_terminal_does_no_harm(switch: FakeSwitch) -> None:
    """Resized to 20×5 and back, the console is as it was."""

    async def job(pilot: Pilot[Any]) -> None:
        await shows(pilot, "12 calls", "ringing")
        await pilot.resize_terminal(20, 5)
        await pilot.press("down", "enter", "question_mark", "escape", "escape")
        await pilot.resize_terminal(80, 24)
        await shows(pilot, "ringing", "Caller", "12 calls")

    at_the_console(switch.path, job)


def test_help_shows_keys_and_the_users_own(switch: FakeSwitch) -> None:
    """`?` lists every key from the one table, with the user's changes, and a changed key works."""

    async def sit() -> None:
        own = switch.path.parent / "own"
        own.mkdir()
        (own / "keys.toml").write_text('"calls.hangup" = "H"')
        async with console(switch.path).run_test(size=(80, 60)) as pilot:
            await shows(pilot, "12 calls", "ringing")
            await pilot.press("question_mark")
            await shows(pilot, "H hang up", "Everywhere", "take out")
            await pilot.press("escape", "H")
            await shows(pilot, "Hang up the call")

    asyncio.run(sit())
