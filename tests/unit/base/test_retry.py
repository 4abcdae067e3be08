"""Work is tried again for as long as the machine lacks something, with growing waits and one report."""

from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from b2bua.base.retry import FIRST_WAIT_S, LONGEST_WAIT_S, one_line, periodic, until_possible


class Work:
    """Fails with each of these errors in turn, then succeeds; notes when it was tried."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.tried_s: list[float] = []

    async def __call__(self) -> str:
        """One try."""
        self.tried_s.append(trio.current_time())
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.mark.req("P1", "S1")
async def test_tried_again_with_growing_waits(autojump_clock: MockClock) -> None:
    """Waits double from `FIRST_WAIT_S` up to `LONGEST_WAIT_S`; the result of the first success is returned."""
    work = Work(*[OSError("full")] * 9)
    began_s = trio.current_time()
    assert await until_possible(work, (OSError,), lambda _: None) == "done"
    tried_s = [began_s, *work.tried_s[1:]]
    waits_s = [round(after - before, 3) for before, after in pairwise(tried_s)]
    assert waits_s == [min(FIRST_WAIT_S * 2**n, LONGEST_WAIT_S) for n in range(9)]


@pytest.mark.req("S1")
async def test_a_fault_is_reported_once_and_its_end(autojump_clock: MockClock) -> None:
    """The same reason twice is one report; another reason is another; success is reported with an empty line."""
    reports: list[str] = []
    await until_possible(
        Work(OSError("full"), OSError("full"), OSError("locked\nSELECT 1")), (OSError,), reports.append
    )
    assert reports == ["full", "locked", ""]
    await until_possible(Work(), (OSError,), reports.append)
    assert len(reports) == 3, "what never failed is not reported"


@pytest.mark.req("S1")
async def test_a_fault_of_the_program_is_raised(autojump_clock: MockClock) -> None:
    """Only the named classes are tried again: any other error would come for ever."""
    with pytest.raises(KeyError):
        await until_possible(Work(KeyError("x")), (OSError,), lambda _: None)
    with pytest.raises(KeyError):
        await periodic(1, _without_result(Work(KeyError("x"))), (OSError,), lambda _: None)


def _without_result(work: Work) -> Callable[[], Awaitable[None]]:
    async def once() -> None:
        await work()

    return once


@pytest.mark.req("S1")
async def test_periodic_goes_on_after_faults(autojump_clock: MockClock) -> None:
    """A job runs at the start and every period, whether it succeeds or not; a fault and its end are reported once."""
    work, reports = Work(OSError("full"), OSError("full")), list[str]()
    began_s = trio.current_time()
    with trio.move_on_after(35):
        await periodic(10, _without_result(work), (OSError,), reports.append)
    assert [round(at_s - began_s) for at_s in work.tried_s] == [0, 10, 20, 30]
    assert reports == ["full", ""]


def test_an_error_without_words_is_named() -> None:
    """A report is never empty, which would mean that all is well."""
    assert one_line(OSError()) == "OSError"
