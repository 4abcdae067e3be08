"""Prompts played to one leg.

Rule: a file is left a moment before its end. PJSIP's player may use freed memory at the end of a file (fixed upstream
after this wheel), and its callback comes from a foreign thread; the length is known, so a timer does.
"""

from collections.abc import Sequence
from typing import Final

import pjsua2 as pj

from b2bua.callproc.leg import Leg
from b2bua.media.prompts.library import Library, Sound
from routing.ids import PromptName

_SHORT_BY_S: Final = 0.05
_LEAST_S: Final = 0.1
_AUDIO_WITHIN_S: Final = 1.0
"""How long a leg's audio may take to begin; then the prompt counts as playing, heard or not, and the call goes on."""


class PromptPlayer:
    """What one leg hears from us: prompts one after another, over and over with `loop`."""

    def __init__(
        self, leg: Leg, library: Library, prompts: Sequence[PromptName], now: float, *, loop: bool, barge_in: bool
    ) -> None:
        self.loop = loop
        self.barge_in = barge_in
        self._leg = leg
        found = [sound for prompt in prompts for sound in library.sounds(prompt)]
        self._sounds: list[Sound] = [sound for sound in found if sound.length_s > _LEAST_S]
        self._left = list(self._sounds)
        self._source: pj.AudioMediaPlayer | None = None
        self._began = False
        self.next_at: float | None = now + _AUDIO_WITHIN_S if self._sounds else now
        self.follow(now)

    def follow(self, now: float) -> None:
        """The leg's audio began or changed: go on into it, or begin."""
        audio = self._leg.audio()
        if audio is None:
            return
        if not self._began and self._sounds:
            self._began = True
            self._next(now)
        elif self._source is not None:
            self._source.startTransmit(audio)

    def advance(self, now: float) -> bool:
        """Go on to the next prompt if this one's time has come. True when the last is over."""
        if self.next_at is None or now < self.next_at:
            return False
        self._began = True
        return self._next(now)

    def stop(self) -> None:
        """Silence."""
        self.next_at = None
        audio = self._leg.audio()
        if self._source is not None and audio is not None:
            self._source.stopTransmit(audio)
        self._source = None

    def _next(self, now: float) -> bool:
        self.stop()
        if not self._left and self.loop:
            self._left = list(self._sounds)
        if not self._left:
            return not self.loop
        sound = self._left.pop(0)
        self._source = pj.AudioMediaPlayer()
        self._source.createPlayer(str(sound.path), pj.PJMEDIA_FILE_NO_LOOP)
        self._join()
        self.next_at = now + sound.length_s - _SHORT_BY_S
        return False

    def _join(self) -> None:
        audio = self._leg.audio()
        if audio is not None and self._source is not None:
            self._source.startTransmit(audio)
