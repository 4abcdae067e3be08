"""How long recordings are kept, and what the command line makes of recordings and messages."""

import calendar
import os
import wave
from array import array
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import trio
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from b2bua.cli import main
from b2bua.jobs import retention
from b2bua.media.recordings import Recordings
from b2bua.store import audit
from b2bua.store.store import Store
from tests.support.samples import document, ended_record
from tests.support.sound import plain_wav

SECOND = array("h", [1000] * 8000)
DAY_MS = 86_400_000


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state directory of a switch."""
    for name in ("recordings", "messages"):
        (tmp_path / "state" / name).mkdir(parents=True)
    return tmp_path / "state"


@pytest.fixture
def store(state: Path) -> Iterator[Store]:
    """Its store."""
    opened = Store.open(state / "switch400.db", state / "spool")
    yield opened
    opened.close()


def _call(at_ms: int, serial: int = 1) -> str:
    return f"{at_ms:011x}{serial:010x}"


def _now_ms() -> int:
    return round(datetime.now(retention.SHANGHAI).timestamp() * 1000)


def _run(state: Path, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--state", str(state)], catch_exceptions=False)


def _put(store: Store, call_id: str, recorded_ms: int = 1000) -> None:
    store.records.put([ended_record(call_id, recorded_ms=recorded_ms)])


times = st.datetimes(datetime(2001, 1, 1), datetime(2200, 1, 1), timezones=st.just(retention.SHANGHAI))  # noqa: DTZ001 - the zone is given beside them


@pytest.mark.req("M5")
@given(times)
def test_kept_one_calendar_month_and_deleted_in_the_second(arrived: datetime) -> None:
    """The day of deletion lies in the next calendar month, on the same day or that month's last, never earlier."""
    due = retention.due(arrived)
    assert (due.year, due.month) == (arrived.year + arrived.month // 12, arrived.month % 12 + 1)
    last = calendar.monthrange(due.year, due.month)[1]
    assert due.day == min(arrived.day, last)
    assert timedelta(days=28) <= due - arrived <= timedelta(days=31)
    assert due.timetz() == arrived.timetz()


@pytest.mark.req("M5")
@given(times, times)
def test_an_earlier_call_is_never_kept_longer(one: datetime, other: datetime) -> None:
    """Deletion keeps the order of the calls, whatever the lengths of months, up to days that a month does not have."""
    early, late = sorted((one, other))
    assert retention.due(early).date() <= retention.due(late).date()


@pytest.mark.req("M5")
@given(times, st.integers(1, 3650))
def test_a_plan_may_say_the_days(arrived: datetime, days: int) -> None:
    """With `retention_days` a recording is deleted after exactly so many days, whatever the months."""
    assert retention.due(arrived, days) - arrived == timedelta(days=days)


@pytest.mark.req("M5", "M4")
async def test_the_daemon_deletes_and_finishes_at_its_start(state: Path, store: Store) -> None:
    """What is due goes, audited, by the month or by its plan; a message whose process died is found afterwards."""
    folder, box = state / "recordings", state / "messages" / "4006001234" / "office"
    due, fresh, short, orphan, talking = (_call(_now_ms() - days * DAY_MS, days) for days in (32, 27, 8, 2, 1))
    plan = store.plans.publish([document().replace("\n\n", "\nretention_days = 7\n\n", 1)], author="test")
    for name in (due, orphan):
        _put(store, name)
    store.records.put([ended_record(short, plan_hash=plan[0].version.plan_hash)])
    for name in (due, fresh, short):
        plain_wav(folder / f"{name}.wav", SECOND, 2)
    for name in (orphan, talking):
        os.utime(plain_wav(box / f".{name}.wav", SECOND), (1, _now_ms() / 1000 - 120))
    told: list[str] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(retention.run, state, store, lambda call_id, _: told.append(call_id))
        with trio.fail_after(30):
            while len(told) < 2:
                await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    assert told == [due, short]
    assert [path.name for path in folder.iterdir()] == [f"{fresh}.wav"]
    assert sorted(path.name for path in box.iterdir()) == sorted([f"{orphan}.wav", f".{talking}.wav"])
    with store.engine.connect() as connection:
        deleted = [entry for entry in audit.entries(connection, "4006001234") if entry.operation == "recording.delete"]
    assert {entry.who for entry in deleted} == {"retention"}
    assert deleted[1].fields == {"call_id": due}


@pytest.mark.req("M5")
def test_recordings_are_listed_exported_and_deleted_when_due(state: Path, store: Store, tmp_path: Path) -> None:
    """The owner's copy is mode 0600 and replaces nothing; export and deletion are audited."""
    new, old = _call(_now_ms() - DAY_MS), _call(_now_ms() - 40 * DAY_MS, 2)
    for call_id in (new, old):
        _put(store, call_id)
        plain_wav(state / "recordings" / f"{call_id}.wav", SECOND, 2)
    assert old in _run(state, "recording", "list", "--number", "4006001234").output
    assert old not in _run(state, "recording", "list", "--number", "4008001234").output
    copy = tmp_path / "copy.wav"
    assert _run(state, "recording", "export", new, str(copy)).exit_code == 0
    assert copy.read_bytes() == (state / "recordings" / f"{new}.wav").read_bytes()
    assert copy.stat().st_mode & 0o777 == 0o600
    assert _run(state, "recording", "export", new, str(copy)).exit_code == 2
    assert _run(state, "recording", "export", "../other", str(tmp_path / "x.wav")).exit_code == 2
    assert old in _run(state, "recording", "delete-due").output
    assert [one.call_id for one in Recordings(state / "recordings").every()] == [new]
    with store.engine.connect() as connection:
        verbs = {entry.operation for entry in audit.entries(connection, "4006001234")}
    assert verbs == {"recording.export", "recording.delete"}


@pytest.mark.req("M5")
def test_verify_names_every_fault(state: Path, store: Store) -> None:
    """A good recording passes; one cut off, too short, mono, readable by others, or no recording at all is named."""
    folder = state / "recordings"
    calls = [_call(_now_ms(), serial) for serial in range(6)]
    for call_id in calls:
        _put(store, call_id, recorded_ms=9000 if call_id == calls[2] else 1000)
        plain_wav(folder / f"{call_id}.wav", SECOND, 1 if call_id == calls[3] else 2).chmod(0o600)
    assert calls[0] not in _run(state, "recording", "verify").output
    os.truncate(folder / f"{calls[1]}.wav", 9000)
    (folder / f"{calls[4]}.wav").chmod(0o644)
    (folder / f"{calls[5]}.wav").rename(folder / f"{calls[5]}.sealed")
    outcome = _run(state, "recording", "verify")
    faults = dict(line.split(": ", 1) for line in outcome.output.splitlines()[:-1])
    assert outcome.exit_code == 1
    assert faults == {
        calls[1]: "it is cut off",
        calls[2]: "it is 8.5 s shorter than what was recorded",
        calls[3]: "it is not 8 kHz WAV of 2 channels",
        calls[4]: "others than its owner may read it",
        calls[5]: "it is no recording of this kind",
    }


@pytest.mark.req("M4")
def test_messages_are_listed_fetched_marked_and_deleted(state: Path, store: Store, tmp_path: Path) -> None:
    """The list has caller, mailbox, length; a fetched message plays and is read; a deleted one is gone, and audited."""
    call_id = _call(_now_ms())
    _put(store, call_id)
    plain_wav(state / "messages" / "4006001234" / "office" / f"{call_id}.wav", SECOND)
    plain_wav(state / "messages" / "4006001234" / "office" / f".{_call(1)}.wav", SECOND)
    (line,) = _run(state, "voicemail", "list", "--mailbox", "office").output.splitlines()[1:]
    assert call_id in line
    assert "021-1234 5678" in line
    assert line.split()[0] == "new"
    assert line.split()[-1] == "1"
    assert _run(state, "voicemail", "play-to", call_id, str(tmp_path / "said.wav")).exit_code == 0
    with wave.open(str(tmp_path / "said.wav")) as said:
        assert said.getnframes() == 8000
    assert call_id in _run(state, "voicemail", "list").output
    assert call_id not in _run(state, "voicemail", "list", "--new").output
    assert _run(state, "voicemail", "mark", call_id, "--new").exit_code == 0
    assert call_id in _run(state, "voicemail", "list", "--new").output
    assert _run(state, "voicemail", "delete", call_id).exit_code == 0
    assert "no message" in _run(state, "voicemail", "delete", call_id).output
    with store.engine.connect() as connection:
        verbs = [entry.operation for entry in audit.entries(connection, "4006001234")]
    assert verbs == ["voicemail.delete", *["voicemail.mark"] * 2, "voicemail.fetch"]
