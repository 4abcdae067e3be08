"""Whose the files of a state directory are: the directory's owner's, whoever made them.

Rule: root may run any command, as `switch400 token add` after an installation; the daemon, which has a user of its own,
must be able to read what came of it.
"""

import os
from pathlib import Path


def give_to_folder_owner(path: Path) -> None:
    """Give a new file or folder to the owner of the folder that it lies in, if root made it. Raises OSError."""
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.chown(path, folder.st_uid, folder.st_gid, follow_symlinks=False)


def write_whole(file: Path, content: bytes) -> None:
    """A new file with mode 0600, or none: a full disk leaves no half of it. Raises OSError."""
    half = file.with_suffix(".new")
    try:
        half.unlink(missing_ok=True)
        with os.fdopen(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as new:
            give_to_folder_owner(half)
            new.write(content)
            new.flush()
            os.fsync(new.fileno())
        half.rename(file)
    finally:
        half.unlink(missing_ok=True)
