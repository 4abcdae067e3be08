"""Audio before all that can wait: the threads that move speech run in the kernel's real-time class (sched(7)).

Rule: only those are urgent: PJSIP's clock always, our own thread while someone's speech passes through it. Setting up a
call stands in line with everybody else, so that a burst of calls cannot make the ones that are up stutter. Where the
kernel does not allow it everything goes on as it would without (docs/adr/0005).
"""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_LEAST: Final = os.sched_param(1)
_NORMAL: Final = os.sched_param(0)
_ENDLESS_US: Final = 2_000_000
"""An urgent thread that never waits for so long is out of its mind: the kernel ends its process."""


def set_realtime(*, urgent: bool) -> bool:
    """Let this thread, and those that it starts from now on, run before others or not. False if it is not allowed."""
    try:
        os.sched_setscheduler(0, *((os.SCHED_RR, _LEAST) if urgent else (os.SCHED_OTHER, _NORMAL)))
    except OSError:
        return False
    return True


@contextmanager
def at_realtime_priority() -> Iterator[None]:
    """Do something urgent, such as starting a thread that is to be."""
    if os.sched_getscheduler(0) == os.SCHED_RR:
        yield
        return
    set_realtime(urgent=True)
    try:
        yield
    finally:
        set_realtime(urgent=False)


def limit() -> bool:
    """Bound, for this process and its children, how long they may keep others waiting. False if none may be urgent."""
    _, most_us = resource.getrlimit(resource.RLIMIT_RTTIME)
    limit_us = _ENDLESS_US if most_us == resource.RLIM_INFINITY else min(most_us, _ENDLESS_US)
    resource.setrlimit(resource.RLIMIT_RTTIME, (limit_us, limit_us))
    allowed = set_realtime(urgent=True)
    return set_realtime(urgent=False) and allowed
