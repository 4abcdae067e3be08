"""Alarms: each is raised once when its condition begins, and cleared when it is over."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
import trio.testing

from b2bua.admission.served_numbers import Served
from b2bua.console.rows import ALARMS, LOG, Level, PoolRow
from b2bua.media.paths import MediaPaths
from b2bua.monitoring.alarms import CRASH_SHOWN_MS, INSPECTION_EVERY_S, LONG_CALL_MS, Alarms
from b2bua.monitoring.feed_publisher import ActiveAlarm, FeedPublisher
from b2bua.store.store import Store
from b2bua.store.writer import Health
from routing.ids import Number400
from tests.support.samples import ARRIVED_MS, document, open_record

NUMBER = Number400("4006001234")
HEALTHY = Health(healthy=True)


@attrs.define
class Watched:
    """A switch of ten call processes whose state the test sets, and the alarms that follow from it."""

    folder: Path
    served: dict[Number400, Served] = attrs.field(factory=dict)
    free: tuple[int, int] = (10**12, 10**13)
    row: PoolRow = attrs.field(factory=lambda: PoolRow(0, 9, 0, 10, 0))
    now_ms: int = ARRIVED_MS
    warned: dict[Number400, int] = attrs.field(factory=dict)
    publisher: FeedPublisher = attrs.field(init=False)
    alarms: Alarms = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.publisher = FeedPublisher(lambda: self.now_ms)
        self.alarms = Alarms(
            self.publisher,
            lambda: self.row,
            self.folder,
            MediaPaths((self.folder / "prompts",)),
            self.served,
            self.warned.__setitem__,
            lambda _: self.free,
            lambda: self.now_ms,
        )

    def active(self) -> dict[str, str]:
        """The alarms that are raised, with their levels."""
        return {key: row["level"] for key, row in self.publisher.feed.snapshot([ALARMS]).state[ALARMS].items()}

    def logged(self) -> list[str]:
        """The kinds of the log's lines, in order."""
        return [row["kind"] for row in self.publisher.feed.snapshot([LOG]).state[LOG].values()]


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """A switch without numbers."""
    return Watched(tmp_path)


def publish(watched: Watched, store: Store, plan: str) -> None:
    """Put a plan in effect."""
    store.plans.publish([plan], author="wang")
    watched.served.update({number: Served.of(live) for number, live in store.plans.all_live().items()})


@pytest.mark.req("T4")
def test_a_store_that_fails_and_a_long_call(watched: Watched) -> None:
    """Both are logged once though their text changes each second, and are cleared when they are over."""
    old = open_record(accepted_ms=ARRIVED_MS - LONG_CALL_MS)
    for seconds in (4, 5):
        watched.alarms.each_second(Health(healthy=False, reason=f"under way for {seconds} s"), old)
    assert watched.active() == {"store/records": Level.ALARM, "record-open/c-1": Level.WARNING}
    assert watched.logged() == ["store", "record-open"]
    rows: dict[str, dict[str, Any]] = watched.publisher.feed.snapshot([ALARMS]).state[ALARMS]
    assert "5 s" in rows["store/records"]["text"]
    watched.alarms.each_second(HEALTHY, open_record(accepted_ms=ARRIVED_MS - LONG_CALL_MS + 1))
    assert watched.active() == {}


@pytest.mark.req("T4")
@pytest.mark.parametrize(("used", "level"), [(8, None), (9, Level.WARNING), (10, Level.ALARM)])
def test_a_full_pool(watched: Watched, used: int, level: Level | None) -> None:
    """Nearly full is a warning, full is an alarm."""
    watched.row = PoolRow(used, 10 - used, 0, 10, 0)
    watched.alarms.each_second(HEALTHY, None)
    assert watched.active() == ({"pool-full/processes": level} if level else {})


@pytest.mark.req("T4")
def test_a_crash_is_an_alarm_for_ten_minutes_after_the_last_one(watched: Watched) -> None:
    """A second crash makes the alarm last longer; it is over ten minutes after the last."""
    for crashed, later_ms, active in ((0, 0, False), (1, 0, True), (1, CRASH_SHOWN_MS - 1, True), (2, 0, True)):
        watched.row = attrs.evolve(watched.row, crashed=crashed)
        watched.now_ms += later_ms
        watched.alarms.each_second(HEALTHY, None)
        assert bool(watched.active()) is active
    watched.now_ms += CRASH_SHOWN_MS
    watched.alarms.each_second(HEALTHY, None)
    assert watched.active() == {}


