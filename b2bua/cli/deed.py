"""Deeds of the command line in the audit trail, and files that leave the switch.

Rule: a copy that leaves is for its taker only, replaces nothing, and is written down before it is made.
"""

import getpass
import time
from collections.abc import Iterator
from pathlib import Path

from b2bua.base.errors import StoreError
from b2bua.media.audio_file import AudioFile, length_s
from b2bua.media.encryption import Unreadable
from b2bua.store.audit import AuditEntry
from b2bua.store.store import Store


def note(store: Store, verb: str, subject: str, detail: str) -> None:
    """Write down what the user of this command does to a number."""
    store.note(AuditEntry(round(time.time() * 1000), getpass.getuser(), verb, subject, detail))


def save_sound(sound: Iterator[bytes], channels: int, to: Path) -> str:
    """Write sound to a new WAV file, mode 0600; its length, and what is missing from it, for people.

    Raises OSError, FileExistsError if there is a file, and StoreError if nothing of it can be heard.
    """
    tape, problem = AudioFile(to, "", channels, None), ""
    try:
        for piece in sound:
            tape.write(piece)
    except Unreadable as unreadable:
        problem = str(unreadable)
    finally:
        tape.close()
    if problem and not tape.sound_bytes:
        to.unlink()
        raise StoreError(f"{to} was not written: {problem}")
    return f"{to}: {length_s(to, channels):.0f} s" + (f"; {problem} there" if problem else "")
