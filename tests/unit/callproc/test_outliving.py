"""A call outlives the daemon, and a process that dies takes only its own call along."""

import os

import pytest
import trio

from b2bua.ipc.protocol import Frames, FromProcess, Update
from b2bua.records.call_record import CallState
from tests.support.phones import call, call_until, open_phone
from tests.support.process_host import Child, House, open_house, plan_for


async def _talking(house: House, child: Child) -> None:
    await house.until(lambda: child.updates and child.updates[-1].state is CallState.TALKING)


@pytest.mark.req("S1")
async def test_a_call_goes_on_without_the_daemon_and_reports_to_the_next_one() -> None:
    """The link goes away in mid call: both ends still hear each other, and a new daemon hears of the call whole."""
    outcomes, over = [], trio.Event()
    async with open_house() as house, open_phone() as target, trio.open_nursery() as nursery:
        house.plan = plan_for(target.address)
        child = await house.spawn()

        async def place() -> None:
            outcomes.append(await call_until(over, house.sip))

        nursery.start_soon(place)
        await _talking(house, child)
        assert house.listening is not None
        house.listening.cancel()
        house.link.unlink()
        await trio.sleep(0.2)  # a while without any daemon
        nursery.start_soon(house.listen)
        new: Child = await house.until(
            lambda: house.children[child.hello.pid] is not child and house.children[child.hello.pid]
        )
        await house.until(lambda: new.updates)
        assert new.hello.call_id == "call-1"
        assert new.hello.invite is not None
        assert new.updates[0].state is CallState.TALKING
        assert new.updates[0].seq >= child.updates[-1].seq
        over.set()
        await house.until(lambda: new.updates[-1].state is CallState.ENDED)
        assert house.listening is not None
        house.listening.cancel()
    assert outcomes[0]["exit"] == 0


@pytest.mark.req("P1")
async def test_without_a_daemon_the_last_record_is_spooled_and_the_process_ends() -> None:
    """No daemon comes back before the call ends: its record lies in the spool, whole, for the owner's eyes only."""
    async with open_house() as house, open_phone() as target:
        house.plan = plan_for(target.address)
        child = await house.spawn()
        over = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call_until, over, house.sip)
            await _talking(house, child)
            talking_since = trio.current_time()
            assert house.listening is not None
            house.listening.cancel()
            house.link.unlink()
            await trio.sleep(0.5)  # so long they talk
            talked_s = trio.current_time() - talking_since
            over.set()
        await house.until(lambda: child.hello.pid in house.deaths)
        (spooled,) = list((house.folder / "spool").iterdir())
        (update,) = Frames(FromProcess).feed(spooled.read_bytes())
        mode = spooled.stat().st_mode & 0o777
    assert house.deaths[child.hello.pid] == 0
    assert mode == 0o600
    assert isinstance(update, Update)
    assert update.record.state is CallState.ENDED
    assert update.record.talk_ms / 1000 >= talked_s


@pytest.mark.req("S1")
async def test_the_death_of_one_process_is_reported_with_its_signal_and_leaves_the_others() -> None:
    """kill -9 of one of two processes: the fork server says so, and the other takes a call."""
    async with open_house() as house, open_phone() as target:
        house.plan = plan_for(target.address)
        victim = await house.spawn()
        await house.spawn()
        house.idle.remove(victim)
        os.kill(victim.hello.pid, 9)
        await house.until(lambda: victim.hello.pid in house.deaths)
        outcome = await call(house.sip, "--seconds", "0.6")
    assert house.deaths[victim.hello.pid] == -9
    assert outcome["exit"] == 0


@pytest.mark.req("S1")
async def test_an_idle_process_ends_when_the_daemon_is_gone() -> None:
    """A process without a call does not wait for a daemon."""
    async with open_house() as house:
        child = await house.spawn()
        assert house.listening is not None
        house.listening.cancel()
        await house.until(lambda: child.hello.pid in house.deaths)
    assert house.deaths[child.hello.pid] == 0
