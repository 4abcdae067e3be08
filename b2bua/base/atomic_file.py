"""Files of the state directory: written whole or not at all, and owned by the owner of their folder.

Rule: root may run any command, such as `switch400 token add` after an installation; the daemon, which runs as a user of
its own, must be able to read the files that the command made.
"""

import os
from pathlib import Path


def give_to_folder_owner(path: Path) -> None:
    """Give a new file or folder to the owner of the folder that it lies in, if root made it. Raises OSError."""
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.chown(path, folder.st_uid, folder.st_gid, follow_symlinks=False)


def write_whole(file: Path, content: bytes) -> None:
    """Replace a file by one with this content and mode 0600, on disk when this returns.

    Raises OSError, and then the old file is as it was: a full disk leaves no partial file.
    """
    partial = file.with_suffix(".new")
    try:
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as new:
            give_to_folder_owner(partial)
            new.write(content)
            new.flush()
            os.fsync(new.fileno())
        partial.rename(file)
    finally:
        partial.unlink(missing_ok=True)
