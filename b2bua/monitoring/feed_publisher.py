"""Keeps the feed that the consoles show: turns events of the switch into rows, and holds the active alarms.

Rule: nothing is decided here and nothing waits here. A row is made when something changed, with numbers printed as
people write them.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

import attrs

from b2bua.admission.peer_status import PeerChange
from b2bua.base.clock import now_ms
from b2bua.console.feed import Feed
from b2bua.console.rows import (
    ALARMS,
    CALLS,
    COUNTERS,
    LOG,
    LOG_ROWS,
    ONLY,
    POOL,
    TRUNKS,
    AlarmRow,
    Counters,
    Level,
    LiveCall,
    LogLine,
    PeerRow,
    PoolRow,
)
from b2bua.records.call_record import CallRecord, CallState
from b2bua.store.records import Records
from routing.cause import Blame
from routing.ids import Number400
from routing.number import print_400, print_address

_ENDED_SHOWN_MS: Final = 10_000
"""How long a call that has ended stays among the calls that are up."""
_SHARES_MS: Final = 15 * 60_000
"""The shares (answered, busy, no answer) are of calls that ended no longer ago."""
_LOAD_MS: Final = 60 * 60_000
"""How far back a new daemon looks in the records."""
_SPAN_MS: Final = 15_000
_SPANS: Final = 60
"""The trend: new calls in each of so many spans of so many milliseconds."""


@attrs.frozen
class ActiveAlarm:
    """An alarm that is raised now: what it is about, a sentence for operators, and its level."""

    subject: str
    text: str
    level: Level = Level.ALARM


class FeedPublisher:
    """Keeps the feed. `feed` is what `b2bua.control.server` serves; `now_ms` is wall time (UTC epoch milliseconds)."""

    def __init__(self, now_ms: Callable[[], int] = now_ms) -> None:
        self.feed = Feed({LOG: LOG_ROWS})
        self._alarms: dict[tuple[str, str], AlarmRow] = {}
        self._now_ms = now_ms
        self._started_ms = now_ms()
        self._ended: deque[tuple[int, str]] = deque()
        self._results: deque[tuple[int, str]] = deque()  # of the last 15 minutes: when, and how
        self._accepted: Counter[int] = Counter()

    def load(self, records: Records) -> None:
        """Load the counts of the last minutes from the records, so that they go on after a restart of the daemon.

        Calls that were accepted more than an hour ago are left out. Blocks on the disk.
        """
        now = self._now_ms()
        for past in records.call_times_since(now - _LOAD_MS):
            self._accepted[past.accepted_ms // _SPAN_MS] += 1
            if past.ended_ms is not None and past.ended_ms >= now - _SHARES_MS:
                self._results.append((past.ended_ms, "answered" if past.answered_ms is not None else past.slug or ""))
        self._results = deque(sorted(self._results))

    def call(self, record: CallRecord) -> None:
        """Show a call's newest record."""
        if record.seq == 0:
            self._accepted[record.accepted_ms // _SPAN_MS] += 1
        self.feed.change_later(CALLS, record.call_id, partial(row_of, record))
        if record.state is CallState.ENDED:
            ended_ms = self._now_ms()
            self._ended.append((ended_ms, record.call_id))
            self._results.append((ended_ms, _result(record)))

    def pool(self, row: PoolRow) -> None:
        """Show the call processes."""
        self.feed.change(POOL, ONLY, row)

    def raise_alarm(self, slug: str, subject: str, text: str, level: Level = Level.ALARM) -> None:
        """Raise an alarm, until `clear_alarm`. Raised again, only its text and level change; a new level is logged."""
        known = self._alarms.get((slug, subject))
        if known is None or known.level != level:
            self.log(level, slug, f"{subject}: {text}")
        alarm = AlarmRow(slug, subject, level, known.since_ms if known else self._now_ms(), text)
        self._alarms[slug, subject] = alarm
        self.feed.change(ALARMS, f"{slug}/{subject}", alarm)

    def clear_alarm(self, slug: str, subject: str) -> None:
        """Clear an alarm, if it is raised."""
        if self._alarms.pop((slug, subject), None) is not None:
            self.feed.change(ALARMS, f"{slug}/{subject}", None)

    @property
    def active_alarms(self) -> tuple[AlarmRow, ...]:
        """The alarms that are raised now."""
        return tuple(self._alarms.values())

    def set_alarms(self, slug: str, alarms: Iterable[ActiveAlarm]) -> None:
        """Of this slug, raise these alarms and clear all others."""
        active = {alarm.subject: alarm for alarm in alarms}
        for subject in [subject for known, subject in self._alarms if known == slug and subject not in active]:
            self.clear_alarm(slug, subject)
        for alarm in active.values():
            self.raise_alarm(slug, alarm.subject, alarm.text, alarm.level)

    def log(self, level: Level, kind: str, text: str, **about: str) -> None:
        """Add a line to the log; `about` names call_id, number, trunk or who."""
        self.feed.note(LOG, LogLine(self._now_ms(), level, kind, text, **about))

    def peer_changed(self, change: PeerChange) -> None:
        """A trunk or gateway stopped answering OPTIONS, or answers again."""
        slug = "trunk-down" if change.topic == TRUNKS else "gateway-down"
        if change.up:
            self.clear_alarm(slug, change.name)
            self.log(Level.NOTE, slug, f"{change.name} answers again")
        else:
            self.raise_alarm(slug, change.name, f"{change.name} does not answer OPTIONS")

    def peers(self, rows: Iterable[tuple[str, str, PeerRow]]) -> None:
        """Show trunks and gateways: topic, name, row."""
        for topic, name, row in rows:
            self.feed.change(topic, name, row)

    def tick(self, live: int, oldest_open_ms: int | None, guard: dict[str, int]) -> None:
        """Once a second: drop calls that ended a while ago, and count."""
        now = self._now_ms()
        while self._ended and self._ended[0][0] < now - _ENDED_SHOWN_MS:
            self.feed.change(CALLS, self._ended.popleft()[1], None)
        while self._results and self._results[0][0] < now - _SHARES_MS:
            self._results.popleft()
        newest = now // _SPAN_MS
        for span in [span for span in self._accepted if span <= newest - _SPANS]:
            del self._accepted[span]
        results = Counter(result for _, result in self._results)
        self.feed.change(
            COUNTERS,
            ONLY,
            Counters(
                live=live,
                calls_per_s=round((self._accepted[newest] + self._accepted[newest - 1]) / (2 * _SPAN_MS / 1000), 1),
                answered_pct=_share(results, "answered"),
                busy_pct=_share(results, "busy"),
                no_answer_pct=_share(results, "no-answer"),
                oldest_open_ms=oldest_open_ms,
                started_ms=self._started_ms,
                trend=tuple(self._accepted[newest - _SPANS + 1 + index] for index in range(_SPANS)),
                guard=guard,
            ),
        )


def row_of(record: CallRecord) -> LiveCall:
    """A call as a row of the console's table."""
    attempt = record.attempts[-1] if record.attempts else None
    address = attempt.address if attempt else ""
    return LiveCall(
        state=record.state,
        caller=print_address(record.caller),
        place=record.place,
        number=print_400(Number400(record.number)),
        trunk=record.trunk,
        accepted_ms=record.accepted_ms,
        target=attempt.target if attempt else "",
        address=print_address(address),
        attempt=attempt.leg if attempt else 0,
        rang_ms=record.rang_ms,
        answered_ms=record.answered_ms,
        ended_ms=record.ended_ms,
        node=str(record.trace[-1].get("node", "")) if record.trace else "",
        ending=record.ending.slug if record.ending else "",
        blame=record.ending.blame if record.ending else "",
        plan_hash=record.plan_hash,
    )


def _result(record: CallRecord) -> str:
    if record.answered_ms is not None:
        return "answered"
    return record.ending.slug if record.ending else Blame.UNKNOWN


def _share(results: "Counter[str]", which: str) -> float | None:
    total = results.total()
    return round(100 * results[which] / total, 1) if total else None
