"""Who hears whom: the wishes, and the conference that is made to follow them.

Rule: a wish outlasts hold and re-INVITE. Audio that comes and goes is joined again whenever it changes; until then the
other leg hears silence.
"""

from collections.abc import Mapping
from contextlib import suppress

import pjsua2 as pj

from b2bua.callproc.leg import Leg
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

    def hears(self, leg: LegId) -> LegId | None:
        """Whom a leg hears: its partner, or a target whose early media it is given."""
        return next((source for source, sink in self._ways if sink == leg), None)

    def follow(self) -> None:
        """Make the conference as wished, as far as the legs have audio now."""
        audio = {leg: self._audio(leg) for leg in {leg for way in self._ways for leg in way}}
        for source, sink in self._ways:
            _join(audio[source], audio[sink], on=True)

    def drop(self, leg: LegId) -> None:
        """Forget a leg that is down."""
        self._ways = {way for way in self._ways if leg not in way}

    def _part(self, source: LegId, sink: LegId) -> None:
        if (source, sink) in self._ways:
            self._ways.remove((source, sink))
            _join(self._audio(source), self._audio(sink), on=False)

    def _audio(self, leg: LegId) -> pj.AudioMedia | None:
        return self._legs[leg].audio() if leg in self._legs else None


def _join(source: pj.AudioMedia | None, sink: pj.AudioMedia | None, *, on: bool) -> None:
    if source is None or sink is None:
        return
    # The port may have gone with a re-INVITE that is under way; `follow` comes again with the next change.
    with suppress(pj.Error):
        if on:
            source.startTransmit(sink)
        else:
            source.stopTransmit(sink)
