"""A queue before one seat, with real calls: the order of those who wait, over a restart of the daemon too (R10)."""

import os
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from signal import SIGKILL

import numpy as np
import pytest
import trio
from textual.pilot import Pilot

from b2bua.callproc.realtime_priority import at_realtime_priority
from b2bua.media.prompts import FOLDER
from b2bua.media.prompts.wav import RATE_HZ, read_wav
from b2bua.records.call_record import CallState
from tests.e2e.test_console_jobs import at_the_console, english  # noqa: F401 - a fixture that works by itself
from tests.support.sip_far_end import Far, Line, open_far
from tests.support.sip_text import field
from tests.support.sound_analysis import best_match, likeness
from tests.support.switch import Switch, eventually
from tests.unit.tui.pilot import press, shows, shows_no

SEAT_HZ = 620
PLAN = """[screen]
white = {{ prefixes = ["139"] }}
white_is = "priority"
[nodes.wait]
kind = "queue"
then = "desk"
otherwise = "bye"
most_waiting = 100
most_s = 600
tell_s = {tell_s}
[nodes.desk]
kind = "hunt"
targets = ["seat"]
otherwise = "bye"
[nodes.bye]
kind = "release"
cause = "busy"
"""


def caller_number(index: int, *, first: bool) -> str:
    """A mobile's number, on the white list or not."""
    return f"{139 if first else 138}{index:08d}"


async def published(switch: Switch, seat: Far, *, tell_s: int = 0) -> str:
    """A number with a queue before one seat."""
    targets = f'seat = {{ address = "{seat.uri}", capacity = 1 }}\n'
    return await trio.to_thread.run_sync(switch.publish, targets + PLAN.format(tell_s=tell_s), 'start = "wait"')


async def states(switch: Switch, number: str, state: CallState, count: int) -> None:
    """Wait until so many calls of a number stand so."""
    await trio.to_thread.run_sync(
        lambda: eventually(
            lambda: switch.records(number),
            lambda records: sum(record.state is state for record in records) >= count,
        )
    )


async def serve(seat: Far, lines: list[Line]) -> list[str]:
    """The seat takes each call, and hangs up soon; the callers in the order in which they were served."""
    served = []
    for _ in lines:
        call = await seat.rang()
        served.append(field(call.invite, "From").partition("sip:")[2].partition("@")[0])
        await call.answer()
        await trio.sleep(0.05)  # how long the seat talks
        await call.hang_up()
    return served


async def stand_in_line(switch: Switch, carrier: Far, number: str, wishes: str) -> tuple[list[Line], list[str]]:
    """Callers one after another, `w` a white-listed one; the order in which they should be served."""
    lines, numbers = [], []
    for index, wish in enumerate(wishes):
        numbers.append(caller_number(index, first=wish == "w"))
        await trio.to_thread.run_sync(switch.await_ready, 1)
        line = await carrier.call(number, caller=numbers[-1])
        line.audio.sending = False
        lines.append(line)
        await line.until("SIP/2.0 18")
    await states(switch, number, CallState.HEARING, len(wishes))
    return lines, sorted(numbers, key=lambda one: not one.startswith("139"))


async def through_the_queue(switch: Switch, wishes: str, look: Callable[[str], Awaitable[None]] | None = None) -> None:
    """One caller has the seat; all others wait, and are served in order; none is lost, no process stays.

    `look` is done while all of them wait, and told the number.
    """
    async with open_far(switch.port) as carrier, open_far(switch.port) as seat:
        number = await published(switch, seat)
        busy = await carrier.call(number, caller="02112345678")
        talking = await seat.rang()
        await talking.answer()
        await busy.until("SIP/2.0 200")
        lines, expected = await stand_in_line(switch, carrier, number, wishes)
        if look is not None:
            await look(number)
        await talking.hang_up()
        assert await serve(seat, lines) == expected
        records = await trio.to_thread.run_sync(lambda: switch.closed(number, len(wishes) + 1))
        await trio.to_thread.run_sync(switch.released, number)
    assert len(records) == len(wishes) + 1
    assert {record.target for record in records} == {"seat"}
    assert all(len(record.attempts) == 1 for record in records)


