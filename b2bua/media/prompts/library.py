"""Finds the file of a prompt by its name.

Rule: a subscriber's own prompt (`<folder>/<400 number>/<name>.wav`) goes before the common one (`<folder>/<name>.wav`),
and an earlier folder before a later one. Files are searched for in each call, so that an upload is in effect at once.
A number that has no file (`number-42`) is played as several that have one.
"""

import re
import wave
from pathlib import Path
from typing import Final

import attrs

from routing.ids import Number400, PromptName

CLOCK_RATE_HZ: Final = 8000
_SAMPLE_BYTES: Final = 2
_NUMBER: Final = re.compile(r"number-([1-9]\d{1,2})")


@attrs.frozen
class Sound:
    """A playable file, 8 kHz mono 16-bit, and its length in seconds."""

    path: Path
    length_s: float


class Library:
    """The prompts of one 400 number."""

    def __init__(self, folders: tuple[Path, ...], number: Number400) -> None:
        self._places = [place for folder in folders for place in (folder / number, folder)]

    def sounds(self, name: PromptName) -> tuple[Sound, ...]:
        """The files to play one after another for a prompt; none if there is no such prompt."""
        sound = self.find(name)
        if sound is not None:
            return (sound,)
        number = _NUMBER.fullmatch(name)
        parts = number_parts(int(number[1])) if number else ()
        return tuple(sound for part in parts if (sound := self.find(PromptName(f"number-{part}"))) is not None)

    def find(self, name: PromptName) -> Sound | None:
        """The file of a prompt; None if there is none that is 8 kHz mono 16-bit WAV."""
        for place in self._places:
            path = place / f"{name}.wav"
            try:
                with wave.open(str(path), "rb") as file:
                    form = (file.getframerate(), file.getnchannels(), file.getsampwidth())
                    if form == (CLOCK_RATE_HZ, 1, _SAMPLE_BYTES) and file.getnframes():
                        return Sound(path, file.getnframes() / CLOCK_RATE_HZ)
            except (OSError, EOFError, wave.Error):
                continue
        return None


def number_parts(number: int) -> tuple[int, ...]:
    """The numbers that a Chinese number (1–999) is spoken as: 305 as 300, 0, 5; 42 as 40, 2; 17 as itself.

    After hundreds a ten is said in full: 117 is 一百一十七, so 100, 1, 17.
    """
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    below = (10 * tens, ones) if tens > 1 and ones else (rest,) if rest else ()
    if not hundreds:
        return below
    between = () if not rest or tens > 1 else (tens,)
    return (100 * hundreds, *between, *below)
