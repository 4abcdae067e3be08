"""What a call waits for: the timers of its flow, audio that must not cease, and legs that must come down in time.

Rule: nothing here reads a clock; each `now` is seconds of one monotonic clock, given by who asks.
"""

from collections.abc import Iterator, Mapping
from typing import Final, Protocol

import attrs

from routing.ids import LegId, TimerName

TOO_LONG_S: Final = 75.0
"""PJSIP settles a leg within 64.8 s, whatever the far end does (docs/pjsua2.md); what takes longer is never settled."""
_LOOKS: Final = 10
"""How often audio is looked for within the time allowed: its loss is found at most a tenth of that time late."""


class Timers:
    """The timers that a call's flow started, by name: each fires once, in order of its due moment, unless stopped."""

    def __init__(self) -> None:
        self._due_at: dict[TimerName, float] = {}

    def start(self, timer: TimerName, due_at: float) -> None:
        """Run a timer; one of the same name starts anew."""
        self._due_at[timer] = due_at

    def stop(self, timer: TimerName) -> None:
        """Stop a timer, if it runs."""
        self._due_at.pop(timer, None)

    def take_due(self, now: float) -> TimerName | None:
        """The timer that was due longest, which runs no more; None if none is due."""
        timer = min(self._due_at, key=self._due_at.__getitem__, default=None)
        if timer is None or self._due_at[timer] > now:
            return None
        del self._due_at[timer]
        return timer

    def next_due(self) -> float | None:
        """When the next timer is due, None if none runs."""
        return min(self._due_at.values(), default=None)


class TeardownWatchdog:
    """How long every leg that is left of a call has been on its way down.

    A leg that PJSIP never settles would hold a record open and a process busy for ever.
    """

    def __init__(self) -> None:
        self._since: float | None = None

    def is_too_long(self, leaving: bool, now: float) -> bool:
        """Whether it has been so, without a break, for more than `TOO_LONG_S`."""
        if not leaving:
            self._since = None
            return False
        if self._since is None:
            self._since = now
        return now - self._since > TOO_LONG_S


class CountsPackets(Protocol):
    """A leg, as far as its audio packets are counted."""

    def packets(self) -> int | None:
        """How many packets of audio have come; None while none is due."""


@attrs.frozen
class _LastCount:
    packets: int | None
    at: float


class MediaTimeout:
    """Whether audio still comes from the far end of each leg of one call.

    No packet where packets are due, for as long as the plan allows, is a far end that is gone: a mobile out of reach, a
    gateway that was switched off without a BYE. From a leg that is held, or has no audio, none is due.
    """

    def __init__(self, legs: Mapping[LegId, CountsPackets]) -> None:
        self._legs = legs
        self._last: dict[LegId, _LastCount] = {}
        self._look_at: float | None = None

    def lost(self, now: float, after_s: float) -> Iterator[LegId]:
        """The legs from which nothing has come for `after_s` seconds, each named once until something comes."""
        if self._look_at is None:  # nothing is overdue in the first moment of a talk
            self._look_at = now + after_s / _LOOKS
        if now < self._look_at:
            return
        self._look_at = now + after_s / _LOOKS
        for name, leg in self._legs.items():
            packets, last = leg.packets(), self._last.get(name)
            if packets is None or last is None or packets != last.packets:
                self._last[name] = _LastCount(packets, now)
            elif now - last.at >= after_s:
                self._last[name] = _LastCount(packets, now)
                yield name

    def reset(self) -> None:
        """Nobody talks: start anew with the next talk."""
        self._last.clear()
        self._look_at = None
