"""Which processors a thread may run on: a thread that stays on one processor finds its caches warm (docs/adr/0006).

Rule: only processors that the program was started on are chosen; where the kernel refuses, the thread goes on as it
was.
"""

import ctypes
import os
from collections.abc import Collection
from contextlib import suppress
from typing import Final

import trio

UNPINNED_S: Final = 0.2
"""How long the kernel may choose the processor anew (measured, docs/adr/0006)."""
PINNED_S: Final = 10.0
"""How long the thread then stays on the processor that the kernel chose."""


def allowed_cores() -> list[int]:
    """The processors that this thread may run on, in order."""
    return sorted(os.sched_getaffinity(0))


def pin_thread(cores: Collection[int]) -> None:
    """Run this thread, and those that it starts from now on, on these processors only, if the kernel allows it."""
    with suppress(OSError):
        os.sched_setaffinity(0, cores)


async def keep_pinned(cores: Collection[int]) -> None:
    """Keep this thread on one of these processors, until cancelled; then it may run on all of them again.

    Every `PINNED_S` it may run on any of them for `UNPINNED_S`, so that the kernel can move it to an idle one.
    """
    current_core = ctypes.CDLL(None).sched_getcpu
    try:
        while len(cores) > 1:
            pin_thread(cores)
            await trio.sleep(UNPINNED_S)
            pin_thread([current_core()])
            await trio.sleep(PINNED_S)
    finally:
        pin_thread(cores)
