"""Whose the files of a state directory are: the directory's owner's, whoever made them.

Rule: root may run any command, as `switch400 token add` after an installation; the daemon, which has a user of its own,
must be able to read what came of it.
"""

import os
from pathlib import Path


def as_its_folder(path: Path) -> None:
    """Give a new file or folder to the owner of the folder that it lies in, if root made it. Raises OSError."""
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.chown(path, folder.st_uid, folder.st_gid, follow_symlinks=False)
