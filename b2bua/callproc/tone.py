"""Which tone is in the audio? Goertzel's algorithm in plain Python.

Rule: samples are 16-bit linear at 8 kHz; a tone counts as heard when most of the power is at one frequency.
"""

import math
import wave
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs

CLOCK_RATE_HZ: Final = 8000
_LOWEST_HZ: Final = 200
_HIGHEST_HZ: Final = 3400
_COARSE_HZ: Final = 10
_FINE_HZ: Final = 1
_LEAST_SHARE: Final = 0.5
_LEAST_ECHO: Final = 0.1
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


def tone_in(samples: Sequence[int], besides_hz: int = 0) -> Tone | None:
    """The last tone that was heard for half a second; None if there was only silence, speech, or less than 0.1 s.

    What sounds at `besides_hz` is left out of account: our own tone, coming back.
    """
    for stretch in _stretches(samples):
        tone = _tone_of(stretch, besides_hz)
        if tone is not None:
            return tone
    return None


def comes_back(samples: Sequence[int], hz: int) -> bool:
    """Whether a tone that we send is a good part of what came in during some half second."""
    return any(
        power_at(stretch, hz) > max(_LEAST_RMS**2, _mean_power(stretch)) * _LEAST_ECHO
        for stretch in _stretches(samples)
    )


def _stretches(samples: Sequence[int]) -> Iterator[Sequence[int]]:
    """Half seconds, the last one first, those too short left out."""
    for end in range(len(samples), _COARSE_SAMPLES, -_FINE_SAMPLES):
        yield samples[max(0, end - _FINE_SAMPLES) : end]


def _mean_power(samples: Sequence[int]) -> float:
    return sum(sample * sample for sample in samples) / len(samples)


def _tone_of(long: Sequence[int], besides_hz: int) -> Tone | None:
    if len(long) < _COARSE_SAMPLES:
        return None
    short = long[-_COARSE_SAMPLES:]
    mean_power = _mean_power(long) - (power_at(long, besides_hz) if besides_hz else 0.0)
    if mean_power < _LEAST_RMS**2:
        return None
    apart = [hz for hz in range(_LOWEST_HZ, _HIGHEST_HZ, _COARSE_HZ) if abs(hz - besides_hz) > 2 * _COARSE_HZ]
    near = max(apart, key=lambda hz: power_at(short, hz))
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