@pytest.mark.req("R10", "O4", "S3")
async def test_the_order_of_a_queue(switch: Switch, tmp_path: Path) -> None:
    """Four wait for one seat, two of them on the white list: those first, each group as it came, each rung once.

    A console sees who waits, in which place and how many; once served, they are gone from it.
    """
    seen = threading.Event()

    async def job(number: str, pilot: Pilot[None]) -> None:
        await press(pilot, "slash", *number, "enter")
        await shows(pilot, "▲ queue #1", "▲ queue #2", "≡ queue #3", "≡ queue #4", "queued 4 0:")
        await press(pilot, "slash", *" ▲", "enter", "home", "enter")
        await shows(pilot, "▲ queue #", "wait", "waits since", "white-listed: first")
        await press(pilot, "2", "slash", *number, "enter")
        await shows(pilot, "1 of", "4 0:")
        await press(pilot, "w")
        await shows(pilot, "▲ queue #1")
        seen.set()
        for gone in ("queue #4", "queue #3", "queue #2", "queue #1", "queued"):
            await shows_no(pilot, gone)

    async with trio.open_nursery() as nursery:

        async def look(number: str) -> None:
            sit = partial(at_the_console, switch, tmp_path, partial(job, number))
            nursery.start_soon(trio.to_thread.run_sync, sit)
            await trio.to_thread.run_sync(partial(seen.wait, 40), abandon_on_cancel=True)

        with trio.fail_after(90):
            await through_the_queue(switch, ".w.w", look)


@pytest.mark.soak
@pytest.mark.req("R10", "O4")
@pytest.mark.timeout(300)
async def test_thirty_in_a_queue(switch: Switch) -> None:
    """The same with thirty."""
    await through_the_queue(switch, "..w." * 7 + "ww")


@pytest.mark.soak
@pytest.mark.req("R10")
async def test_a_queue_outlives_the_daemon(own_switch: Callable[..., Switch]) -> None:
    """kill -9 while three wait: with the next daemon they stand where they stood, and are served so."""
    switch = await trio.to_thread.run_sync(own_switch)
    with trio.fail_after(90):
        async with open_far(switch.port) as carrier, open_far(switch.port) as seat:
            number = await published(switch, seat)
            busy = await carrier.call(number, caller="02112345678")
            talking = await seat.rang()
            await talking.answer()
            await busy.until("SIP/2.0 200")
            lines, expected = await stand_in_line(switch, carrier, number, "..w")
            await trio.to_thread.run_sync(switch.stop, SIGKILL)
            await trio.to_thread.run_sync(switch.start)
            await trio.to_thread.run_sync(lambda: eventually(switch.call_processes, lambda holding: len(holding) == 4))
            await talking.hang_up()
            assert await serve(seat, lines) == expected
            records = await trio.to_thread.run_sync(lambda: switch.closed(number, 4))
    assert all(len(record.attempts) == 1 for record in records)


