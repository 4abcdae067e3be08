"""The calls that are up now: their latest records, and how many there are by number, trunk and target.

Rule: a call is here from its acceptance until its record is closed, whatever happens to its process or to the daemon.
"""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from typing import Final

import attrs

from b2bua.records.call_record import CallRecord, CallState, Ending, Party
from b2bua.records.closing import close, latest_known_ms
from routing.cause import CRASHED

_MOST_RECENTLY_ENDED: Final = 2_000
_CRASHED: Final = Ending(CRASHED.slug, CRASHED.q850, CRASHED.sip, CRASHED.blame)


class ActiveCalls:
    """Latest record of every call that is up. `store` stores a record, `publish` shows it to
    consoles; neither waits.

    `monotonic` gives seconds of a clock that never goes back.
    """

    def __init__(
        self,
        store: Callable[[CallRecord], None],
        publish: Callable[[CallRecord], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._publish = publish
        self._monotonic = monotonic
        self._calls: dict[str, CallRecord] = {}
        self._updated_s: dict[
            str, float
        ] = {}  # when the latest record of a call that is up came, on the monotonic clock
        self._recently_ended: OrderedDict[str, int] = OrderedDict()  # calls that ended lately, with their last seq
        self._attempts: Counter[tuple[str, str]] = Counter()

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[CallRecord]:
        return iter(self._calls.values())

    def get(self, call_id: str) -> CallRecord | None:
        """A call that is up, or None."""
        return self._calls.get(call_id)

    def take(self, record: CallRecord) -> None:
        """Take a newer record of a call. One that is older than the known one, or reopens an ended call, is ignored."""
        known = self._calls.get(record.call_id)
        newest = known.seq if known is not None else self._recently_ended.get(record.call_id, -1)
        if newest >= record.seq or (record.call_id in self._recently_ended and record.state is not CallState.ENDED):
            return
        if record.call_id not in self._recently_ended:
            for attempt in record.attempts[len(known.attempts) if known else 0 :]:
                self._attempts[record.number, attempt.target] += 1
        if record.state is CallState.ENDED:
            self._calls.pop(record.call_id, None)
            self._updated_s.pop(record.call_id, None)
            self._recently_ended[record.call_id] = record.seq
            if len(self._recently_ended) > _MOST_RECENTLY_ENDED:
                self._recently_ended.popitem(last=False)
        else:
            self._calls[record.call_id] = record
            self._updated_s[record.call_id] = self._monotonic()
        self._store(record)
        self._publish(record)

    def crashed(self, call_id: str) -> None:
        """The process of this call died just now: close its record with what is known of it.

        The time of death is the latest time in the record plus the time since the record came, on the monotonic clock,
        so that a wall clock that was set meanwhile cannot lengthen the talk time.
        """
        record = self._calls.get(call_id)
        if record is not None:
            since_ms = round((self._monotonic() - self._updated_s[call_id]) * 1000)
            closed = close(record, _CRASHED, Party.SWITCH, latest_known_ms(record) + since_ms)
            self.take(attrs.evolve(closed, seq=record.seq + 1))

    def of_number(self, number: str) -> int:
        """Calls to this 400 number that are up (O(calls up))."""
        return sum(1 for record in self._calls.values() if record.number == number)

    def of_trunk(self, trunk: str) -> int:
        """Calls from this trunk that are up (O(calls up))."""
        return sum(1 for record in self._calls.values() if record.trunk == trunk)

    def on_target(self, number: str, target: str) -> int:
        """Legs to this target of a number that ring or talk now (R10; O(calls up))."""
        return sum(
            1
            for record in self._calls.values()
            if record.number == number
            for attempt in record.attempts
            if attempt.target == target and attempt.ended_ms is None
        )

    def attempts_at(self, number: str, target: str) -> int:
        """Attempts at this target of a number since the daemon started (R4, least calls)."""
        return self._attempts[number, target]
