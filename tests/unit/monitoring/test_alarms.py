"""Alarms: each is raised once when its condition begins, and cleared when it is over."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from b2bua.admission.served_numbers import Served
from b2bua.console.rows import ALARMS, LOG, Level, PoolRow
from b2bua.media.paths import MediaPaths
from b2bua.monitoring.alarms import LONG_CALL_MS, Alarms
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.store.store import Store
from b2bua.store.writer import Health
from routing.ids import Number400
from tests.support.samples import document, open_record

NOW_MS = 1_900_000_000_000


def alarms(publisher: FeedPublisher) -> dict[str, str]:
    """The alarms that stand, with how loud they are."""
    rows = publisher.feed.snapshot([ALARMS]).state[ALARMS]
    return {key: row["level"] for key, row in rows.items()}


def logged(publisher: FeedPublisher) -> list[str]:
    """What the log says, in order."""
    return [row["kind"] for row in publisher.feed.snapshot([LOG]).state[LOG].values()]


def watching(
    publisher: FeedPublisher,
    store: Store,
    folder: Path,
    free: tuple[int, int] = (10**12, 10**13),
    used: int = 0,
    crashed: int = 0,
) -> Alarms:
    """Alarms over a pool of ten processes and a disk with so much free, of so much."""
    pool = PoolRow(used, 9, 0, 10, crashed)
    served = {number: Served.of(plan) for number, plan in store.plans.all_live().items()}
    paths = MediaPaths((folder / "prompts",))
    return Alarms(
        publisher, lambda: pool, folder, paths, served, lambda *_: None, lambda _: free, now_ms=lambda: NOW_MS
    )


@pytest.mark.req("T4")
def test_what_each_second_shows(tmp_path: Path, store: Store) -> None:
    """A store that fails and a call forgotten are said once, change their text in silence, and end."""
    publisher = FeedPublisher()
    watch = watching(publisher, store, tmp_path)
    old = open_record(accepted_ms=NOW_MS - LONG_CALL_MS)
    for seconds in (4, 5):
        watch.each_second(Health(healthy=False, reason=f"under way for {seconds} s"), old)
    assert alarms(publisher) == {"store/records": Level.ALARM, "record-open/c-1": Level.WARNING}
    assert logged(publisher) == ["store", "record-open"]
    (row,) = [row for row in publisher.feed.snapshot([ALARMS]).state[ALARMS].values() if row["slug"] == "store"]
    assert "5 s" in row["text"]
    watch.each_second(Health(healthy=True), open_record(accepted_ms=NOW_MS))
    assert alarms(publisher) == {}


@pytest.mark.req("T4")
@pytest.mark.parametrize(("used", "level"), [(8, None), (9, Level.WARNING), (10, Level.ALARM)])
def test_a_full_pool(tmp_path: Path, store: Store, used: int, level: Level | None) -> None:
    """Nearly full is a warning, full is an alarm; a death shows beside it."""
    publisher = FeedPublisher()
    watching(publisher, store, tmp_path, used=used, crashed=1).each_second(Health(healthy=True), None)
    standing = alarms(publisher)
    assert standing.pop("process-crashed/processes") == Level.ALARM
    assert standing == ({"pool-full/processes": level} if level else {})


@pytest.mark.req("T4", "W3")
@pytest.mark.parametrize(
    ("free", "level"),
    [((50_000_000, 10**12), Level.ALARM), ((900_000_000, 10**11), Level.WARNING), ((2 * 10**9, 10**11), None)],
)
def test_what_each_minute_shows(tmp_path: Path, store: Store, free: tuple[int, int], level: Level | None) -> None:
    """A disk that fills, a prompt that nobody uploaded, an authorisation that ends or has ended."""
    today = datetime.fromtimestamp(NOW_MS / 1000, UTC).date()
    targets = "\n".join(
        f'{name} = {{ address = "138 0013 8000", authorised_until = {today + timedelta(days=days)} }}'
        for name, days in (("gone", -2), ("soon", 10), ("fine", 90))
    )
    plan = document().split("[targets]")[0].replace("\n\n", '\nwelcome = "spring"\n\n') + f"[targets]\n{targets}\n"
    store.plans.publish([plan], author="wang")
    publisher = FeedPublisher()
    watch = watching(publisher, store, tmp_path, free)
    found = watch.inspect(list(watch._served.values()))
    assert found.findings[Number400("4006001234")] == 3
    assert watch.inspect(list(watch._served.values())).findings == found.findings
    assert [alarm.level for alarm in found.disk] == ([level] if level else [])
    assert [(alarm.subject, alarm.level) for alarm in found.prompts] == [("400-600-1234 welcome", Level.WARNING)]
    assert [(alarm.subject, alarm.level) for alarm in found.authorisations] == [
        ("400-600-1234 gone", Level.ALARM),
        ("400-600-1234 soon", Level.WARNING),
    ]
