"""Ring together: of two answers within milliseconds exactly one is bridged, and the others are let go (R9)."""

import random
import statistics
from collections.abc import Callable

import pytest
import trio

from tests.support.sip_far_end import Far, Line, open_far
from tests.support.sip_text import field
from tests.support.switch import Switch, sip_uri

CALLER_HZ, FIRST_HZ, SECOND_HZ = 440, 620, 820
TOGETHER = '[nodes.desk]\nkind = "hunt"\norder = "together"\n'


async def until_gone(line: Line) -> float:
    """Wait for the end of a leg; when that was."""
    while not line.gone:
        async with line.end.news:
            await line.end.news.wait()
    return trio.current_time()


async def race(carrier: Far, ends: tuple[Far, Far, Far], number: str, apart_s: float) -> float:
    """Two of three telephones answer `apart_s` after one another; the third only rings.

    How many seconds after the caller's 200 the two that lost were down.
    """
    caller = await carrier.call(number)
    rung = [await end.rang() for end in ends]
    await rung[2].respond("180 Ringing")
    two = [(rung[0], FIRST_HZ), (rung[1], SECOND_HZ)]
    random.shuffle(two)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(two[0][0].answer)
        await trio.sleep(apart_s)  # the race: how far apart the two answers are
        nursery.start_soon(two[1][0].answer)
        await caller.until("SIP/2.0 200")
        bridged = trio.current_time()
        with trio.fail_after(30):
            async with trio.open_nursery() as either:
                for line, _ in two:
                    either.start_soon(_cancel_when_gone, line, either.cancel_scope)
        cancel = await rung[2].until("CANCEL")
        took_s = trio.current_time() - bridged
        nursery.cancel_scope.cancel()  # a loser that was cancelled gets no ACK to wait for
    assert "Call completed elsewhere" in field(cancel, "Reason")
    (winner, hz), *rest = [each for each in two if not each[0].gone]
    assert not rest, "both were left up"
    await caller.audio.until_hears(hz)
    await winner.audio.until_hears(CALLER_HZ)
    await caller.hang_up()
    await winner.until("BYE")
    assert len([line for line, _ in two if line.came("BYE")]) in (1, 2)
    return took_s


async def _cancel_when_gone(line: Line, scope: trio.CancelScope) -> None:
    await until_gone(line)
    scope.cancel()


async def races(switch: Switch, count: int) -> list[float]:
    """As many races, and what the records say of them; how long the losers of each stayed up (seconds)."""
    async with (
        open_far(switch.port, CALLER_HZ) as carrier,
        open_far(switch.port, FIRST_HZ) as first,
        open_far(switch.port, SECOND_HZ) as second,
        open_far(switch.port) as third,
    ):
        targets = "".join(f'{name} = "{end.uri}"\n' for name, end in (("a", first), ("b", second), ("c", third)))
        number = await trio.to_thread.run_sync(switch.publish, targets + TOGETHER)
        took_s = []
        for _ in range(count):
            await trio.to_thread.run_sync(switch.await_ready, 1)
            took_s.append(await race(carrier, (first, second, third), number, random.uniform(0, 0.005)))
        records = await trio.to_thread.run_sync(lambda: switch.closed(number, count))
    for record in records:
        ends = sorted(attempt.ending.slug for attempt in record.attempts if attempt.ending)
        assert ends == ["answered-elsewhere", "answered-elsewhere", "normal"], record.call_id
    return took_s


@pytest.mark.req("R9")
async def test_races_of_two_answers(own_switch: Callable[..., Switch]) -> None:
    """Ten races: one bridged, the other down, as a rule within a second, the third told of the answer elsewhere."""
    took_s = await races(await trio.to_thread.run_sync(own_switch), 10)
    assert statistics.median(took_s) < 1, took_s  # not each of them: this machine may be busy with something else


@pytest.mark.soak
@pytest.mark.req("R9")
@pytest.mark.timeout(600)
async def test_two_hundred_races(own_switch: Callable[..., Switch]) -> None:
    """The same two hundred times, the losers down within a second each time."""
    took_s = await races(await trio.to_thread.run_sync(own_switch), 200)
    assert max(took_s) < 1, took_s


@pytest.mark.req("R9")
async def test_more_than_three_ring_in_waves(switch: Switch) -> None:
    """Five telephones: three at once; when all have refused, the last two, of which one gets the call."""
    async with open_far(switch.port, CALLER_HZ) as carrier, open_far(switch.port, FIRST_HZ) as end:
        users = ("one", "two", "three", "four", "five")
        targets = "".join(f'{user} = "{sip_uri(end.port, user)}"\n' for user in users)
        number = await trio.to_thread.run_sync(switch.publish, targets + TOGETHER)
        caller = await carrier.call(number)
        first = [await end.rang() for _ in range(3)]
        for line in first[:2]:
            await line.respond("486 Busy Here")
        await trio.sleep(0.3)  # that nobody more rings has no event
        assert len(end.lines) == 3
        await first[2].respond("480 Temporarily Unavailable")
        second = [await end.rang() for _ in range(2)]
        await second[1].answer()
        await second[0].until("CANCEL")
        await caller.audio.until_hears(FIRST_HZ)
        await caller.hang_up()
        (record,) = await trio.to_thread.run_sync(switch.closed, number)
    assert [attempt.target for attempt in record.attempts] == list(users)
