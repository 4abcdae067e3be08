"""The recorded conversations in a switch's folder (M5), as call processes leave them (`b2bua.pj.taping`).

Rule: a conversation is one stereo file `<call>.wav`; or its two sides, if its process died or still tapes.
"""

import re
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from b2bua.record import CallRecord
from b2bua.stereo import CLOCK_RATE_HZ, join_sides
from b2bua.store.errors import NotFound
from routing.ids import CallId

_SIDES: Final = ("caller", "target")
_CALL_ID: Final = re.compile(r"([0-9a-f]{11})[0-9a-f]{10}")
_HEADER_BYTES: Final = 44
_SHORT_BY_MS: Final = 2000
"""How much shorter than the talk a recording may be: it begins with the media, and PJSIP keeps back half a second."""


def arrived_ms(call_id: str, file: Path) -> int:
    """When a call came (UTC epoch milliseconds): its name says so; else when its file was written last."""
    named = _CALL_ID.fullmatch(call_id)
    return int(named[1], 16) if named else round(file.stat().st_mtime * 1000)


@attrs.frozen
class Recording:
    """One conversation: its stereo file, or its sides (`files`). `quiet_since_ms`: nothing was written after that."""

    call_id: CallId
    files: tuple[Path, ...]
    arrived_ms: int
    length_s: float
    quiet_since_ms: int

    @property
    def is_whole(self) -> bool:
        """Whether it is one stereo file."""
        return self.files[0].stem == self.call_id

    def fault(self, record: CallRecord | None) -> str:
        """What is wrong with it, given the call's record; empty if nothing is."""
        if any(file.stat().st_mode & 0o077 for file in self.files):
            return "others than its owner may read it"
        if not self.is_whole:
            return "its sides are not joined" if record is None or record.ended_ms is not None else ""
        try:
            with wave.open(str(self.files[0]), "rb") as file:
                form = (file.getnchannels(), file.getsampwidth(), file.getframerate())
                present = file.getnframes() * 4 + _HEADER_BYTES <= self.files[0].stat().st_size
        except (OSError, EOFError, wave.Error) as error:
            return f"it cannot be read ({error})"
        if form != (2, 2, CLOCK_RATE_HZ):
            return "it is not 8 kHz stereo"
        if not present:
            return "it is cut off"
        if record is None:
            return "its call has no record"
        short_ms = record.talk_ms - round(self.length_s * 1000)
        return f"it is {short_ms / 1000:.1f} s shorter than the talk" if short_ms > _SHORT_BY_MS else ""


class Recordings:
    """Every recording in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def every(self) -> Iterator[Recording]:
        """All of them, oldest first; one that is taken away meanwhile is passed over."""
        calls: dict[str, list[Path]] = {}
        for file in sorted(self._folder.glob("[!.]*.wav")):
            call_id, _, side = file.stem.partition(".")
            if not side or side in _SIDES:
                calls.setdefault(call_id, []).append(file)
        for call_id in sorted(calls):
            # The sides are removed after the joined file appears.
            whole = [file for file in calls[call_id] if file.stem == call_id]
            try:
                yield _recording(CallId(call_id), tuple(whole or calls[call_id]))
            except FileNotFoundError:
                continue

    def get(self, call_id: str) -> Recording:
        """The recording of one call. Raises NotFound."""
        found = next((each for each in self.every() if each.call_id == call_id), None)
        if found is None:
            raise NotFound(f"there is no recording of a call {call_id}")
        return found

    def join(self, recording: Recording) -> Recording:
        """Make one stereo file of the sides that a dead process left. Raises OSError, also if one side is missing."""
        stereo = self._folder / f"{recording.call_id}.wav"
        caller, target = (self._folder / f"{recording.call_id}.{side}.wav" for side in _SIDES)
        join_sides(caller, target, stereo)
        caller.unlink()
        target.unlink()
        return _recording(recording.call_id, (stereo,))

    def delete(self, recording: Recording) -> None:
        """Take all of it from the disk, sides that were left over too."""
        for name in (recording.call_id, *(f"{recording.call_id}.{side}" for side in _SIDES)):
            (self._folder / f"{name}.wav").unlink(missing_ok=True)


def _recording(call_id: CallId, files: tuple[Path, ...]) -> Recording:
    bytes_a_second = 2 * CLOCK_RATE_HZ * (2 if files[0].stem == call_id else 1)
    size = max(file.stat().st_size for file in files)
    quiet_since_ms = round(max(file.stat().st_mtime for file in files) * 1000)
    length_s = max(0, size - _HEADER_BYTES) / bytes_a_second
    return Recording(call_id, files, arrived_ms(call_id, files[0]), length_s, quiet_since_ms)
