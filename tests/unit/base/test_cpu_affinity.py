"""A thread that settles stays on one processor, and lets the kernel choose anew now and then."""

from collections.abc import Awaitable, Callable
from threading import Thread

import pytest
import trio
from trio.testing import MockClock

from b2bua.base.cpu_affinity import PINNED_S, UNPINNED_S, allowed_cores, keep_pinned, pin_thread


def in_a_thread(run: Callable[[], Awaitable[None]]) -> None:
    """Run an async function in a thread of its own: where it may run is a matter of the thread."""
    thread = Thread(target=lambda: trio.run(run, clock=MockClock(autojump_threshold=0)))
    thread.start()
    thread.join()


@pytest.mark.req("S1")
def test_at_large_then_at_home_then_at_large_again() -> None:
    """All processors for a moment, one for a while, and so on; this thread's own are left alone."""
    before = allowed_cores()
    seen: list[list[int]] = []

    async def watch() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(keep_pinned, before)
            for wait_s in (UNPINNED_S / 2, UNPINNED_S, PINNED_S):
                await trio.sleep(wait_s)
                seen.append(allowed_cores())
            await trio.sleep(UNPINNED_S)
            seen.append(allowed_cores())
            nursery.cancel_scope.cancel()
        seen.append(allowed_cores())

    in_a_thread(watch)
    assert seen[0] == seen[2] == seen[4] == before
    assert len(seen[1]) == len(seen[3]) == 1
    assert {*seen[1], *seen[3]} <= {*before}
    assert allowed_cores() == before


@pytest.mark.req("S1")
def test_a_processor_that_is_not_there_changes_nothing() -> None:
    """Where the kernel refuses, the thread runs where it ran."""
    before = allowed_cores()
    pin_thread([4095])
    assert allowed_cores() == before
