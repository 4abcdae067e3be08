"""Lines of targets that are reserved for a call that is about to ring them (R10).

Rule: a line that was reported free to one call is not reported free to another, until the first call's record shows
what it rang, the call is over, or `PROMISE_S` have passed. So two calls that ask in the same instant never both ring a
target's last line.
"""

from collections.abc import Iterable
from typing import Final

import attrs

from routing.ids import CallId, Number400, TargetName

PROMISE_S: Final = 2.0
"""How long a reservation lasts; between its question and ringing a call does nothing that takes time."""


@attrs.frozen
class _Promise:
    number: Number400
    targets: frozenset[TargetName]
    attempts: int
    until_s: float


class LineReservations:
    """The reservations of all calls; `now_s` is any clock that never goes back."""

    def __init__(self) -> None:
        self._promises: dict[CallId, _Promise] = {}

    def promised(self, number: Number400, target: TargetName, besides: CallId, now_s: float) -> int:
        """How many lines of a target are reserved for other calls (O(calls that are about to ring))."""
        return sum(
            1
            for call_id, promise in self._promises.items()
            if promise.number == number and target in promise.targets and call_id != besides and promise.until_s > now_s
        )

    def promise(
        self, number: Number400, call_id: CallId, targets: Iterable[TargetName], attempts: int, now_s: float
    ) -> None:
        """Reserve a line of each target for a call with `attempts` so far; replaces its earlier reservation."""
        self._promises = {call: one for call, one in self._promises.items() if one.until_s > now_s}
        self._promises[call_id] = _Promise(number, frozenset(targets), attempts, now_s + PROMISE_S)

    def rang(self, call_id: CallId, attempts: int) -> None:
        """A call's record shows this many attempts: a reservation made before is used up, or not needed."""
        promise = self._promises.get(call_id)
        if promise is not None and attempts > promise.attempts:
            del self._promises[call_id]

    def gone(self, call_id: CallId) -> None:
        """The call is over."""
        self._promises.pop(call_id, None)
