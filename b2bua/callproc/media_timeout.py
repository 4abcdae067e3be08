"""The pulse of each leg: whether audio still comes from its far end.

Rule: no packet where packets are due, for as long as the plan allows, is a far end that is gone: a mobile out of reach,
a gateway that was switched off without a BYE. A leg that is held, or has no audio, owes none.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from b2bua.callproc.leg import Leg
from routing.ids import LegId

_LOOKS: Final = 10
"""How often it is felt within the time allowed: a loss is found at most a tenth of it late."""


@attrs.frozen
class _Beat:
    packets: int | None
    at: float


class MediaTimeout:
    """The legs of one call. `now` is monotonic seconds."""

    def __init__(self, legs: Mapping[LegId, Leg]) -> None:
        self._legs = legs
        self._beats: dict[LegId, _Beat] = {}
        self._look_at: float | None = None

    def lost(self, now: float, after_s: float) -> Iterator[LegId]:
        """The legs from which nothing has come for `after_s` seconds, each told once until something comes."""
        if self._look_at is None:  # nothing is overdue in the first moment of a talk
            self._look_at = now + after_s / _LOOKS
        if now < self._look_at:
            return
        self._look_at = now + after_s / _LOOKS
        for name, leg in self._legs.items():
            packets, last = leg.packets(), self._beats.get(name)
            if packets is None or last is None or packets != last.packets:
                self._beats[name] = _Beat(packets, now)
            elif now - last.at >= after_s:
                self._beats[name] = _Beat(packets, now)
                yield name

    def rest(self) -> None:
        """Nobody talks: start anew with the next talk."""
        self._beats.clear()
        self._look_at = None
