"""Which tone is in the audio? Goertzel's algorithm in plain Python.

Rule: samples are 16-bit linear at 8 kHz; a tone counts as heard when most of the power is at one frequency.
"""

import math
import wave
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import attrs

CLOCK_RATE_HZ: Final = 8000
_LOWEST_HZ: Final = 200
_HIGHEST_HZ: Final = 3400
_COARSE_HZ: Final = 10
_FINE_HZ: Final = 1
_LEAST_SHARE: Final = 0.5
_LEAST_RMS: Final = 100.0
_COARSE_SAMPLES: Final = 800
_FINE_SAMPLES: Final = 4000


@attrs.frozen
class Tone:
    """A tone: frequency in Hz (to about 1 Hz), level (root mean square of the samples), and its share of the power."""

    hz: int
    rms: float
    share: float


def power_at(samples: Sequence[int], hz: float) -> float:
    """The mean power of `samples` at a frequency: for a pure tone of amplitude A, A²/2."""
    turn = 2 * math.cos(2 * math.pi * hz / CLOCK_RATE_HZ)
    last = before = 0.0
    for sample in samples:
        last, before = sample + turn * last - before, last
    return 2 * (last * last + before * before - turn * last * before) / len(samples) ** 2


def tone_in(samples: Sequence[int]) -> Tone | None:
    """The last tone that was heard for half a second; None if there was only silence, speech, or less than 0.1 s."""
    for end in range(len(samples), 0, -_FINE_SAMPLES):
        tone = _tone_of(samples[max(0, end - _FINE_SAMPLES) : end])
        if tone is not None:
            return tone
    return None


def _tone_of(long: Sequence[int]) -> Tone | None:
    if len(long) < _COARSE_SAMPLES:
        return None
    short = long[-_COARSE_SAMPLES:]
    mean_power = sum(sample * sample for sample in long) / len(long)
    if mean_power < _LEAST_RMS**2:
        return None
    near = max(range(_LOWEST_HZ, _HIGHEST_HZ, _COARSE_HZ), key=lambda hz: power_at(short, hz))
    around = range(near - _COARSE_HZ, near + _COARSE_HZ + 1, _FINE_HZ)
    hz = max(around, key=lambda hz: power_at(long, hz))
    share = power_at(long, hz) / mean_power
    return Tone(hz, math.sqrt(mean_power), share) if share >= _LEAST_SHARE else None


def samples_of(recording: Path) -> "array[int]":
    """The samples of a mono 16-bit WAV file; none if it is not complete yet. Raises OSError."""
    try:
        with wave.open(str(recording), "rb") as file:
            return array("h", file.readframes(file.getnframes()))
    except (wave.Error, EOFError):
        return array("h")