@pytest.mark.req("T4", "W3")
@pytest.mark.parametrize(
    ("free", "level"),
    [((50_000_000, 10**12), Level.ALARM), ((900_000_000, 10**11), Level.WARNING), ((2 * 10**9, 10**11), None)],
)
def test_what_an_inspection_finds(watched: Watched, store: Store, free: tuple[int, int], level: Level | None) -> None:
    """A disk that fills, a prompt that nobody uploaded, an authorisation that ends or has ended."""
    today = datetime.fromtimestamp(ARRIVED_MS / 1000, UTC).date()
    targets = "\n".join(
        f'{name} = {{ address = "138 0013 8000", authorised_until = {today + timedelta(days=days)} }}'
        for name, days in (("gone", -2), ("soon", 10), ("fine", 90))
    )
    plan = document().split("[targets]")[0].replace("\n\n", '\nwelcome = "spring"\n\n') + f"[targets]\n{targets}\n"
    publish(watched, store, plan)
    watched.free = free
    found = watched.alarms.inspect(list(watched.served.values()))
    assert found.findings == {NUMBER: 3}
    assert [alarm.level for alarm in found.disk] == ([level] if level else [])
    assert [(alarm.subject, alarm.level) for alarm in found.prompts] == [("400-600-1234 welcome", Level.WARNING)]
    assert [(alarm.subject, alarm.level) for alarm in found.authorisations] == [
        ("400-600-1234 gone", Level.ALARM),
        ("400-600-1234 soon", Level.WARNING),
    ]


@pytest.mark.req("T4")
def test_a_plan_is_checked_once_a_day(watched: Watched, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check costs milliseconds a plan: it is done again on another day, and not before."""
    checked: list[object] = []

    def check(plan: object, *_: object, **__: object) -> list[object]:
        checked.append(plan)
        return []

    monkeypatch.setattr("b2bua.monitoring.alarms.check", check)
    publish(watched, store, document())
    for _ in range(3):
        watched.alarms.inspect(list(watched.served.values()))
    assert len(checked) == 1
    watched.now_ms += 86_400_000
    watched.alarms.inspect(list(watched.served.values()))
    assert len(checked) == 2


@pytest.mark.req("T4", "S1")
async def test_inspections_go_on_after_one_that_failed(
    watched: Watched, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    """A disk that cannot be asked ends nothing; what the inspection a minute later shows is raised and passed on."""
    publish(watched, store, document())
    inspected = trio.Event()
    calls: list[Path] = []

    def free(folder: Path) -> tuple[int, int]:
        calls.append(folder)
        if len(calls) == 1:
            raise OSError("the disk is gone")
        return 1, 10**12

    monkeypatch.setattr(watched.alarms, "_free", free)
    monkeypatch.setattr(watched.alarms, "_warn", lambda *_: inspected.set())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watched.alarms.run)
        await inspected.wait()
        nursery.cancel_scope.cancel()
    assert watched.active() == {f"disk-full/{watched.folder}": Level.ALARM}
    assert calls == [watched.folder] * 2
    assert trio.current_time() - INSPECTION_EVERY_S < 1


@pytest.mark.req("T4")
def test_only_what_changed_in_an_alarm_is_said(watched: Watched) -> None:
    """A new level is a new line of the log; an alarm left out of the next set is cleared; others are not touched."""
    watched.publisher.raise_alarm("trunk-down", "carrier", "does not answer")
    watched.publisher.set_alarms("disk-full", [ActiveAlarm("/", "little", Level.WARNING), ActiveAlarm("/var", "none")])
    watched.publisher.set_alarms("disk-full", [ActiveAlarm("/", "less"), ActiveAlarm("/var", "none at all")])
    watched.publisher.clear_alarm("disk-full", "/home")
    assert watched.logged() == ["trunk-down", "disk-full", "disk-full", "disk-full"]
    watched.publisher.set_alarms("disk-full", [])
    assert watched.active() == {"trunk-down/carrier": Level.ALARM}
