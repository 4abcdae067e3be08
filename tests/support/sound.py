"""Sound for tests: made (tones, keys, noise in the band of speech), coded as G.711, and put into files, good and bad.

Rule: 8 kHz mono unless said otherwise; 16-bit samples are `array("h")`, `Samples` are floats of full scale ±1.
"""

import io
import math
import wave
from array import array
from bisect import bisect
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from b2bua.media.prompts.loudness import Samples
from b2bua.media.prompts.wav import RATE_HZ

FRAME: Final = 160
"""Samples of one packet: 20 ms."""
_LOW_HZ: Final = (697, 770, 852, 941)
_HIGH_HZ: Final = (1209, 1336, 1477, 1633)
_ROWS: Final = ("123A", "456B", "789C", "*0#D")
_TONE_LEVEL: Final = 6000


def linear(code: int) -> int:
    """ITU-T G.711, table 1: an A-law code as a 16-bit sample."""
    code ^= 0x55
    value = ((code & 0x0F) << 4) + 8
    segment = (code & 0x70) >> 4
    if segment:
        value = (value + 0x100) << (segment - 1)
    return value if code & 0x80 else -value


DECODED: Final = [linear(code) for code in range(256)]
"""The sample of each A-law code."""
_ORDER: Final = sorted(range(256), key=lambda code: DECODED[code])
_LEVELS: Final = [DECODED[code] for code in _ORDER]


def encoded(samples: "array[int]") -> bytes:
    """Samples as A-law."""
    return bytes(_ORDER[min(255, bisect(_LEVELS, sample))] for sample in samples)


def sine(hz: float, count: int, start: int = 0, level: float = _TONE_LEVEL) -> "array[int]":
    """`count` samples of a tone, as if it had begun `start` samples ago."""
    turn = 2 * math.pi * hz / 8000
    return array("h", (round(level * math.sin(turn * n)) for n in range(start, start + count)))


def pair_hz(key: str) -> tuple[int, int]:
    """The two frequencies of a key (ITU-T Q.23)."""
    row = next(index for index, keys in enumerate(_ROWS) if key in keys)
    return _LOW_HZ[row], _HIGH_HZ[_ROWS[row].index(key)]


def dual(key: str, count: int, level: float = 5000) -> "array[int]":
    """A key's two tones."""
    low, high = pair_hz(key)
    return array("h", (a + b for a, b in zip(sine(low, count, 0, level), sine(high, count, 0, level), strict=True)))


def tone(hz: float, seconds: float, level: float = 0.3, rate_hz: int = 8000) -> Samples:
    """A pure tone, full scale ±1."""
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    return (level * np.sin(2 * math.pi * hz * at)).astype(np.float32)


def speech(seconds: float, seed: int) -> Samples:
    """Noise in the band of speech, rising and falling as syllables do."""
    noise = np.random.default_rng(seed).normal(size=round(seconds * RATE_HZ))
    spectrum = np.fft.rfft(noise)
    hz = np.fft.rfftfreq(len(noise), 1 / RATE_HZ)
    spectrum[(hz < 300) | (hz > 2500)] = 0
    voice = np.fft.irfft(spectrum, len(noise))
    syllables = 0.6 + 0.4 * np.sin(2 * np.pi * 3 * np.arange(len(noise)) / RATE_HZ)
    return np.asarray(0.25 * voice * syllables / np.abs(voice).max(), np.float32)


def a_law(samples: Samples) -> bytes:
    """Samples as a telephone sends them."""
    out = io.BytesIO()
    soundfile.write(out, samples, RATE_HZ, format="RAW", subtype="ALAW")
    return out.getvalue()


def encode(path: Path, samples: Samples, rate_hz: int = 8000, **kind: str) -> Path:
    """A file of any kind that libsndfile writes."""
    soundfile.write(path, samples, rate_hz, **kind)
    return path


def plain_wav(path: Path, samples: "array[int]", channels: int = 1) -> Path:
    """8 kHz 16-bit WAV as the call process writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, 8000, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return path


def write_tone(path: Path, hz: int, seconds: float) -> None:
    """A prompt that is a tone, 8 kHz mono 16-bit."""
    samples = array("h", (round(8000 * math.sin(2 * math.pi * hz * n / 8000)) for n in range(round(8000 * seconds))))
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(samples.tobytes())


def read_channels(path: Path) -> "tuple[array[int], ...]":
    """The channels of a 16-bit WAV file."""
    with wave.open(str(path), "rb") as file:
        samples = array("h", file.readframes(file.getnframes()))
        return tuple(samples[channel :: file.getnchannels()] for channel in range(file.getnchannels()))


def files_in(folder: Path) -> list[Path]:
    """Every file there."""
    return list(folder.iterdir())
