"""Converts a subscriber's file to a prompt: any common WAV, MP3, OGG or FLAC to 8 kHz mono at `TARGET_LUFS`.

Rule: a file that cannot become a prompt is refused with one sentence; at most `LONGEST_S` of it are read, whatever its
header announces.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr

from b2bua.media.prompts import UnusablePrompt
from b2bua.media.prompts.loudness import Samples, loudness_lufs
from b2bua.media.prompts.wav import RATE_HZ, levelled

LONGEST_S: Final = 300
_SHORTEST_S: Final = 0.2
_PIECE: Final = 1 << 18
"""Samples, over all channels, that are read at once."""
_SOFTEST_LUFS: Final = -55.0
"""A softer file is mostly noise: raising its level would make the noise loud."""
_FULL_SCALE: Final = 0.98
_MOST_CLIPPED: Final = 0.001
_AUDIBLE: Final = 0.01
_UNKNOWN: Final = 0xFFFFFFFF


def convert(path: Path) -> Samples:
    """The samples of a file as a prompt, ready to be written. Raises UnusablePrompt; OSError if it cannot be read."""
    if path.stat().st_size == 0:
        raise UnusablePrompt(f"{path} is empty; choose a file with sound in it")
    with path.open("rb") as file:
        if zipfile.is_zipfile(file):
            raise UnusablePrompt(f"{path} is a ZIP archive, whatever its name; unpack it and choose the sound inside")
    if _is_cut_off(path):
        raise UnusablePrompt(f"{path} is cut off: it is shorter than its own header says; copy or export it anew")
    try:
        with soundfile.SoundFile(path) as sound:
            if sound.frames > LONGEST_S * sound.samplerate:
                raise _too_long(path, f"{sound.frames / sound.samplerate / 60:.0f} minutes")
            samples = _at_8_khz(path, sound)
    except soundfile.LibsndfileError as error:
        raise UnusablePrompt(
            f"{path} is no sound file that can be read ({error.error_string}); use WAV, MP3 or OGG"
        ) from error
    if len(samples) < _SHORTEST_S * RATE_HZ:
        raise UnusablePrompt(f"{path} lasts less than {_SHORTEST_S} s; is it cut off?")
    if loudness_lufs(samples, RATE_HZ) < _SOFTEST_LUFS:
        raise UnusablePrompt(f"{path} is silent, or as good as silent; record it again, louder")
    return levelled(samples)


def silences_s(samples: Samples) -> tuple[float, float]:
    """The silence at the beginning and at the end of a prompt, in seconds."""
    loud = np.flatnonzero(np.abs(samples) > _AUDIBLE)
    if not len(loud):
        return len(samples) / RATE_HZ, 0.0
    return float(loud[0]) / RATE_HZ, float(len(samples) - 1 - loud[-1]) / RATE_HZ


def _is_cut_off(path: Path) -> bool:
    """Whether a WAV file ends before its end. A length of 0 or all ones is that of a program that wrote to a pipe."""
    with path.open("rb") as file:
        kind, length = file.read(4), int.from_bytes(file.read(4), "little")
    return kind == b"RIFF" and length not in (0, _UNKNOWN) and length + 8 > path.stat().st_size + 1


def _at_8_khz(path: Path, sound: soundfile.SoundFile) -> Samples:
    """The mean of all channels at 8 kHz.

    Raises UnusablePrompt for what is too long, clipped, or not made of numbers.
    """
    resampler = soxr.ResampleStream(sound.samplerate, RATE_HZ, 1, dtype="float32")
    pieces: list[Samples] = []
    frames = clipped = 0
    for piece in _pieces(sound):
        frames += len(piece)
        if frames > LONGEST_S * sound.samplerate:
            raise _too_long(path, "more than that")
        if not np.isfinite(piece).all():
            raise UnusablePrompt(f"{path} holds samples that are no numbers; export it anew as 16-bit WAV")
        # A clipped wave has flat tops: the same highest value several times in a row.
        clipped += int(((piece[1:] == piece[:-1]) & (np.abs(piece[1:]) >= _FULL_SCALE)).any(axis=1).sum())
        pieces.append(resampler.resample_chunk(piece.mean(axis=1, dtype=np.float32)))
    if not frames:
        raise UnusablePrompt(f"{path} has no sound in it; choose another file")
    if clipped > _MOST_CLIPPED * frames:
        raise UnusablePrompt(
            f"{path} is clipped ({100 * clipped / frames:.1f} % at full scale); record it again, softer"
        )
    pieces.append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
    return np.concatenate(pieces)


def _pieces(sound: soundfile.SoundFile) -> Iterator[Samples]:
    size = max(1, _PIECE // sound.channels)
    while len(piece := sound.read(size, dtype="float32", always_2d=True)):
        yield piece


def _too_long(path: Path, length: str) -> UnusablePrompt:
    return UnusablePrompt(f"{path} lasts {length}; a prompt may last {LONGEST_S // 60} minutes: cut it")
