"""Blocking work in a thread, for a loop that must not block.

Rule: a machine that has no thread left is a fault like any other fault of the machine: an OSError, never a
RuntimeError.
"""

import errno
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import trio

T = TypeVar("T")
Args = TypeVarTuple("Args")


async def in_thread(work: Callable[[*Args], T], *args: *Args) -> T:
    """The result of `work(*args)`, done in a thread of trio's.

    Raises what the work raises; OSError (EAGAIN) if the kernel gives no thread (`RLIMIT_NPROC`, `TasksMax`).
    """
    try:
        return await trio.to_thread.run_sync(work, *args)
    except RuntimeError as error:
        # CPython has no error class of its own for pthread_create's EAGAIN.
        if "can't start new thread" in str(error):
            raise OSError(errno.EAGAIN, "no thread can be started") from error
        raise
