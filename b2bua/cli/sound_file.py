"""Writes sound to a file outside the switch.

Rule: the file is readable by its owner only, and replaces no other. The caller writes the audit trail's entry first.
"""

from collections.abc import Iterator
from pathlib import Path

from b2bua.base.errors import StoreError
from b2bua.media.audio_file import AudioFile, length_s
from b2bua.media.encryption import Unreadable


def save_sound(sound: Iterator[bytes], channels: int, to: Path) -> str:
    """Write sound to a new WAV file, mode 0600; returns a sentence with its length and what is missing from it.

    Raises OSError, FileExistsError if there is a file, and StoreError if none of the sound can be read.
    """
    file, problem = AudioFile(to, "", channels, None), ""
    try:
        for piece in sound:
            file.write(piece)
    except Unreadable as unreadable:
        problem = str(unreadable)
    finally:
        file.close()
    if problem and not file.sound_bytes:
        to.unlink()
        raise StoreError(f"{to} was not written: {problem}")
    return f"{to}: {length_s(to, channels):.0f} s" + (f"; {problem} there" if problem else "")
