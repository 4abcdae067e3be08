"""The recorded conversations of a switch (M5), as call processes write them (`b2bua.callproc.recorder`).

Rule: a conversation is one stereo file, the caller left and the target right, named after its call: `<call>.wav`, or
`<call>.sealed`.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from b2bua.base.errors import NotFound
from b2bua.media.audio_file import PLAIN, SEALED, is_sealed, length_s, pieces
from b2bua.media.encryption import CUT_OFF, Unreadable
from b2bua.media.keys import Keyring
from b2bua.records.call_record import CallRecord
from routing.cause import CRASHED, DAEMON_LOST
from routing.ids import CallId

CHANNELS: Final = 2
_CALL_ID: Final = re.compile(r"([0-9a-f]{11})[0-9a-f]{10}")
_SHORT_BY_MS: Final = 500
"""How much shorter a recording may be than its call's record says: the last piece is written after the record."""
_DIED: Final = (CRASHED.slug, DAEMON_LOST.slug)
"""Release causes of calls whose process could not close its recording."""


def arrived_ms(call_id: str, file: Path) -> int:
    """When a call came (UTC epoch milliseconds): the first 11 hex digits of its id, else the time of its file.

    Raises OSError.
    """
    named = _CALL_ID.fullmatch(call_id)
    return int(named[1], 16) if named else round(file.stat().st_mtime * 1000)


@attrs.frozen
class Recording:
    """One conversation."""

    call_id: CallId
    path: Path
    arrived_ms: int
    length_s: float

    @property
    def is_sealed(self) -> bool:
        """Whether a key is needed to play it."""
        return is_sealed(self.path)

    def sound(self, keys: Keyring) -> Iterator[bytes]:
        """Its samples, as `b2bua.media.audio_file.pieces`."""
        return pieces(self.path, self.call_id, CHANNELS, keys)

    def fault(self, record: CallRecord | None, keys: Keyring) -> str:
        """What is wrong with it, given the call's record; empty if nothing is. Reads the whole file. Raises OSError."""
        if self.path.stat().st_mode & 0o077:
            return "others than its owner may read it"
        is_over = record is None or record.ended_ms is not None
        died = record is not None and record.ending is not None and record.ending.slug in _DIED
        try:
            for _ in self.sound(keys):
                pass
        except Unreadable as unreadable:
            if str(unreadable) != CUT_OFF or (is_over and not died):
                return str(unreadable)
        except OSError as error:
            return f"it cannot be read ({error.strerror})"
        if record is None:
            return "its call has no record"
        short_ms = record.recorded_ms - round(self.length_s * 1000)
        if is_over and not died and short_ms > _SHORT_BY_MS:
            return f"it is {short_ms / 1000:.1f} s shorter than what was recorded"
        return ""


class Recordings:
    """The recordings in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def every(self) -> Iterator[Recording]:
        """All of them, oldest first; one that is deleted meanwhile is left out."""
        for path in sorted(self._folder.glob("[!.]*")):
            if path.suffix in (PLAIN, SEALED):
                try:
                    yield _recording(path)
                except FileNotFoundError:
                    continue

    def get(self, call_id: str) -> Recording:
        """The recording of one call. Raises NotFound."""
        found = next((each for each in self.every() if each.call_id == call_id), None)
        if found is None:
            raise NotFound(f"there is no recording of a call {call_id}")
        return found


def _recording(path: Path) -> Recording:
    return Recording(CallId(path.stem), path, arrived_ms(path.stem, path), length_s(path, CHANNELS))
