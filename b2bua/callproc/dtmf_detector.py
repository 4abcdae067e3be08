"""Keys heard in the audio itself (DTMF, ITU-T Q.23), for far ends that send no telephone-events.

Rule: each key once, at its beginning. What must be taken, and what not, is ITU-T Q.24's: tones and pauses of 40 ms and
more, 1.5 % off, the two 8 dB apart, from −25 dBm0 on; and never speech or music.
Plain Python: 1 % of a core for one leg, only while its keys are wanted; nothing is imported that other calls pay for.
"""

import math
from array import array
from operator import mul
from typing import Final

_ROWS: Final = (697, 770, 852, 941)
_COLUMNS: Final = (1209, 1336, 1477, 1633)
_KEYS: Final = ("123A", "456B", "789C", "*0#D")

_WINDOW: Final = 102
"""Samples looked at together, 12.75 ms: wide enough to part 697 from 770 Hz, narrow enough to take 1.5 % deviation."""
_STEP: Final = 51
_HITS: Final = 4
"""Windows in a row that make a key, 32 ms; a 40 ms tone has at least so many, wherever they begin."""
_MISSES: Final = 4
"""Windows without it that end a key, 26 ms: an interruption of 10 ms does not, a pause of 40 ms does."""
_LEAST_POWER: Final = 600.0**2 / 2
"""Of either tone; −31 dBm0."""
_SHARE: Final = 0.66
"""What of the window's power the two tones must be. Speech has its power in many harmonics."""
_TWIST: Final = 10.0
_APART: Final = 4.0
"""How many times stronger each tone must be than the others of its group."""


def _waves(hz: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    turn = 2 * math.pi * hz / 8000
    return tuple(math.cos(turn * n) for n in range(_WINDOW)), tuple(math.sin(turn * n) for n in range(_WINDOW))


_ROW_WAVES: Final = [_waves(hz) for hz in _ROWS]
_COLUMN_WAVES: Final = [_waves(hz) for hz in _COLUMNS]


class DtmfDetector:
    """Finds keys in 16-bit samples at 8 kHz, fed piece by piece."""

    def __init__(self) -> None:
        self._left: array[int] = array("h")
        self._pressed = ""
        self._last = ""
        self._hits = 0
        self._misses = 0

    def feed(self, samples: "array[int]") -> str:
        """Take in more sound; the keys that have begun in it."""
        self._left.extend(samples)
        keys, at = "", 0
        while at + _WINDOW <= len(self._left):
            keys += self._look(key_in(self._left[at : at + _WINDOW]))
            at += _STEP
        del self._left[:at]
        return keys

    def _look(self, key: str) -> str:
        """One window more: the key, if this makes it one."""
        self._hits = self._hits + 1 if key == self._last else 1
        self._last = key
        if self._pressed:
            self._misses = 0 if key == self._pressed else self._misses + 1
            if self._misses >= _MISSES:
                self._pressed = ""
        if key and key != self._pressed and self._hits >= _HITS:
            self._pressed, self._misses = key, 0
            return key
        return ""


def key_in(window: "array[int]") -> str:
    """The key whose two tones make up most of these `_WINDOW` samples; empty if there is none."""
    total = sum(map(mul, window, window)) / _WINDOW
    if total < 2 * _LEAST_POWER:
        return ""
    rows = _powers(window, _ROW_WAVES)
    row = max(rows)
    if row < _LEAST_POWER or row * (1 + _TWIST) < total * _SHARE:
        return ""
    columns = _powers(window, _COLUMN_WAVES)
    column = max(columns)
    if column < _LEAST_POWER or row + column < total * _SHARE or not 1 / _TWIST < row / column < _TWIST:
        return ""
    if sum(power * _APART > row for power in rows) > 1 or sum(power * _APART > column for power in columns) > 1:
        return ""
    return _KEYS[rows.index(row)][columns.index(column)]


def _powers(window: "array[int]", waves: list[tuple[tuple[float, ...], tuple[float, ...]]]) -> list[float]:
    """The mean power at each frequency: for a pure tone of amplitude A, A²/2."""
    scale = 2 / _WINDOW**2
    return [(sum(map(mul, window, cos)) ** 2 + sum(map(mul, window, sin)) ** 2) * scale for cos, sin in waves]
