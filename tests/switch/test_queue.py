"""A queue before one seat, with real calls: the order of those who wait, over a restart of the daemon too (R10)."""

import os
from collections.abc import Callable
from signal import SIGKILL

import numpy as np
import pytest
import trio

from b2bua.pj.urgency import urgently
from b2bua.record import CallState
from b2bua.sound import FOLDER
from b2bua.sound.wav import RATE_HZ, read_wav
from tests.pj.wire import field
from tests.sound.ear import best_match, likeness
from tests.switch.conftest import Switch, eventually
from tests.switch.far import Far, Line, open_far

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
            30,
        )
    )


async def serve(seat: Far, lines: list[Line]) -> list[str]:
    """The seat takes each call, and hangs up soon; the callers in the order in which they were served."""
    served = []
    for _ in lines:
        call = await seat.rang(timeout_s=20)
        served.append(field(call.invite, "From").partition("sip:")[2].partition("@")[0])
        await call.answer()
        await trio.sleep(0.05)
        await call.hang_up()
    return served


async def stand_in_line(switch: Switch, carrier: Far, number: str, wishes: str) -> tuple[list[Line], list[str]]:
    """Callers one after another, `w` a white-listed one; the order in which they should be served."""
    lines, numbers = [], []
    for index, wish in enumerate(wishes):
        numbers.append(caller_number(index, first=wish == "w"))
        await trio.to_thread.run_sync(lambda: eventually(switch.processes, lambda pool: pool["idle"] >= 1))
        line = await carrier.call(number, caller=numbers[-1])
        line.audio.sending = False
        lines.append(line)
        await line.until("SIP/2.0 18")
    await states(switch, number, CallState.HEARING, len(wishes))
    return lines, sorted(numbers, key=lambda one: not one.startswith("139"))


async def through_the_queue(switch: Switch, wishes: str) -> None:
    """One caller has the seat; all others wait, and are served in order; none is lost, no process stays."""
    async with open_far(switch.port) as carrier, open_far(switch.port) as seat:
        number = await published(switch, seat)
        busy = await carrier.call(number, caller="02112345678")
        talking = await seat.rang()
        await talking.answer()
        await busy.until("SIP/2.0 200")
        lines, expected = await stand_in_line(switch, carrier, number, wishes)
        await talking.hang_up()
        assert await serve(seat, lines) == expected
        records = await trio.to_thread.run_sync(lambda: switch.closed(number, len(wishes) + 1, 30))
        await trio.to_thread.run_sync(lambda: eventually(switch.call_processes, lambda left: not left))
    assert len(records) == len(wishes) + 1
    assert {record.target for record in records} == {"seat"}
    assert all(len(record.attempts) == 1 for record in records)


@pytest.mark.req("R10", "O4")
async def test_the_order_of_a_queue(switch: Switch) -> None:
    """Four wait for one seat, two of them on the white list: those first, each group as it came, each rung once."""
    with trio.fail_after(60):
        await through_the_queue(switch, ".w.w")


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
    with trio.fail_after(60):
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
            records = await trio.to_thread.run_sync(lambda: switch.closed(number, 4, 30))
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
    with trio.fail_after(60), urgently():
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
async def test_simultaneous_calls_to_a_last_line(switch: Switch) -> None:
    """Eight calls in one instant to a seat with one line: one rings it, the others are told that it is busy."""
    async with open_far(switch.port) as carrier, open_far(switch.port) as seat:
        targets = f'seat = {{ address = "{seat.uri}", capacity = 1 }}\n[nodes.desk]\nkind = "hunt"\n'
        number = await trio.to_thread.run_sync(switch.publish, targets)
        await trio.to_thread.run_sync(lambda: eventually(switch.processes, lambda pool: pool["idle"] >= 4))
        lines = [await carrier.call(number) for _ in range(8)]
        rung = await seat.rang()
        await rung.respond("180 Ringing")
        with trio.fail_after(10):
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
