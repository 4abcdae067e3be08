"""Speech comes before all that can wait: which threads the kernel hurries, and that a crowded machine is not heard."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import trio

from b2bua.callproc.realtime_priority import set_realtime
from tests.support.sip_far_end import open_far
from tests.support.switch import Switch, eventually

HOGS = 4


@pytest.fixture
def hogs() -> Iterator[None]:
    """Programs that want all of the processors all of the time."""
    started = [subprocess.Popen([sys.executable, "-c", "while True: sum(range(1000))"]) for _ in range(HOGS)]
    yield
    for hog in started:
        hog.kill()
        hog.wait()


def _allowed() -> bool:
    return set_realtime(urgent=True) and set_realtime(urgent=False)


def _urgent(pid: int) -> int:
    """How many threads of a process are in the real-time class."""
    threads = [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()]
    return sum(os.sched_getscheduler(thread) == os.SCHED_RR for thread in threads)


@pytest.mark.skipif(not _allowed(), reason="the kernel lets us hurry nothing here")
@pytest.mark.req("S1")
async def test_only_what_moves_speech_is_hurried(switch: Switch) -> None:
    """While it rings none; while two are talking PJSIP's clock and the call process's own thread; afterwards none."""
    with trio.fail_after(40):
        async with open_far(switch.port, 440) as carrier, open_far(switch.port, 620) as desk_end:
            number = await trio.to_thread.run_sync(switch.publish, f'desk = "{desk_end.uri}"')
            caller = await carrier.call(number)
            desk = await desk_end.rang()
            (pid,) = await trio.to_thread.run_sync(
                lambda: eventually(lambda: switch.call_processes(number), lambda busy: len(busy) == 1)
            )
            assert _urgent(pid) == 0
            await desk.answer()
            await caller.until("SIP/2.0 200")
            await caller.audio.until_hears(620)
            await trio.to_thread.run_sync(lambda: eventually(lambda: _urgent(pid), lambda count: count == 2))
            await caller.hang_up()
            await trio.to_thread.run_sync(lambda: eventually(lambda: _urgent(pid), lambda count: count == 0))


@pytest.mark.soak
@pytest.mark.skipif(not _allowed(), reason="the kernel lets us hurry nothing here")
@pytest.mark.req("S1")
async def test_a_crowded_machine_is_not_heard(switch: Switch, hogs: None) -> None:
    """With four programs at full speed, ten seconds of packets leave 20 ms apart, by the clock of their receiver."""
    came: list[float] = []
    with trio.fail_after(90):
        async with open_far(switch.port, 440) as carrier, open_far(switch.port, 620) as desk_end:
            number = await trio.to_thread.run_sync(switch.publish, f'desk = "{desk_end.uri}"')
            caller = await carrier.call(number)
            desk = await desk_end.rang()
            await desk.answer()
            await caller.until("SIP/2.0 200")
            await caller.audio.until_hears(620)
            set_realtime(urgent=True)
            try:
                async with caller.audio.news:
                    while len(came) < 500:
                        await caller.audio.news.wait()
                        came.append(trio.current_time())
            finally:
                set_realtime(urgent=False)
            await caller.hang_up()
    gaps_ms = 1000 * np.diff(came)
    print(f"\namong {HOGS} programs at full speed: gaps of {np.median(gaps_ms):.1f} ms, at most {gaps_ms.max():.1f} ms")
    assert gaps_ms.max() < 45
