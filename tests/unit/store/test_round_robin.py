"""Places while the database cannot be written: a call waits for an exact one, and not for ever."""

from collections.abc import Callable

import pytest
import trio
from sqlalchemy.exc import OperationalError
from trio.testing import MockClock

from b2bua.store import round_robin
from b2bua.store.round_robin import PATIENCE_S, PlaceCounter
from b2bua.store.store import Store
from routing.ids import NodeName, Number400

NUMBER, NODE = Number400("4006001234"), NodeName("split")


@pytest.fixture
def lock_for(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Makes the database locked until this time of trio's clock; work is done in the test's own thread."""
    take = round_robin.take_place
    until_s = [0.0]

    def locked(*args: object) -> int:
        if trio.current_time() < until_s[0]:
            raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))
        return take(*args)  # type: ignore[arg-type] # passed on as they came

    async def here(work: Callable[..., int], *args: object) -> int:
        await trio.lowlevel.checkpoint()
        return work(*args)

    def lock(seconds: float) -> None:
        until_s[0] = trio.current_time() + seconds

    monkeypatch.setattr(round_robin, "take_place", locked)
    monkeypatch.setattr(round_robin, "in_thread", here)
    return lock


@pytest.mark.req("R3", "R4")
async def test_a_lock_of_eleven_seconds_costs_no_place(
    store: Store, lock_for: Callable[[float], None], autojump_clock: MockClock
) -> None:
    """Twenty calls that ask during the lock get the places 0 to 19, each once, when it is over."""
    counter, taken = PlaceCounter(store.engine), list[int | None]()

    async def call() -> None:
        taken.append(await counter.take(NUMBER, NODE))

    lock_for(11)
    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(call)
    assert sorted(place for place in taken if place is not None) == list(range(20))


@pytest.mark.req("R3")
async def test_a_call_does_not_wait_for_ever(
    store: Store, lock_for: Callable[[float], None], autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    """After `PATIENCE_S` at the latest there is no place, and none is used up; the log says why, once."""
    counter, began_s = PlaceCounter(store.engine), trio.current_time()
    lock_for(1000)
    assert await counter.take(NUMBER, NODE) is None
    assert trio.current_time() - began_s <= PATIENCE_S
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    lock_for(0)
    assert await counter.take(NUMBER, NODE) == 0
