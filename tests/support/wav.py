"""Prompts for tests: tones, which the far end can tell apart by their frequency."""

import math
import wave
from array import array
from pathlib import Path


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
