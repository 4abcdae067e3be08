"""Sound that is written to a file outside the switch.

Rule: the file is its owner's only, and replaces none. Whoever writes one has it in the audit trail before.
"""

from collections.abc import Iterator
from pathlib import Path

from b2bua.base.errors import StoreError
from b2bua.media.audio_file import AudioFile, length_s
from b2bua.media.encryption import Unreadable


def save_sound(sound: Iterator[bytes], channels: int, to: Path) -> str:
    """Write sound to a new WAV file, mode 0600; its length, and what is missing from it, for people.

    Raises OSError, FileExistsError if there is a file, and StoreError if nothing of it can be heard.
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