def _hears_in_turn(line: Line, *prompts: str) -> bool:
    """Whether what was heard on a line has these built-in prompts in it, one right after the other."""
    heard = np.asarray(line.audio.heard, np.float32)
    for prompt in prompts:
        wanted = read_wav(FOLDER / f"{prompt}.wav")[: -RATE_HZ // 16]  # it is left a moment before its end
        at, match = best_match(heard, wanted)
        if match < 0.95:
            return False
        after = at + len(wanted)
        heard = heard[after - RATE_HZ // 10 : after + RATE_HZ]
    return True


@pytest.mark.soak
@pytest.mark.req("R10")
async def test_what_is_heard_in_a_queue(switch: Switch) -> None:
    """Music, then in words that one is the second; and when the process of the first is killed, one is the next."""
    with trio.fail_after(60), at_realtime_priority():
        async with open_far(switch.port) as carrier, open_far(switch.port, SEAT_HZ) as seat:
            number = await published(switch, seat, tell_s=5)
            busy = await carrier.call(number, caller="02112345678")
            talking = await seat.rang()
            await talking.answer()
            await busy.until("SIP/2.0 200")
            held = await trio.to_thread.run_sync(switch.call_processes)
            first = await carrier.call(number, caller=caller_number(1, first=False))
            await first.until("SIP/2.0 183")
            (victim,) = set(await trio.to_thread.run_sync(switch.call_processes)) - set(held)
            await states(switch, number, CallState.HEARING, 1)
            second = await carrier.call(number, caller=caller_number(2, first=False))
            await second.audio.until(lambda audio: len(audio.heard) > 13 * 8000, timeout_s=20)
            music = read_wav(FOLDER / "queue-music.wav")[: 3 * RATE_HZ]
            assert likeness(np.asarray(second.audio.heard, np.float32), music) > 0.95
            assert _hears_in_turn(second, "queue-place", "number-2")
            os.kill(victim, SIGKILL)
            await first.until("SIP/2.0 500")
            await talking.hang_up()
            served = await seat.rang()
            assert caller_number(2, first=False) in field(served.invite, "From")
            await served.answer()
            await second.audio.until_hears(SEAT_HZ)
            await second.hang_up()
            await trio.to_thread.run_sync(switch.closed, number, 3)


@pytest.mark.req("R10")
async def test_a_seat_that_refuses_throws_nobody_out_of_the_queue(switch: Switch) -> None:
    """One seat talks, the other answers 486: the caller waits on at the same place, before one who came later.

    The refusing seat is rung once; it is not free for the next caller either.
    """
    with trio.fail_after(60):
        async with open_far(switch.port) as carrier, open_far(switch.port) as seat, open_far(switch.port) as refusing:
            targets = f'seat = {{ address = "{seat.uri}", capacity = 1 }}\nrefusing = "{refusing.uri}"\n'
            plan = PLAN.format(tell_s=0).replace('["seat"]', '["seat", "refusing"]')
            number = await trio.to_thread.run_sync(switch.publish, targets + plan, 'start = "wait"')
            busy = await carrier.call(number, caller="02112345678")
            talking = await seat.rang()
            await talking.answer()
            await busy.until("SIP/2.0 200")
            first = await carrier.call(number, caller=caller_number(1, first=False))
            await (await refusing.rang()).respond("486 Busy Here")
            await states(switch, number, CallState.HEARING, 1)
            second = await carrier.call(number, caller=caller_number(2, first=False))
            await states(switch, number, CallState.HEARING, 2)
            await talking.hang_up()
            served = await serve(seat, [first, second])
            records = await trio.to_thread.run_sync(lambda: switch.closed(number, 3))
    assert served == [caller_number(1, first=False), caller_number(2, first=False)]
    assert len(refusing.lines) == 1
    assert sorted(len(record.attempts) for record in records) == [1, 1, 2]


@pytest.mark.req("R10")
async def test_simultaneous_calls_to_a_last_line(switch: Switch) -> None:
    """Eight calls in one instant to a seat with one line: one rings it, the others are told that it is busy."""
    async with open_far(switch.port) as carrier, open_far(switch.port) as seat:
        targets = f'seat = {{ address = "{seat.uri}", capacity = 1 }}\n[nodes.desk]\nkind = "hunt"\n'
        number = await trio.to_thread.run_sync(switch.publish, targets)
        lines = [await carrier.call(number) for _ in range(8)]
        rung = await seat.rang()
        await rung.respond("180 Ringing")
        with trio.fail_after(90):
            while sum(line.gone for line in lines) < 7:
                async with carrier.news:
                    await carrier.news.wait()
        assert len(seat.lines) == 1
        refused = [line.came("SIP/2.0 4") + line.came("SIP/2.0 5") for line in lines if line.gone]
        assert all(refused)
        await rung.answer()
        (winner,) = [line for line in lines if not line.gone]
        await winner.until("SIP/2.0 200")
        await winner.hang_up()
        records = await trio.to_thread.run_sync(lambda: switch.closed(number, 1))
    assert sum(len(record.attempts) for record in records) == 1


@pytest.mark.soak
@pytest.mark.req("R10", "M4")
async def test_who_has_waited_long_enough_leaves_a_message(switch: Switch) -> None:
    """After 5 s the caller, unanswered until then, is answered by the mailbox; one too many goes there at once."""
    with trio.fail_after(60):
        async with open_far(switch.port, SEAT_HZ) as carrier, open_far(switch.port) as seat:
            mail = '[nodes.mail]\nkind = "voicemail"\nmailbox = "office"\n'
            limits = PLAN.format(tell_s=0).replace("most_waiting = 100", "most_waiting = 1").replace("= 600", "= 5")
            plan = limits.replace('then = "desk"\notherwise = "bye"', 'then = "desk"\notherwise = "mail"') + mail
            desk = f'seat = {{ address = "{seat.uri}", capacity = 1 }}\n'
            number = await trio.to_thread.run_sync(switch.publish, desk + plan, 'start = "wait"')
            busy = await carrier.call(number, caller="02112345678")
            talking = await seat.rang()
            await talking.answer()
            await busy.until("SIP/2.0 200")
            waits = await carrier.call(number, caller=caller_number(1, first=False))
            await waits.until("SIP/2.0 183")
            await states(switch, number, CallState.HEARING, 1)
            too_many = await carrier.call(number, caller=caller_number(2, first=False))
            await too_many.until("SIP/2.0 200")
            assert not waits.came("SIP/2.0 200")
            await waits.until("SIP/2.0 200", timeout_s=20)
            current_language = len(waits.audio.heard) + 14 * RATE_HZ  # the greeting, and some seconds after it
            await waits.audio.until(lambda audio: len(audio.heard) > current_language, timeout_s=30)
            for line in (waits, too_many):
                await line.hang_up()
            await busy.hang_up()
            records = await trio.to_thread.run_sync(lambda: switch.closed(number, 3, 30))
    assert sorted(record.message_s > 0 for record in records) == [False, True, True]
    assert [len(record.attempts) for record in records] == [0, 0, 1]
