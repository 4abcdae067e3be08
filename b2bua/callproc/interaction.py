"""User Interaction (ITU-T Q.1213): what the legs of one call hear from us, and the keys that come from them.

Rule: one thing is played to a leg at a time, and one collection gathers its keys; a new one takes the old one's place
without an event.
"""

from collections.abc import Collection, Iterator, Mapping

from b2bua.callproc.digit_collector import DigitCollector
from b2bua.callproc.leg import Leg
from b2bua.callproc.playing import PromptPlayer
from b2bua.media.prompts.library import Library
from routing.command import CollectDigits, Play
from routing.event import Event, PromptEnded
from routing.ids import LegId


class Interaction:
    """Prompts and keys of every leg of a call."""

    def __init__(self, legs: Mapping[LegId, Leg], library: Library) -> None:
        self._legs = legs
        self._library = library
        self._playing: dict[LegId, PromptPlayer] = {}
        self._gathering: dict[LegId, DigitCollector] = {}

    @property
    def gathering(self) -> Collection[LegId]:
        """The legs whose keys are gathered."""
        return self._gathering.keys()

    def play(self, command: Play, now: float) -> None:
        """Play prompts to a leg, in place of what it hears."""
        self.silence(command.leg)
        leg = self._legs.get(command.leg)
        if leg is not None:
            self._playing[command.leg] = PromptPlayer(
                leg, self._library, command.prompts, now, loop=command.loop, barge_in=command.barge_in
            )

    def silence(self, leg: LegId) -> None:
        """Stop what is played to a leg."""
        playing = self._playing.pop(leg, None)
        if playing is not None:
            playing.stop()

    def gather(self, command: CollectDigits, now: float) -> None:
        """Gather keys from a leg from now on."""
        playing = self._playing.get(command.leg)
        after_prompt = playing is not None and not playing.loop
        self._gathering[command.leg] = DigitCollector(command, now, after_prompt=after_prompt)

    def stop_gathering(self, leg: LegId) -> None:
        """Let the keys of a leg go unnoticed."""
        self._gathering.pop(leg, None)

    def press(self, leg: LegId, key: str, now: float) -> int:
        """A leg keyed something. Returns how many of its keys, the oldest first, are for whoever it talks with."""
        gathering = self._gathering.get(leg)
        if gathering is None:
            return 1
        playing = self._playing.get(leg)
        if playing is not None and playing.barge_in:
            self.silence(leg)
        return gathering.press(key, now)

    def follow(self, leg: LegId, now: float) -> None:
        """A leg's audio changed."""
        if leg in self._playing:
            self._playing[leg].follow(now)

    def drop(self, leg: LegId) -> None:
        """A leg is down."""
        self._playing.pop(leg, None)
        self._gathering.pop(leg, None)

    def due(self, now: float, at_s: float) -> Iterator[Event]:
        """What has come to its end by now."""
        for leg, playing in list(self._playing.items()):
            if playing.advance(now):
                self.silence(leg)
                if leg in self._gathering:
                    self._gathering[leg].wait_first(now)
                yield PromptEnded(at_s, leg)
        for leg, gathering in list(self._gathering.items()):
            gathering.look(now)
            if gathering.end is not None and self._gathering.get(leg) is gathering:
                del self._gathering[leg]
                yield gathering.outcome(at_s)

    def next_due(self) -> float | None:
        """When something comes to its end unless keys come first."""
        moments = [playing.next_at for playing in self._playing.values()]
        moments += [gathering.due_at for gathering in self._gathering.values()]
        return min((moment for moment in moments if moment is not None), default=None)
