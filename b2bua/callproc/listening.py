"""Sound for a test leg: a tone or its own echo goes out, and what comes in is kept to see which tone it was.

Rule: the far end's audio is judged from what arrived, never from what was meant to be sent.
"""

import tempfile
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import attrs
import pjsua2 as pj

from b2bua.callproc.leg import Leg
from b2bua.callproc.tone import CLOCK_RATE_HZ, Tone, comes_back, samples_of, tone_in

_LEVEL: Final = 8000
"""Amplitude of our tones, about -12 dBm0: loud enough to find, far from clipping."""
_FOR_EVER_MS: Final = 30_000
"""Length of one stretch of tone, in whole periods at any integer frequency, so that its repetition has no seam."""
_COMPLETE_S: Final = 0.2
_POLL_S: Final = 0.01


@attrs.frozen
class Heard:
    """The far end's tone, if it sends one, and whether our own came back."""

    tone: Tone | None
    own: bool = False


class Listening:
    """What one leg hears and says: `tone_hz` goes out (0: none), and with `echo` whatever comes in."""

    def __init__(self, tone_hz: int = 0, *, echo: bool = False) -> None:
        self._tone_hz = tone_hz
        self._echo = echo
        self._folder = tempfile.TemporaryDirectory(prefix="switch400-")
        self._file = Path(self._folder.name) / "heard.wav"
        self._recorder: Any = None
        self._generator: Any = None

    def attach(self, leg: Leg) -> None:
        """Join the leg's audio, as often as it changes."""
        audio = leg.audio()
        if audio is None:
            return
        if self._recorder is None:
            self._recorder = pj.AudioMediaRecorder()
            self._recorder.createRecorder(str(self._file))
        audio.startTransmit(self._recorder)
        if self._echo:
            audio.startTransmit(audio)
        if self._tone_hz:
            self._tone().startTransmit(audio)

    def close(self, poll: Callable[[float], None]) -> Heard:
        """Stop, and say what came in. `poll` lets PJSIP work meanwhile."""
        self._generator = None
        samples: array[int] = array("h")
        if self._recorder is not None:
            self._recorder = None  # once it is collected, the clock's thread completes the file
            until = time.monotonic() + _COMPLETE_S
            while not samples and time.monotonic() < until:
                poll(_POLL_S)
                samples = samples_of(self._file)
        self._folder.cleanup()
        if self._echo or not self._tone_hz:
            return Heard(tone_in(samples))
        return Heard(tone_in(samples, besides_hz=self._tone_hz), comes_back(samples, self._tone_hz))

    def _tone(self) -> Any:
        if self._generator is None:
            tone = pj.ToneDesc()
            tone.freq1, tone.freq2, tone.on_msec, tone.off_msec = self._tone_hz, 0, _FOR_EVER_MS, 0
            tone.volume = _LEVEL
            tones = pj.ToneDescVector()
            tones.append(tone)
            self._generator = pj.ToneGenerator()
            self._generator.createToneGenerator(CLOCK_RATE_HZ, 1)
            self._generator.play(tones, True)
        return self._generator
