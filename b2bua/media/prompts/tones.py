"""Sounds that are not speech: ringing tone, beep and hold music, synthesised here, so that they are free of rights.

Rule: a sound that is looped begins and ends in silence, so that no click is heard between two turns.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from b2bua.media.prompts.loudness import Samples
from b2bua.media.prompts.wav import RATE_HZ

_EDGE_S: Final = 0.01
_BAR: Final = 8
"""Notes in a bar of the music."""
_NOTE_S: Final = 0.25
_RINGS_S: Final = 1.2
"""How long a plucked note is heard."""
# Bars of our own, as semitones from A3 (220 Hz): broken chords of C, a minor, F and G.
_QUEUE_BARS: Final = (
    (3, 7, 10, 15, 19, 15, 10, 7),
    (0, 3, 7, 12, 15, 12, 7, 3),
    (-4, 3, 8, 12, 15, 12, 8, 3),
    (-2, 2, 5, 10, 14, 17, 14, 10),
)
_TRANSFER_BARS: Final = ((3, 10, 15, 10, 7, 10, 15, 19), (-4, 8, 12, 8, 3, 8, 12, 15))


def ringback() -> Samples:
    """One turn of the Chinese ringing tone (GB/T 3380): 450 Hz, 1 s on, 4 s off."""
    return np.concatenate((_tone(450, 1.0), np.zeros(4 * RATE_HZ, np.float32)))


def beep() -> Samples:
    """What comes before a message: 1000 Hz for 0.3 s."""
    return _tone(1000, 0.3)


def queue_music() -> Samples:
    """Hold music of four bars, 9 s."""
    return _music(_QUEUE_BARS)


def transfer_music() -> Samples:
    """Hold music of two bars, 5 s."""
    return _music(_TRANSFER_BARS)


def _tone(hz: float, length_s: float) -> Samples:
    at = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    edge = np.clip(np.minimum(at, length_s - at) / _EDGE_S, 0, 1)
    return (0.5 * np.sin(2 * np.pi * hz * at) * edge).astype(np.float32)


def _pluck(semitones: int) -> Samples:
    hz = 220 * 2 ** (semitones / 12)
    at = np.arange(round(_RINGS_S * RATE_HZ)) / RATE_HZ
    partials = sum(np.sin(2 * np.pi * hz * n * at) * np.exp(-at * (2 + 2 * n)) / n**1.5 for n in (1, 2, 3, 4))
    ends = np.clip(np.minimum(at, _RINGS_S - at) / _EDGE_S, 0, 1)
    return np.asarray(partials * ends, np.float32)


def _music(bars: Sequence[Sequence[int]]) -> Samples:
    notes = [note for bar in bars for note in bar]
    sound = np.zeros(round((len(notes) * _NOTE_S + _RINGS_S) * RATE_HZ), np.float32)
    for place, note in enumerate(notes):
        begin = round(place * _NOTE_S * RATE_HZ)
        plucked = _pluck(note) * (1.0 if place % _BAR == 0 else 0.7)
        sound[begin : begin + len(plucked)] += plucked
    return sound


TONES: Final[dict[str, Callable[[], Samples]]] = {
    "ringback": ringback,
    "beep": beep,
    "queue-music": queue_music,
    "transfer-music": transfer_music,
}
"""Names of the built-in sounds and what makes them."""
