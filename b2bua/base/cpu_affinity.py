"""Which processor runs what: whoever stays on one finds warm caches there (docs/adr/0006).

Rule: only processors that the program was started on; where it may not choose it goes on as it would without.
"""

import ctypes
import os
from collections.abc import Collection
from contextlib import suppress
from typing import Final

import trio

AT_LARGE_S: Final = 0.2
AT_HOME_S: Final = 10.0


def ours() -> list[int]:
    """The processors that this thread may run on, in order."""
    return sorted(os.sched_getaffinity(0))


def stay_on(cores: Collection[int]) -> None:
    """Run this thread, and those that it starts from now on, on these processors only, if it is allowed."""
    with suppress(OSError):
        os.sched_setaffinity(0, cores)


async def settle(cores: Collection[int]) -> None:
    """Keep this thread on one of these processors, until cancelled.

    For `AT_LARGE_S` after every `AT_HOME_S` it may run on any of them: the kernel says anew where there is room for it.
    """
    here = ctypes.CDLL(None).sched_getcpu
    try:
        while len(cores) > 1:
            stay_on(cores)
            await trio.sleep(AT_LARGE_S)
            stay_on([here()])
            await trio.sleep(AT_HOME_S)
    finally:
        stay_on(cores)
