"""Sound: the built-in prompts, and how a subscriber's own are taken in.

Rule: nothing here is needed while a call is up; a call process only plays the files that lie ready in `FOLDER` and in
the switch's state directory.
"""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "wav"
"""The built-in prompts, 8 kHz mono 16-bit WAV, made by `python -m b2bua.media.prompts.make`."""


class Unfit(ValueError):
    """A file is no prompt; the message is a sentence that says why, and what to do."""
