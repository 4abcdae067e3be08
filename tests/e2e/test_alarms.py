"""Alarms of a running switch: each begins, is said once, and is over when its cause is."""

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from b2bua.admission.served_numbers import Served
from b2bua.base.clock import now_ms
from b2bua.console.rows import ALARMS, LOG, Level, PoolRow
from b2bua.control.client import Client
from b2bua.media.paths import MediaPaths
from b2bua.monitoring.alarms import OLD_RECORD_MS, Alarms
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.store.store import Store
from b2bua.store.writer import Health
from routing.ids import Number400
from tests.support.samples import document, open_record
from tests.support.switch import Switch, eventually


def alarms(live: FeedPublisher) -> dict[str, str]:
    """The alarms that stand, with how loud they are."""
    rows = live.feed.snapshot([ALARMS]).state[ALARMS]
    return {key: row["level"] for key, row in rows.items()}


def said(live: FeedPublisher) -> list[str]:
    """What the log says, in order."""
    return [row["kind"] for row in live.feed.snapshot([LOG]).state[LOG].values()]


@pytest.fixture
def store(tmp_path: Path) -> Any:
    """An empty store."""
    opened = Store.open(tmp_path / "switch400.db", tmp_path / "spool")
    yield opened
    opened.close()


def lookout(
    live: FeedPublisher,
    store: Store,
    folder: Path,
    free: tuple[int, int] = (10**12, 10**13),
    used: int = 0,
    crashed: int = 0,
) -> Alarms:
    """A lookout over a pool of ten processes and a disk with so much free, of so much."""
    pool = PoolRow(used, 9, 0, 10, crashed)
    served = {number: Served.of(plan) for number, plan in store.plans.all_live().items()}
    shelves = MediaPaths((folder / "prompts",))
    return Alarms(live, lambda: pool, folder, shelves, served, lambda *_: None, lambda _: free)


@pytest.mark.req("T4")
def test_what_each_second_shows(tmp_path: Path, store: Store) -> None:
    """A store that fails and a call forgotten are said once, change their text in silence, and end."""
    live = FeedPublisher()
    watch = lookout(live, store, tmp_path)
    old = open_record(accepted_ms=now_ms() - OLD_RECORD_MS)
    for seconds in (4, 5):
        watch.look(Health(healthy=False, reason=f"under way for {seconds} s"), old)
    assert alarms(live) == {"store/records": Level.ALARM, "record-open/c-1": Level.WARNING}
    assert said(live) == ["store", "record-open"]
    (row,) = [row for row in live.feed.snapshot([ALARMS]).state[ALARMS].values() if row["slug"] == "store"]
    assert "5 s" in row["text"]
    watch.look(Health(healthy=True), open_record(accepted_ms=now_ms()))
    assert alarms(live) == {}


@pytest.mark.req("T4")
@pytest.mark.parametrize(("used", "level"), [(8, None), (9, Level.WARNING), (10, Level.ALARM)])
def test_a_full_pool(tmp_path: Path, store: Store, used: int, level: Level | None) -> None:
    """Nearly full is a warning, full is an alarm; a death shows beside it."""
    live = FeedPublisher()
    lookout(live, store, tmp_path, used=used, crashed=1).look(Health(healthy=True), None)
    standing = alarms(live)
    assert standing.pop("process-crashed/processes") == Level.ALARM
    assert standing == ({"pool-full/processes": level} if level else {})


@pytest.mark.req("T4", "W3")
@pytest.mark.parametrize(
    ("free", "level"),
    [((50_000_000, 10**12), Level.ALARM), ((900_000_000, 10**11), Level.WARNING), ((2 * 10**9, 10**11), None)],
)
def test_what_each_minute_shows(tmp_path: Path, store: Store, free: tuple[int, int], level: Level | None) -> None:
    """A disk that fills, a prompt that nobody uploaded, an authorisation that ends or has ended."""
    today = datetime.now(UTC).date()
    targets = "\n".join(
        f'{name} = {{ address = "138 0013 8000", authorised_until = {today + timedelta(days=days)} }}'
        for name, days in (("gone", -2), ("soon", 10), ("fine", 90))
    )
    plan = document().split("[targets]")[0].replace("\n\n", '\nwelcome = "spring"\n\n') + f"[targets]\n{targets}\n"
    store.plans.publish([plan], author="wang")
    live = FeedPublisher()
    watch = lookout(live, store, tmp_path, free)
    disk, prompts, rights, warnings = watch._inspect(list(watch._served.values()))
    assert warnings[Number400("4006001234")] == 3
    assert watch._inspect(list(watch._served.values()))[3] == warnings
    assert [cry.level for cry in disk] == ([level] if level else [])
    assert [(cry.subject, cry.level) for cry in prompts] == [("400-600-1234 welcome", Level.WARNING)]
    assert [(cry.subject, cry.level) for cry in rights] == [
        ("400-600-1234 gone", Level.ALARM),
        ("400-600-1234 soon", Level.WARNING),
    ]


@pytest.mark.req("T4")
def test_any_process_that_dies_is_counted(own_switch: Callable[..., Switch]) -> None:
    """An idle process killed is an alarm too; ones told to leave are none; a refilled pool is whole again."""
    switch = own_switch(spare=2, most=10)
    switch.await_ready(2)
    os.kill(switch.call_processes(idle=True)[0], signal.SIGKILL)
    eventually(switch.processes, lambda pool: pool["crashed"] == 1)
    with Client.connect(switch.state / "control.sock") as client:
        seen = eventually(lambda: client.snapshot((ALARMS, LOG)), lambda state: bool(state[ALARMS]))
    assert [row["slug"] for row in seen[ALARMS].values()] == ["process-crashed"]
    assert "process-died" in [row["kind"] for row in seen[LOG].values()]
    switch.await_ready(2)
    assert switch.processes()["crashed"] == 1
