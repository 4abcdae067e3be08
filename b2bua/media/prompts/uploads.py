"""The uploaded prompts of each 400 number, where `b2bua.media.prompts.library` finds them, and their older versions.

Rule: a prompt is in effect for the next call; the file that it replaces stays as `versions/<name>.<n>.wav`. Files are
readable by the switch's user only, whoever uploads them.
"""

import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from b2bua.base.errors import NotFound, StoreError
from b2bua.media.prompts import UnusablePrompt
from b2bua.media.prompts.loudness import Samples
from b2bua.media.prompts.wav import RATE_HZ, read_wav, write_wav
from routing.document.scalars import is_name
from routing.ids import Number400, PromptName
from routing.number import print_400

_VERSIONS: Final = "versions"


@attrs.frozen
class Upload:
    """A prompt that is in effect. `version` counts from 1; `since_ms` is UTC epoch milliseconds."""

    number: Number400
    name: PromptName
    path: Path
    length_s: float
    version: int
    since_ms: int


class Uploads:
    """All uploaded prompts: below `folder` each number has a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, number: Number400, name: str, samples: Samples) -> Upload:
        """Put a prompt in effect.

        Raises UnusablePrompt for a name that no plan can say, StoreError if the switch's user could not read it, and
        OSError.
        """
        path = self._path(number, name)
        owner = self._owner()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = self._save_version(path) if path.exists() else None
        try:
            write_wav(path, samples)
        except OSError:
            if kept is not None:
                kept.unlink()
            raise
        for made in (path, path.parent, path.parent / _VERSIONS):
            if owner is not None and made.exists():
                os.chown(made, *owner)
        return self._upload(number, path)

    def remove(self, number: Number400, name: str) -> Path:
        """Take a prompt out of effect; where its file is now. Raises NotFound, UnusablePrompt or OSError."""
        path = self._path(number, name)
        if not path.exists():
            raise NotFound(f"{print_400(number)} has no prompt “{name}” of its own")
        kept = self._save_version(path)
        path.unlink()
        return kept

    def every(self, number: Number400 | None = None) -> Iterator[Upload]:
        """The prompts in effect, of one number or of all, in order of number and name."""
        for path in sorted(self._folder.glob(f"{number or '400' + 7 * '[0-9]'}/[!.]*.wav")):
            yield self._upload(Number400(path.parent.name), path)

    def _owner(self) -> tuple[int, int] | None:
        """The user and group that root must give new files to; None if they are this user's.

        Raises StoreError if the folder is another user's and this is not root.
        """
        if not self._folder.exists() or (about := self._folder.stat()).st_uid == os.geteuid():
            return None
        if os.geteuid() == 0:
            return about.st_uid, about.st_gid
        user = _login(about.st_uid)
        raise StoreError(f"the switch runs as {user} and could not read this prompt; put it in as {user}, or as root")

    def _path(self, number: Number400, name: str) -> Path:
        if not is_name(name):
            raise UnusablePrompt(f"“{name}” is no name for a prompt; use letters, digits, - and _, at most 64")
        return self._folder / number / f"{name}.wav"

    def _versions(self, path: Path) -> list[int]:
        kept = (path.parent / _VERSIONS).glob(f"{path.stem}.*.wav")
        return sorted(int(number) for file in kept if (number := file.name.split(".")[1]).isdecimal())

    def _save_version(self, path: Path) -> Path:
        """Link the file in effect as the next version, so that it stays when it is replaced or removed."""
        folder = path.parent / _VERSIONS
        folder.mkdir(mode=0o700, exist_ok=True)
        kept = folder / f"{path.stem}.{max(self._versions(path), default=0) + 1}.wav"
        os.link(path, kept)
        return kept

    def _upload(self, number: Number400, path: Path) -> Upload:
        version = max(self._versions(path), default=0) + 1
        since_ms = round(path.stat().st_mtime * 1000)
        return Upload(number, PromptName(path.stem), path, len(read_wav(path)) / RATE_HZ, version, since_ms)


def _login(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
