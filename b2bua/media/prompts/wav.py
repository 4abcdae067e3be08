"""Prompt files: 8 kHz mono 16-bit WAV at one loudness.

Rule: a file is replaced whole or not at all and is readable by its owner only; a call that plays the old file plays it
to its end.
"""

import os
import wave
from pathlib import Path
from typing import Final

import numpy as np

from b2bua.media.prompts.loudness import SILENCE_LUFS, Samples, loudness_lufs

RATE_HZ: Final = 8000
TARGET_LUFS: Final = -19.0
PEAK: Final = 0.89
"""The highest sample after levelling, 1 dB below full scale, so that G.711 does not clip; it limits the loudness."""


def levelled(samples: Samples, target_lufs: float = TARGET_LUFS) -> Samples:
    """The same sound (8 kHz) at the target loudness, or as near to it as its peaks allow; silence unchanged."""
    measured = loudness_lufs(samples, RATE_HZ)
    if measured <= SILENCE_LUFS:
        return samples
    gain = min(10 ** ((target_lufs - measured) / 20), PEAK / float(np.abs(samples).max()))
    return (samples * gain).astype(np.float32)


def write_wav(path: Path, samples: Samples, mode: int = 0o600) -> None:
    """Replace a file by 8 kHz samples. Raises OSError, and then the old file stays."""
    coming = path.with_name(f".{path.name}.{os.getpid()}")
    pcm = np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2")
    try:
        with coming.open("wb") as out:
            coming.chmod(mode)
            with wave.open(out, "wb") as file:
                file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
                file.writeframes(pcm.tobytes())
            out.flush()
            os.fsync(out.fileno())
        coming.replace(path)
    finally:
        coming.unlink(missing_ok=True)


def read_wav(path: Path) -> Samples:
    """The samples of a prompt file. Raises OSError, EOFError or wave.Error."""
    with wave.open(str(path), "rb") as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return (pcm / 32768).astype(np.float32)
