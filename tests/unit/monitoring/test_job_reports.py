"""What jobs report: once for each fault, as an alarm where it lasts, as a line of the log where it happened."""

import logging

import pytest

from b2bua.console.rows import ALARMS, LOG, Level
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.monitoring.job_reports import JobReports


def lines(publisher: FeedPublisher) -> list[tuple[str, str, str]]:
    """Level, kind and call of each line of the log."""
    rows = publisher.feed.snapshot((LOG,)).state[LOG].values()
    return [(row["level"], row["kind"], row["call_id"]) for row in rows]


@pytest.mark.req("M4", "T4")
def test_a_webhook_that_fails_is_an_alarm_until_it_succeeds(caplog: pytest.LogCaptureFixture) -> None:
    """The same fault is said once, another one changes the text, the end of the fault clears the alarm."""
    publisher = FeedPublisher()
    reports = JobReports(publisher)
    for fault in ("refused", "refused", "timed out"):
        reports.webhook(fault)
    assert caplog.messages == ["refused", "timed out"]
    (row,) = publisher.feed.snapshot((ALARMS,)).state[ALARMS].values()
    assert (row["slug"], row["subject"], row["text"], row["level"]) == (
        "notify",
        "voicemail",
        "timed out",
        Level.WARNING,
    )
    reports.webhook("")
    reports.webhook("")
    assert not publisher.feed.snapshot((ALARMS,)).state[ALARMS]
    reports.webhook("refused")
    assert [alarm.text for alarm in publisher.active_alarms] == ["refused"], "a new fault after the end of the old"


@pytest.mark.req("M5")
def test_deletions_and_failures_of_retention() -> None:
    """A deleted recording is a note about its call; recordings that cannot be looked through are a warning."""
    publisher = FeedPublisher()
    reports = JobReports(publisher)
    reports.retention("c-1", "the recording was deleted")
    reports.retention("", "recordings could not be looked through")
    assert lines(publisher) == [(Level.NOTE, "retention", "c-1"), (Level.WARNING, "retention", "")]


@pytest.mark.req("P1", "T4")
def test_lost_calls_and_a_database_that_cannot_be_used(caplog: pytest.LogCaptureFixture) -> None:
    """Both are for the operators: the call with its id; the database when it fails and when it works again."""
    publisher = FeedPublisher()
    reports = JobReports(publisher)
    reports.call_lost("c-1")
    assert lines(publisher) == [(Level.WARNING, "call-lost", "c-1")]
    reports.database("locked")
    reports.database("")
    assert [record.levelno for record in caplog.records[1:]] == [logging.ERROR, logging.WARNING]
    assert "locked" in caplog.text
