"""Where sound is found and put: folders that the daemon names and keeps.

Rule: a call process reads prompts and writes what it records, and never deletes what is whole.
"""

from pathlib import Path

import attrs


@attrs.frozen
class Shelves:
    """`prompts` are looked through in order; `recordings` and `messages` are None where nothing is to be kept."""

    prompts: tuple[Path, ...] = ()
    recordings: Path | None = None
    messages: Path | None = None
