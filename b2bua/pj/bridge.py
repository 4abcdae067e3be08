"""Who hears whom: the wishes, and the conference that is made to follow them.

Rule: a wish outlasts hold and re-INVITE. Audio that comes and goes is joined again whenever it changes; until then the
other leg hears silence.
"""

from collections.abc import Mapping

import pjsua2 as pj

from b2bua.pj.leg import Leg
from routing.ids import LegId


class Bridge:
    """The ways of audio between the legs of one call, each from one leg to another."""

    def __init__(self, legs: Mapping[LegId, Leg]) -> None:
        self._legs = legs
        self._ways: set[tuple[LegId, LegId]] = set()

    def connect(self, a: LegId, b: LegId) -> None:
        """Let two legs hear each other and nobody else."""
        for one, other in list(self._ways):
            if {one, other} & {a, b} and {one, other} != {a, b}:
                self._part(one, other)
        self._ways |= {(a, b), (b, a)}
        self.follow()

    def disconnect(self, a: LegId, b: LegId) -> None:
        """Stop two legs hearing each other."""
        self._part(a, b)
        self._part(b, a)

    def overhear(self, source: LegId, sink: LegId) -> None:
        """Let `sink` hear `source`, and nobody else, but not the other way: early media."""
        self.silence(sink)
        self._ways.add((source, sink))
        self.follow()

    def silence(self, sink: LegId) -> None:
        """Let a leg hear nobody."""
        for way in [way for way in self._ways if way[1] == sink]:
            self._part(*way)

    def partner(self, leg: LegId) -> LegId | None:
        """Whom a leg talks with, each hearing the other."""
        return next((b for a, b in self._ways if a == leg and (b, a) in self._ways), None)

    def follow(self) -> None:
        """Make the conference as wished, as far as the legs have audio now."""
        for source, sink in self._ways:
            self._join(source, sink, on=True)

    def drop(self, leg: LegId) -> None:
        """Forget a leg that is down."""
        self._ways = {way for way in self._ways if leg not in way}

    def _part(self, source: LegId, sink: LegId) -> None:
        if (source, sink) in self._ways:
            self._ways.remove((source, sink))
            self._join(source, sink, on=False)

    def _join(self, source: LegId, sink: LegId, *, on: bool) -> None:
        ends = [self._legs[leg].audio() if leg in self._legs else None for leg in (source, sink)]
        if ends[0] is None or ends[1] is None:
            return
        try:
            if on:
                ends[0].startTransmit(ends[1])
            else:
                ends[0].stopTransmit(ends[1])
        except pj.Error:
            # The port went with a re-INVITE that is under way; `follow` comes again with the next change.
            return
