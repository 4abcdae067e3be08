"""Generates the built-in prompts: `python -m b2bua.media.prompts.make [FOLDER]`.

Needs Debian's `espeak-ng` (1.51 made the ones in the package). Its voice `cmn` reads Chinese characters with English
sounds there, its voice `cmn-latn-pinyin` with Mandarin ones.

Rule: `made.json` beside the files names each with the words it was made from, so that a changed wording without its
new sound is noticed.
"""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr

from b2bua.media.prompts import FOLDER
from b2bua.media.prompts.loudness import Samples
from b2bua.media.prompts.tones import TONES
from b2bua.media.prompts.wav import RATE_HZ, levelled, write_wav
from b2bua.media.prompts.wording import CHINESE, ENGLISH, NUMBERS

MADE: Final = "made.json"
_MANDARIN: Final = ("cmn-latn-pinyin", 165)
_AMERICAN: Final = ("en-us", 150)
_MUSIC_LUFS: Final = -24.0
"""Music and tones are heard for minutes: softer than speech."""
_QUIET: Final = 0.01
_LEAD_S: Final = 0.05
_TAIL_S: Final = 0.15


def wordings() -> dict[str, str]:
    """Every built-in prompt with its words; `tone` for what is no speech."""
    return CHINESE | ENGLISH | NUMBERS | dict.fromkeys(TONES, "tone")


def spoken(text: str, voice: str, words_a_minute: int) -> Samples:
    """Speech at 8 kHz, without the silence around it. Raises OSError or CalledProcessError if espeak-ng fails."""
    command = ["espeak-ng", "-v", voice, "-s", str(words_a_minute), "--stdout", text]
    said = subprocess.run(command, check=True, capture_output=True).stdout
    samples, rate_hz = soundfile.read(io.BytesIO(said), dtype="float32")
    sound = np.asarray(soxr.resample(samples, rate_hz, RATE_HZ), np.float32)
    loud = np.flatnonzero(np.abs(sound) > _QUIET)
    begin = max(0, int(loud[0]) - round(_LEAD_S * RATE_HZ))
    return sound[begin : int(loud[-1]) + round(_TAIL_S * RATE_HZ)]


def make(folder: Path) -> int:
    """Write every built-in prompt to a folder; how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, tone in TONES.items():
        write_wav(folder / f"{name}.wav", levelled(tone(), _MUSIC_LUFS), 0o644)
    for name, text in (CHINESE | NUMBERS).items():
        write_wav(folder / f"{name}.wav", levelled(spoken(text, *_MANDARIN)), 0o644)
    for name, text in ENGLISH.items():
        write_wav(folder / f"{name}.wav", levelled(spoken(text, *_AMERICAN)), 0o644)
    made = wordings()
    (folder / MADE).write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return len(made)


if __name__ == "__main__":
    chosen = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    print(f"{make(chosen)} prompts in {chosen}")  # noqa: T201 - this is a command
