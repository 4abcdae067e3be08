"""Where a call's last record waits while there is no daemon to take it.

Rule: a file appears whole or not at all, is readable by its owner only, and is on disk before the process ends. It
holds one `Update` as `b2bua.link.frame` prints it.
"""

import os
from pathlib import Path

from b2bua.link import Update, frame
from b2bua.record import CallRecord


def spool_folder(link: Path) -> Path:
    """The folder that belongs to a link: beside its socket."""
    return link.parent / "spool"


def put(folder: Path, record: CallRecord) -> None:
    """Write a record to `folder/<call_id>`. Raises OSError if the disk does not take it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    coming = folder / f".{record.call_id}"
    descriptor = os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(frame(Update(record)))
        file.flush()
        os.fsync(file.fileno())
    coming.rename(folder / record.call_id)
    names = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(names)
    finally:
        os.close(names)
