"""Targets that refused a call a moment ago, over all calls of a number (R10).

Rule: such a target is offered no other call from a queue for `routing.legs.REFUSED_S` seconds. It is told by the calls'
records: an attempt that was never answered, and that the target's side ended.
"""

from b2bua.records.call_record import Attempt, CallRecord
from routing.cause import NO_ANSWER, Blame
from routing.ids import Number400, TargetName
from routing.legs import REFUSED_S


class Refusals:
    """When each target refused last; `now_s` is any clock that never goes back."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], tuple[int, float]] = {}  # the end of the attempt (UTC epoch ms), and `now_s`

    def note(self, record: CallRecord, now_s: float) -> None:
        """A call's record is newer now; a refusal that is known already counts from when it was noted first."""
        for attempt in record.attempts:
            key = (record.number, attempt.target)
            if attempt.ended_ms is None or not _refused(attempt) or attempt.ended_ms <= self._last.get(key, (0, 0))[0]:
                continue
            self._last = {one: last for one, last in self._last.items() if now_s - last[1] < REFUSED_S}
            self._last[key] = (attempt.ended_ms, now_s)

    def is_recent(self, number: Number400, target: TargetName, now_s: float) -> bool:
        """Whether a target of a number refused a call in the last `REFUSED_S` seconds."""
        last = self._last.get((number, target))
        return last is not None and now_s - last[1] < REFUSED_S


def _refused(attempt: Attempt) -> bool:
    """Our own end of a ring wait (R7) is no refusal; a target's own "no answer" has another Q.850 value."""
    why = attempt.ending
    if why is None or attempt.answered_ms is not None or why.blame is not Blame.UPSTREAM:
        return False
    return (why.slug, why.q850) != (NO_ANSWER.slug, NO_ANSWER.q850)
