"""The spool folder: records of call processes that had no daemon to send them to, and of a daemon that had no database.

Rule: a file whose name does not begin with a dot is one `b2bua.ipc.protocol` frame of `Update`. It appears under its
name only when it is whole, and is deleted only when its record is on disk in the store. A file that cannot be read is
moved to the folder `broken`, never deleted.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from b2bua.ipc.protocol import Frames, FromProcess, Update, frame
from b2bua.records.call_record import CallRecord

BROKEN: Final = "broken"
"""The folder beside the files where unreadable ones go."""


@attrs.frozen
class Broken:
    """A file that was moved aside: where it is now, and what is wrong with it."""

    file: Path
    problem: str


def folder_beside(link: Path) -> Path:
    """The spool folder of the daemon whose link socket this is: it lies beside the socket."""
    return link.parent / "spool"


def write(folder: Path, record: CallRecord) -> Path:
    """Write a record for the next daemon to read, on disk when this returns; the file. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Call ids come from our own daemon; a file name must be safe even if one does not.
    name = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in record.call_id)
    file = folder / f"{name}.{record.seq}"
    part = folder / f".{file.name}"
    with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as out:
        out.write(frame(Update(record)))
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)
    _sync_folder(folder)
    return file


def waiting(folder: Path) -> Iterator[tuple[Path, CallRecord] | Broken]:
    """Every whole file of the folder in order of name, with its record; or `Broken` for one that was moved aside.

    A missing folder is empty. Raises OSError for what the machine lacks (no descriptor, a disk that fails): a file that
    cannot be read now may be read later, and stays.
    """
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir()):
        if file.name.startswith(".") or not file.is_file():
            continue
        try:
            yield file, _read(file)
        except FileNotFoundError:
            continue  # somebody has taken it away
        except (ValueError, TypeError, KeyError, PermissionError) as error:
            yield move_aside(file, f"{type(error).__name__}: {error}")


def _read(file: Path) -> CallRecord:
    content = file.read_bytes()
    if len(content) != 4 + int.from_bytes(content[:4]):
        raise ValueError("the file is not one whole frame")
    # cattrs collects the faults of a structure in a group, which is no ValueError.
    try:
        messages = list(Frames(FromProcess).feed(content))
    except ExceptionGroup as error:
        raise ValueError("the frame is not an Update of this version") from error
    if len(messages) != 1 or not isinstance(messages[0], Update):
        raise ValueError("the frame is no Update")
    return messages[0].record


def move_aside(file: Path, problem: str) -> Broken:
    """Move a file that cannot be used to the folder `broken`, for an operator to look at. Raises OSError."""
    aside = file.parent / BROKEN / file.name
    aside.parent.mkdir(mode=0o700, exist_ok=True)
    file.replace(aside)
    return Broken(aside, problem)


def _sync_folder(folder: Path) -> None:
    # A new name is on disk only when its folder is.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
