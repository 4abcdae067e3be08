"""How much one source may send: token buckets, one for each source.

Rule: bounded; beyond 10,000 sources the one that has sent nothing for longest is forgotten.
"""

from collections import OrderedDict
from typing import NamedTuple


class Address(NamedTuple):
    """Host (IPv4 literal, or a name that is still to be resolved) and port."""

    host: str
    port: int


class Buckets:
    """Token buckets, one for each source: `rate` tokens come back per second, at most `burst` wait."""

    def __init__(self, rate: float, burst: float, most: int = 10_000) -> None:
        self._rate = rate
        self._burst = burst
        self._most = most
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, source: str, now_s: float) -> bool:
        """Take one token; False if the source has none left."""
        level, then_s = self._levels.pop(source, (self._burst, now_s))
        level = min(self._burst, level + max(0.0, now_s - then_s) * self._rate)
        allowed = level >= 1.0
        self._levels[source] = (level - 1.0 if allowed else level, now_s)
        if len(self._levels) > self._most:
            self._levels.popitem(last=False)
        return allowed

    def __len__(self) -> int:
        return len(self._levels)
