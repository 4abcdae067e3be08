"""Keys on their way through a bridged call: heard on one leg, sent on to whoever that leg talks with (RFC 4733, 2.5.1).

Rule: a key is sent on once, in order, with the length it had, as soon as it is over and is known not to be meant for
us. One that comes as an event and as INFO too counts once.
"""

from collections import deque
from collections.abc import Iterator
from enum import Enum
from typing import Final

import attrs

from b2bua.callproc.leg_events import Keyed, Way
from routing.ids import LegId

LOST_END_S: Final = 0.15
"""A key of which no packet has come for so long is over: its sender repeats every 20–50 ms (RFC 4733, 2.5.1.2)."""
TWICE_S: Final = 0.3
"""The same key, by another way within this time, is the same press."""
MOST_WAITING: Final = 64
"""Keys of one leg that wait; more than a person or a dialler has under way."""
USUAL_MS: Final = 100
"""The length of a key that came without one (Q.24: 40 ms is heard; telephones send 100)."""
SHORTEST_MS: Final = 40
LONGEST_MS: Final = 6_000


class Meant(Enum):
    """Whom a key is for."""

    UNDECIDED = "undecided"
    US = "us"
    FAR_END = "far end"


@attrs.define
class _Press:
    key: str
    way: Way
    mark: int
    seen_s: float
    length_ms: int
    over: bool
    meant: Meant = Meant.UNDECIDED


@attrs.frozen
class PassedKey:
    """A key of leg `heard_on` that is to go on, with its length in milliseconds."""

    heard_on: LegId
    key: str
    length_ms: int


class KeyRelay:
    """The keys of all legs of one call. Moments are monotonic seconds."""

    def __init__(self) -> None:
        self._waiting: dict[LegId, deque[_Press]] = {}
        self._latest: dict[LegId, _Press] = {}

    def hear(self, keyed: Keyed, now: float) -> bool:
        """A packet of a key came. Returns whether it begins a new press."""
        latest = self._latest.get(keyed.leg)
        if latest is not None and latest.key == keyed.key and _is_same(latest, keyed, now):
            if keyed.way is latest.way:
                latest.seen_s, latest.over = now, keyed.over
                latest.length_ms = max(latest.length_ms, keyed.length_ms)
            return False
        if latest is not None:
            latest.over = True
        press = _Press(keyed.key, keyed.way, keyed.mark, now, keyed.length_ms, keyed.over)
        self._latest[keyed.leg] = press
        waiting = self._waiting.setdefault(keyed.leg, deque())
        if len(waiting) < MOST_WAITING:
            waiting.append(press)
        return True

    def decide(self, leg: LegId, meant: Meant, count: int | None = None) -> None:
        """Whom the oldest `count` undecided keys of a leg are meant for; all of them without a count."""
        undecided = [press for press in self._waiting.get(leg, ()) if press.meant is Meant.UNDECIDED]
        for press in undecided[:count]:
            press.meant = meant

    def due(self, now: float) -> Iterator[PassedKey]:
        """Keys to be sent on now, in the order in which each leg pressed them; each is given once."""
        for leg, waiting in self._waiting.items():
            while waiting and waiting[0].meant is not Meant.UNDECIDED:
                press = waiting[0]
                if press.meant is Meant.FAR_END and not _is_over(press, now):
                    break
                waiting.popleft()
                if press.meant is Meant.FAR_END and press.way is not Way.SOUND:  # sound went through the bridge
                    yield PassedKey(leg, press.key, min(max(press.length_ms or USUAL_MS, SHORTEST_MS), LONGEST_MS))

    def next_due_s(self) -> float | None:
        """When a key is over unless more of it comes; None while none is under way."""
        under_way = [
            waiting[0].seen_s + LOST_END_S
            for waiting in self._waiting.values()
            if waiting and waiting[0].meant is Meant.FAR_END
        ]
        return min(under_way, default=None)

    def drop(self, leg: LegId) -> None:
        """A leg is down."""
        self._waiting.pop(leg, None)
        self._latest.pop(leg, None)


def _is_same(latest: _Press, keyed: Keyed, now: float) -> bool:
    if keyed.way is latest.way:
        return keyed.way is Way.EVENT and keyed.mark == latest.mark
    return now - latest.seen_s < TWICE_S


def _is_over(press: _Press, now: float) -> bool:
    return press.over or now - press.seen_s >= LOST_END_S
