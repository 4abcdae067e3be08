"""Each call process has its processor, and they are shared out evenly."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.switch import Switch, eventually, stat

SPARE = 4


def are_shared_out(switch: Switch) -> bool:
    """Whether each call process is on one processor, and each processor has as many of them as another, or one less."""
    found = Counter(tuple(os.sched_getaffinity(process["pid"])) for process in switch.pool())
    cores = os.sched_getaffinity(0)
    each = [found[(core,)] for core in cores]
    return sum(each) == found.total() and max(each) - min(each) <= 1


@pytest.mark.req("S1")
def test_processes_are_shared_out_among_processors(own_switch: Callable[..., Switch]) -> None:
    """So are those of a second fork server, which the daemon starts when it has long settled on one itself."""
    switch = own_switch(spare=SPARE)
    switch.await_ready(SPARE)
    assert are_shared_out(switch)
    assert switch.process is not None
    daemon = switch.process.pid
    eventually(lambda: os.sched_getaffinity(daemon), lambda cores: len(cores) == 1)
    first = [process["pid"] for process in switch.pool()]
    os.kill(int(stat(Path(f"/proc/{first[0]}"))[1]), signal.SIGKILL)  # their parent
    eventually(switch.log, lambda log: "the fork server ended" in log)
    for pid in first:
        os.kill(pid, signal.SIGKILL)
    eventually(
        switch.pool,
        lambda pool: sum(process["ready"] for process in pool) == SPARE and not {p["pid"] for p in pool} & set(first),
    )
    assert are_shared_out(switch)
