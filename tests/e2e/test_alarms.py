"""Alarms of a running switch: each begins, is said once, and is over when its cause is."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from b2bua.console.rows import ALARMS, LOG
from b2bua.control.client import Client
from tests.support.sip_far_end import open_far
from tests.support.switch import Switch, eventually


@pytest.mark.req("T4")
def test_any_process_that_dies_is_counted(own_switch: Callable[..., Switch]) -> None:
    """An idle process killed is an alarm too; ones told to leave are none; a refilled pool is whole again."""
    switch = own_switch(spare=2, most=10)
    switch.await_ready(2)
    os.kill(switch.call_processes(idle=True)[0], signal.SIGKILL)
    eventually(switch.processes, lambda pool: pool["crashed"] == 1)
    with Client.connect(switch.state / "control.sock") as client:
        seen = eventually(lambda: client.snapshot((ALARMS, LOG)), lambda state: bool(state[ALARMS]))
    assert [row["slug"] for row in seen[ALARMS].values()] == ["process-crashed"]
    assert "process-died" in [row["kind"] for row in seen[LOG].values()]
    switch.await_ready(2)
    assert switch.processes()["crashed"] == 1


@pytest.mark.req("T4")
async def test_a_restart_that_keeps_calls_is_no_crash(own_switch: Callable[..., Switch]) -> None:
    """F53: processes that outlived a daemon told to keep calls end when their call is over, without an alarm."""
    switch = own_switch(spare=2, most=10, options=["--keep-calls"])
    async with open_far(switch.port, 440) as carrier, open_far(switch.port, 620) as phone:
        number = await trio.to_thread.run_sync(switch.publish, f'a = "{phone.uri}"')
        caller = await carrier.call(number)
        target = await phone.rang()
        await target.answer()
        await caller.audio.until_hears(620)
        (pid,) = switch.call_processes(number)
        await trio.to_thread.run_sync(switch.stop)
        await trio.to_thread.run_sync(switch.start)
        await trio.to_thread.run_sync(eventually, lambda: switch.call_processes(number), lambda left: left == [pid])
        await caller.hang_up()
        await target.until("BYE")
        await trio.to_thread.run_sync(switch.closed, number)
    gone = Path(f"/proc/{pid}")
    await trio.to_thread.run_sync(eventually, gone.exists, lambda there: not there)
    await trio.to_thread.run_sync(switch.await_ready, 2)
    assert switch.processes()["crashed"] == 0
    with Client.connect(switch.state / "control.sock") as client:
        assert not client.snapshot((ALARMS,))[ALARMS]
