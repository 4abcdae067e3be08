"""Repeats work after faults that pass by themselves: no disk, database, file descriptors or threads for a while.

Rule: such a fault never ends a task. It is reported once, the work is tried again with growing waits, and the end of
the fault is reported too. All waiting is on trio's clock.
"""

from collections.abc import Awaitable, Callable
from typing import Final, NoReturn, TypeVar

import trio

T = TypeVar("T")
Faults = tuple[type[Exception], ...]
"""The classes of errors that pass by themselves; any other error is a fault of the program and is raised."""
Report = Callable[[str], None]
"""Gets one line that says what is wrong, whenever that changes; "" when the work succeeds again."""

FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 5.0


async def until_possible(work: Callable[[], Awaitable[T]], faults: Faults, report: Report) -> T:
    """The result of the work, tried again after `FIRST_WAIT_S`, then twice as long and so on, until it succeeds."""
    wait_s, reported = FIRST_WAIT_S, ""
    while True:
        try:
            result = await work()
        except faults as error:
            if (reason := one_line(error)) != reported:
                report(reason)
                reported = reason
        else:
            if reported:
                report("")
            return result
        await trio.sleep(wait_s)
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)


async def periodic(period_s: float, work: Callable[[], Awaitable[None]], faults: Faults, report: Report) -> NoReturn:
    """Do the work now and `period_s` after each time that it ended, until cancelled; after a fault as well."""
    reported = ""
    while True:
        try:
            await work()
        except faults as error:
            if (reason := one_line(error)) != reported:
                report(reason)
                reported = reason
        else:
            if reported:
                report("")
                reported = ""
        await trio.sleep(period_s)


def one_line(error: Exception) -> str:
    """What an error says, without what follows in later lines (SQLAlchemy shows the statement there)."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
