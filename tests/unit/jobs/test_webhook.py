"""The subscriber's system is notified of new voicemail messages, through failures and restarts, on a clock of the test.

The notifications themselves go over real HTTP on loopback.
"""

from array import array
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import attrs
import pytest
import trio
from sqlalchemy.exc import OperationalError
from trio.testing import MockClock

from b2bua.jobs.retention import SHANGHAI
from b2bua.jobs.webhook import FIRST_RETRY_S, LONGEST_RETRY_S, VoicemailWebhook
from b2bua.media.messages import Messages
from b2bua.store.store import Store
from routing.ids import CallId, Number400
from tests.support.samples import ended_record
from tests.support.sound import plain_wav
from tests.support.subscriber_system import SubscriberSystem, subscriber_system

SECONDS = array("h", [1000] * 16000)
CALLS = ("19a00000001" + "0" * 9 + "1", "19a00000002" + "0" * 9 + "2", "19a00000003" + "0" * 9 + "3")
NUMBER = Number400("4006001234")


@attrs.define
class Clock:
    """A wall clock that stands still until the test moves it."""

    now_ms: int = 1_770_000_000_000

    def __call__(self) -> int:
        """UTC epoch milliseconds."""
        return self.now_ms


@pytest.fixture
def system() -> Iterator[SubscriberSystem]:
    """The subscriber's system."""
    with subscriber_system() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    """The job's wall clock."""
    return Clock()


@pytest.fixture
def webhook(system: SubscriberSystem, store: Store, tmp_path: Path, clock: Clock) -> VoicemailWebhook:
    """The job, with one message that is to be notified."""
    store.records.put([ended_record(CALLS[0])])
    leave_message(tmp_path, CALLS[0])
    return VoicemailWebhook(system.url, Messages(tmp_path / "messages"), store, lambda _: None, clock=clock)


def leave_message(folder: Path, call_id: str) -> Path:
    """A message of two seconds, as a call process leaves it."""
    return plain_wav(folder / "messages" / NUMBER / "office" / f"{call_id}.wav", SECONDS)


def called(system: SubscriberSystem) -> list[str]:
    """The calls that the system was notified of, in order."""
    return [str(each["call_id"]) for each in system.notified]


@pytest.mark.req("M4")
def test_what_a_notification_says(webhook: VoicemailWebhook, system: SubscriberSystem) -> None:
    """Call, number, mailbox, caller and place of the call, its time with the zone, and whole seconds."""
    assert webhook.notify_due() == ""
    arrived = datetime.fromtimestamp(int(CALLS[0][:11], 16) // 1000, SHANGHAI).isoformat()
    about = {"event": "voicemail", "call_id": CALLS[0], "number": NUMBER, "mailbox": "office"}
    assert system.notified == [{**about, "caller": "02112345678", "place": "上海", "arrived": arrived, "seconds": 2}]


@pytest.mark.req("M4")
def test_a_message_whose_call_has_no_record_yet(
    webhook: VoicemailWebhook, system: SubscriberSystem, tmp_path: Path
) -> None:
    """It is notified all the same, without caller and place."""
    leave_message(tmp_path, CALLS[1])
    webhook.notify_due()
    assert (system.notified[1]["caller"], system.notified[1]["place"]) == ("", "")


@pytest.mark.req("M4")
def test_refused_it_is_posted_again_with_growing_waits(
    webhook: VoicemailWebhook, system: SubscriberSystem, clock: Clock
) -> None:
    """Each wait is twice the last, at most an hour; nothing is posted before it is over, also not by a new daemon."""
    system.status, waits_s = 503, []
    for _ in range(12):
        assert "HTTP status 503" in webhook.notify_due()
        (mark,) = webhook.store.mailboxes.marks().values()
        waits_s.append((mark.next_try_ms - clock.now_ms) / 1000)
        clock.now_ms = mark.next_try_ms - 1
        posted = len(system.notified)
        assert attrs.evolve(webhook).notify_due() == ""
        assert len(system.notified) == posted
        clock.now_ms = mark.next_try_ms
    assert waits_s == [min(FIRST_RETRY_S * 2**n, LONGEST_RETRY_S) for n in range(12)]
    system.status = 204
    assert webhook.notify_due() == ""
    clock.now_ms += 10_000_000
    assert attrs.evolve(webhook).notify_due() == ""
    assert called(system) == [CALLS[0]] * 13, "accepted, it is never posted again"


@pytest.mark.req("M4")
def test_later_messages_wait_for_the_first_that_fails(
    webhook: VoicemailWebhook, system: SubscriberSystem, tmp_path: Path
) -> None:
    """A system that is down gets one request a round, not one for each message."""
    leave_message(tmp_path, CALLS[1])
    system.status = 500
    webhook.notify_due()
    assert called(system) == [CALLS[0]]


@pytest.mark.req("M4")
def test_what_was_read_or_deleted_is_not_notified(
    webhook: VoicemailWebhook, system: SubscriberSystem, tmp_path: Path
) -> None:
    """Somebody has heard it already; and a state whose message is gone goes too."""
    webhook.store.mailboxes.mark([(CallId(CALLS[0]), NUMBER)], "wang", 1, read=True)
    webhook.notify_due()
    assert system.notified == []
    next(webhook.messages.every()).path.unlink()
    leave_message(tmp_path, CALLS[2])
    webhook.notify_due()
    assert list(webhook.store.mailboxes.marks()) == [CALLS[2]]
    assert called(system) == [CALLS[2]]


@pytest.mark.req("M4")
async def test_the_job_goes_on_whatever_fails(
    webhook: VoicemailWebhook, mock_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A locked database, a system that is down, an answer: each is reported when it begins, and its end with ""."""
    locked = OperationalError("SELECT 1", {}, Exception("database is locked"))
    outcomes: list[str | Exception] = ["it is down", locked, locked, OSError(24, "Too many open files"), ""]
    reports: list[str] = []

    def outcome(_: VoicemailWebhook) -> str:
        found = outcomes.pop(0) if outcomes else ""
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(VoicemailWebhook, "notify_due", outcome)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(attrs.evolve(webhook, report=reports.append).run)
        with trio.fail_after(1000):
            while outcomes or reports[-1]:
                await trio.testing.wait_all_tasks_blocked(0.001)
                mock_clock.jump(1)
        nursery.cancel_scope.cancel()
    assert reports[0] == "it is down"
    assert "locked" in reports[1]
    assert "Too many open files" in reports[2]
    assert set(reports[3:]) == {""}
