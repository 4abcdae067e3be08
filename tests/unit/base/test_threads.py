"""Blocking work in threads, also on a machine that has none left."""

import pytest
import trio

from b2bua.base.threads import in_thread


async def test_the_result_of_the_work() -> None:
    """Arguments go in, the result comes back."""
    assert await in_thread(divmod, 7, 2) == (3, 1)


@pytest.mark.req("S1")
async def test_no_thread_left_is_a_fault_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """CPython's RuntimeError for a kernel that gives no thread becomes an OSError, as every other lack is."""

    async def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(trio.to_thread, "run_sync", refuse)
    with pytest.raises(OSError, match="no thread can be started"):
        await in_thread(divmod, 7, 2)


async def test_a_runtime_error_of_the_work_stays_one() -> None:
    """What the work itself raises is raised as it is."""

    def fail() -> None:
        raise RuntimeError("a fault of the program")

    with pytest.raises(RuntimeError, match="fault of the program"):
        await in_thread(fail)
