"""Prompts: the built-in ones, and how a subscriber's files become prompts.

Rule: nothing here runs while a call is up; a call process only plays the files that lie in `FOLDER` and in the state
directory.
"""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "wav"
"""The built-in prompts, 8 kHz mono 16-bit WAV, made by `python -m b2bua.media.prompts.make`."""


class UnusablePrompt(ValueError):
    """A file cannot become a prompt; the message is a sentence that says why, and what to do."""
