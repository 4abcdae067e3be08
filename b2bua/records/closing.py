"""How a call's record is closed when the call did not end by its flow, and how its talk time is counted.

Rule: talk time is the time in which caller and target were connected, within the last sign of life, and never more
(P1, F1). There is one rule for each way a call can be lost:

    the call process gives the call up     its own record, at that moment
    the call process dies                  the daemon's latest version, when the kernel reports the death (pidfd)
    the daemon and the call process die    the stored version, when the daemon last stored that the call was up

What happened shortly before a process died may not be in the record: a process may hold a version back for
`HELD_BACK_MS`. So a sign of life seen from outside confirms a conversation only up to that long before it.
"""

from collections.abc import Iterable
from typing import Final

import attrs

from b2bua.records.call_record import Attempt, CallRecord, CallState, Connected, Ending, Party

SIGN_OF_LIFE_MS: Final = 10_000
"""How often a call process sends its record, and the daemon stores which calls are up, while nothing happens: what the
loss of both can cost of the talk time."""
HELD_BACK_MS: Final = 100
"""How long a call process may hold a new version of its record back, so that one message tells of several changes."""


def talk_ms(connected: Iterable[Connected], until_ms: int) -> int:
    """The length of these times in milliseconds (≥ 0); what is still open counts up to `until_ms` (UTC epoch)."""
    return sum(max(0, (until_ms if each.to_ms is None else each.to_ms) - each.from_ms) for each in connected)


def latest_known_ms(record: CallRecord) -> int:
    """The latest time in the record (UTC epoch milliseconds): its call was alive then."""
    times = [record.accepted_ms, record.as_of_ms, record.rang_ms, record.answered_ms, record.ended_ms]
    for attempt in record.attempts:
        times += [attempt.began_ms, attempt.rang_ms, attempt.answered_ms, attempt.ended_ms]
    return max(time for time in times if time is not None)


def close(record: CallRecord, ending: Ending, by: Party, last_sign_of_life_ms: int) -> CallRecord:
    """The closed record of a call that is over though its process did not report the end; `seq` stays.

    `last_sign_of_life_ms` is UTC epoch milliseconds; if it is before the latest time in the record, as after a clock
    was set back, that time counts. A call whose end was decided already (`ended_ms`) keeps that end and its cause; only
    its legs are ended. A record without `connected` keeps its `talk_ms`.
    """
    known_ms = latest_known_ms(record)
    end_ms = max(known_ms, last_sign_of_life_ms)
    talked_until_ms = max(known_ms, end_ms - HELD_BACK_MS)
    connected = tuple(
        each if each.to_ms is not None else attrs.evolve(each, to_ms=max(each.from_ms, talked_until_ms))
        for each in record.connected
    )
    return attrs.evolve(
        record,
        state=CallState.ENDED,
        ended_ms=end_ms if record.ended_ms is None else record.ended_ms,
        talk_ms=talk_ms(connected, talked_until_ms) if connected else record.talk_ms,
        connected=connected,
        attempts=_ended(record.attempts, end_ms, ending),
        hung_up_by=record.hung_up_by or by,
        ending=record.ending or ending,
        as_of_ms=end_ms,
    )


def _ended(attempts: tuple[Attempt, ...], at_ms: int, ending: Ending) -> tuple[Attempt, ...]:
    return tuple(
        each if each.ended_ms is not None else attrs.evolve(each, ended_ms=max(each.began_ms, at_ms), ending=ending)
        for each in attempts
    )
