"""Drafts: plans that were edited and not published yet, stored on disk until they are published or dropped.

Rule: a draft is stored half a second after the last key, so that a crash or a lost connection loses no more than that.
"""

import json
import os
from pathlib import Path

import attrs


@attrs.frozen
class Draft:
    """A document as it stands in the editor, and the hash of the plan that it was made from (empty: from nothing)."""

    text: str
    base: str


class Drafts:
    """The drafts of one user, a file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, number: str) -> Draft | None:
        """The draft of this number; None if there is none, or if what is there is no draft."""
        try:
            kept = json.loads(self._path(number).read_text("utf-8"))
            return Draft(str(kept["text"]), str(kept["base"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, number: str, draft: Draft) -> None:
        """Put the draft on disk whole, or leave the last one there; raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(number)
        new = path.with_suffix(".new")
        # a draft may hold a password: nobody else reads it
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(attrs.asdict(draft), file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)

    def drop(self, number: str) -> None:
        """Forget the draft of this number."""
        self._path(number).unlink(missing_ok=True)

    def _path(self, number: str) -> Path:
        return self._folder / f"{number}.draft.json"
