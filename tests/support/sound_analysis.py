"""What is in the sound that a far end heard: by frequency, and by its correlation with what should be heard.

Rule: judged by the samples that came, never by what was meant to be sent; and not by the code of the switch.
"""

import math
from array import array
from collections.abc import Sequence

import numpy as np

from b2bua.media.prompts.loudness import Samples
from b2bua.media.prompts.wav import RATE_HZ

_LEAST_RMS = 100.0


def power_at(samples: Sequence[int], hz: float) -> float:
    """The mean power of 16-bit samples at a frequency : A²/2 for a pure tone of amplitude A."""
    turned = np.asarray(samples, np.float64) * np.exp(-2j * math.pi * hz / RATE_HZ * np.arange(len(samples)))
    return 2 * float(np.abs(turned.mean())) ** 2


def mean_power(samples: Sequence[int]) -> float:
    """The mean power of 16-bit samples; 0 if there are none."""
    return float(np.square(np.asarray(samples, np.float64)).mean()) if samples else 0.0


def is_tone(samples: "array[int]", hz: float) -> bool:
    """Whether 16-bit samples are sound, and most of it is this tone."""
    mean = mean_power(samples)
    return mean > _LEAST_RMS**2 and power_at(samples, hz) > mean / 2


def is_pair(samples: "array[int]", *hz: float) -> bool:
    """Whether 16-bit samples are sound in which each of two tones has more than a fifth of the power."""
    mean = mean_power(samples)
    return mean > _LEAST_RMS**2 and all(power_at(samples, one) > mean / 5 for one in hz)


def is_sound_without(samples: "array[int]", *hz: float) -> bool:
    """Whether 16-bit samples are sound that has none of these tones in it (less than a twentieth of its power)."""
    mean = mean_power(samples)
    return mean > _LEAST_RMS**2 and all(power_at(samples, one) < mean / 20 for one in hz)


def pitch_hz(samples: Samples, rate_hz: int = RATE_HZ) -> float:
    """The strongest frequency in a sound, to a quarter of a turn over its length (1 s: 0.25 Hz)."""
    size = 4 * len(samples)
    return float(np.argmax(np.abs(np.fft.rfft(samples, size))) * rate_hz / size)


def tone_hz(samples: Samples) -> float | None:
    """The tone in the loudest half second; None if most of the power there is not at one frequency."""
    size = min(len(samples), RATE_HZ // 2)
    energy = np.concatenate(([0.0], np.cumsum(np.square(samples, dtype=np.float64))))
    at = int(np.argmax(energy[size:] - energy[: len(energy) - size]))
    loudest = np.round(samples[at : at + size] * 32767).astype(np.int64)
    hz = pitch_hz(samples[at : at + size])
    return hz if is_tone(array("h", loudest.tolist()), hz) else None


def best_match(heard: Samples, wanted: Samples) -> tuple[int, float]:
    """Where in `heard` the stretch begins that is most like all of `wanted`, and its correlation (−1 to 1)."""
    size = len(heard) + len(wanted)
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size)), size)
    power = np.concatenate(([0.0], np.cumsum(np.square(heard, dtype=np.float64))))
    loud = np.sqrt(np.maximum(power[len(wanted) :] - power[: -len(wanted)], 0) + 1e-4 * power[-1])
    at = int(np.argmax(product[: len(loud)] / loud))
    stretch = heard[at : at + len(wanted)]
    return at, float(np.dot(stretch, wanted) / (np.linalg.norm(stretch) * np.linalg.norm(wanted) + 1e-9))


def likeness(heard: Samples, wanted: Samples) -> float:
    """The correlation (−1 to 1) of `wanted` with the stretch of `heard` that is most like it."""
    size = len(heard) + len(wanted)
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size)), size)
    at = int(np.argmax(product[: max(1, len(heard) - len(wanted) // 2)]))
    stretch = heard[at : at + len(wanted)]
    part = wanted[: len(stretch)]
    return float(np.dot(stretch, part) / (np.linalg.norm(stretch) * np.linalg.norm(part) + 1e-9))
