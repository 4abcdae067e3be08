"""Reports of the jobs to operators: in the daemon's log, in the feed's log, and as alarms.

Rule: a fault is reported once, and again only when its reason changes.
"""

import logging
from typing import Final

from b2bua.console.rows import Level
from b2bua.monitoring.feed_publisher import FeedPublisher

WEBHOOK_ALARM: Final = ("notify", "voicemail")
"""Slug and subject."""

_log = logging.getLogger(__name__)


class JobReports:
    """Writes to the feed of `publisher`."""

    def __init__(self, publisher: FeedPublisher) -> None:
        self._publisher = publisher
        self._webhook_fault = ""

    def webhook(self, fault: str) -> None:
        """Why the subscriber's system cannot be notified of voicemail; empty when it can."""
        if not fault:
            self._publisher.clear_alarm(*WEBHOOK_ALARM)
        elif fault != self._webhook_fault:
            _log.warning("%s", fault)
            self._publisher.raise_alarm(*WEBHOOK_ALARM, fault, Level.WARNING)
        self._webhook_fault = fault

    def retention(self, call_id: str, text: str) -> None:
        """The recording of a call was deleted; or, with an empty `call_id`, why recordings could not be searched."""
        level = Level.NOTE if call_id else Level.WARNING
        _log.log(logging.INFO if call_id else logging.ERROR, "%s %s", call_id, text)
        self._publisher.log(level, "retention", text, call_id=call_id)

    def database(self, fault: str) -> None:
        """Why the database cannot be used for something that is tried again; empty when it can."""
        if fault:
            _log.error("the database cannot be used now, it is tried again: %s", fault)
        else:
            _log.warning("the database can be used again")

    def call_lost(self, call_id: str) -> None:
        """The record of a call that was lost with its process and the daemon was closed."""
        _log.warning("call %s was lost with its process; its record is closed", call_id)
        self._publisher.log(Level.WARNING, "call-lost", "closed at its last sign of life", call_id=call_id)
