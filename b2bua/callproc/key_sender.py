"""Keys that are to be sent on a leg: at once, or as soon as audio goes to its far end again.

Rule: in order, and none after `PATIENCE_S`: a key that comes long after it was pressed opens the wrong door.
"""

from collections import deque
from collections.abc import Mapping
from typing import Final

import attrs

from b2bua.callproc.key_relay import PassedKey
from b2bua.callproc.leg import Leg
from routing.ids import LegId

PATIENCE_S: Final = 5.0
"""A far end on hold, or one that is offered its audio anew, gets its keys when it comes back within this time."""
AGAIN_S: Final = 0.1
"""How often it is tried."""


@attrs.frozen
class _Waiting:
    key: PassedKey
    until_s: float


class KeySender:
    """The keys that wait for each leg. Moments are monotonic seconds."""

    def __init__(self, legs: Mapping[LegId, Leg]) -> None:
        self._legs = legs
        self._waiting: dict[LegId, deque[_Waiting]] = {}
        self._again_s: float | None = None

    def send(self, leg: LegId, key: PassedKey, now: float) -> None:
        """Send a key on a leg; `go_on` does it."""
        self._waiting.setdefault(leg, deque()).append(_Waiting(key, now + PATIENCE_S))

    def go_on(self, now: float) -> None:
        """Send what can be sent now; give up what has waited too long."""
        for name, waiting in list(self._waiting.items()):
            leg = self._legs.get(name)
            while waiting and leg is not None and leg.send_key(waiting[0].key.key, waiting[0].key.length_ms):
                waiting.popleft()
            while waiting and (leg is None or waiting[0].until_s <= now):
                waiting.popleft()
            if not waiting:
                del self._waiting[name]
        self._again_s = now + AGAIN_S if self._waiting else None

    def next_due_s(self) -> float | None:
        """When it must be tried again; None if nothing waits."""
        return self._again_s

    def drop(self, leg: LegId) -> None:
        """A leg is down."""
        self._waiting.pop(leg, None)
