"""A call is bridged through a call process: both ends hear each other, and the record tells what happened."""

from pathlib import Path

import pytest
import trio

from b2bua.records.call_record import CallState, Party
from tests.support.phones import call, open_phone
from tests.support.process_host import open_house, plan_for


def threads(pid: int) -> list[str]:
    """The names of a process's threads."""
    return [(task / "comm").read_text().strip() for task in Path(f"/proc/{pid}/task").iterdir()]


@pytest.mark.req("S1", "R6", "R4")
async def test_a_busy_first_target_leads_to_the_second_and_both_ends_hear_each_other() -> None:
    """The first target is busy, the second answers; each end hears the other's tone; the record has both attempts."""
    async with open_house() as house, open_phone("--busy") as first, open_phone("--tone", "620") as second:
        house.plan = plan_for(first.address, second.address)
        child = await house.spawn()
        began = trio.current_time()
        with trio.fail_after(60):
            outcome = await call(house.sip, "--seconds", "1.2")
            heard = await second.wait_for("ended")
            await house.until(lambda: house.idle)
        whole_s = trio.current_time() - began
    assert outcome["exit"] == 0
    assert outcome["heard_hz"] == pytest.approx(620, abs=2)
    assert "heard 1004 Hz" in heard
    record = child.updates[-1]
    assert record.state is CallState.ENDED
    assert record.hung_up_by is Party.CALLER
    assert [(a.target, a.ending.slug if a.ending else "") for a in record.attempts] == [
        ("t1", "busy"),
        ("t2", "normal"),
    ]
    assert record.target == "t2"
    assert 1 <= record.talk_ms / 1000 <= whole_s


@pytest.mark.req("S1")
async def test_the_clock_runs_during_calls_only_and_the_next_call_hears_as_well_as_the_first() -> None:
    """The thread that moves audio ends with each call, and starts again for the next one in the same process."""
    async with open_house() as house, open_phone("--tone", "620") as phone:
        house.plan = plan_for(phone.address)
        child = await house.spawn()
        with trio.fail_after(60):
            for _ in range(3):
                outcome = await call(house.sip, "--seconds", "1.2")
                assert outcome["heard_hz"] == pytest.approx(620, abs=2)
                await house.until(lambda: house.idle)
                while "clock" in threads(child.hello.pid):
                    await trio.sleep(0.01)
