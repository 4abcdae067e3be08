"""Sound files for tests, good and bad."""

import math
import wave
from array import array
from pathlib import Path

import numpy as np
import soundfile

from b2bua.media.prompts.loudness import Samples


def tone(hz: float, seconds: float, level: float = 0.3, rate_hz: int = 8000) -> Samples:
    """A pure tone, full scale ±1."""
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    return (level * np.sin(2 * math.pi * hz * at)).astype(np.float32)


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
