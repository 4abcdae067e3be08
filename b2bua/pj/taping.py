"""What a call leaves on disk: the recording of its conversation, and a voicemail message.

Rule: sound goes to disk while it is spoken (PJSIP keeps back half a second), so that a crash keeps what was said. A
conversation is taped as two mono files of one start, `<call>.caller.wav` and `<call>.target.wav`, and made into
`<call>.wav` when it is over; whoever finds the two alone makes it then (`b2bua.stereo`).
"""

import sys
from pathlib import Path
from typing import Any, Final

import pjsua2 as pj

from b2bua.stereo import join_sides

SETTLE_S: Final = 0.15
"""How long PJSIP's clock may take to complete a file whose recorder was let go."""


def _recorder(path: Path) -> Any:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    recorder = pj.AudioMediaRecorder()
    recorder.createRecorder(str(path))
    return recorder


class Tape:
    """The recording of one conversation, in `folder`."""

    def __init__(self, folder: Path, call_id: str) -> None:
        self._sides = (folder / f"{call_id}.caller.wav", folder / f"{call_id}.target.wav")
        self._stereo = folder / f"{call_id}.wav"
        self._recorders: list[Any] = []
        self._settled_at: float | None = None

    @property
    def is_running(self) -> bool:
        """Whether it records now."""
        return bool(self._recorders)

    def start(self) -> None:
        """Record from now on. Raises `pjsua2.Error` or OSError if the files cannot be written."""
        if not self._recorders and self._settled_at is None:
            self._recorders = [_recorder(side) for side in self._sides]

    def follow(self, caller: Any | None, target: Any | None) -> None:
        """Take each side's sound from the port that it has now."""
        for port, recorder in zip((caller, target), self._recorders, strict=False):
            if port is not None:
                port.startTransmit(recorder)

    def stop(self, now: float) -> None:
        """Record no more; a tape is not started twice."""
        if self._recorders:
            self._recorders = []
            self._settled_at = now + SETTLE_S

    def finish(self, now: float) -> bool:
        """Whether nothing is left to do. Once the sides are whole they are joined, and then removed."""
        if self._settled_at is None:
            return True
        if now < self._settled_at:
            return False
        self._settled_at = None
        try:
            join_sides(*self._sides, self._stereo)
        except OSError as fault:
            sys.stderr.write(f"{self._stereo}: the sides could not be joined, and stay: {fault}\n")
            return True
        for side in self._sides:
            side.unlink()
        return True


_BEEP_HZ: Final = 1000
_BEEP_MS: Final = 300
_SILENT_LEVEL: Final = 8
"""Of PJSIP's signal level (0–255, logarithmic): below it a line only hums."""
_LEAST_S: Final = 1.0


class Message:
    """One voicemail message: after a beep, at most `most_s` long, until `silence_s` of silence."""

    def __init__(self, path: Path, now: float, most_s: int, silence_s: int) -> None:
        self._path = path
        self._coming = path.with_name(f".{path.name}")
        self._recorder: Any = _recorder(self._coming)
        self._beep = pj.ToneGenerator()
        self._beep.createToneGenerator(8000, 1)
        self._starts_at = now + _BEEP_MS / 1000
        self._over_at = self._starts_at + most_s
        self._silence_s = silence_s
        self._heard_at = self._starts_at
        self._is_taping = False

    def beep(self, caller: Any | None) -> None:
        """Tell the caller to speak."""
        if caller is None:
            return
        tone = pj.ToneDesc()
        tone.freq1, tone.freq2, tone.on_msec, tone.off_msec, tone.volume = _BEEP_HZ, 0, _BEEP_MS, 0, 8000
        tones = pj.ToneDescVector()
        tones.append(tone)
        self._beep.play(tones, False)
        self._beep.startTransmit(caller)

    def listen(self, caller: Any | None, now: float) -> bool:
        """Go on taping; True when the message is over."""
        if caller is None or now >= self._over_at:
            return True
        if now < self._starts_at:
            return False
        if not self._is_taping:
            self._is_taping = True
            caller.startTransmit(self._recorder)
        # What PJSIP calls a port's transmit level is what comes in from the far end.
        if caller.getTxLevel() >= _SILENT_LEVEL:
            self._heard_at = now
        return now - self._heard_at >= self._silence_s

    def finish(self, now: float) -> None:
        """Let it be over at the next look: the caller keyed so."""
        self._over_at = min(self._over_at, now)

    def close(self, now: float) -> int:
        """End it; the whole seconds kept, 0 if it was too short to keep."""
        self._recorder = None
        self._beep = None
        taped_s = max(0.0, min(now, self._over_at) - self._starts_at)
        spoken_s = taped_s if self._is_taping and self._heard_at - self._starts_at >= _LEAST_S else 0.0
        if spoken_s:
            self._coming.rename(self._path)
        else:
            self._coming.unlink(missing_ok=True)
        return round(spoken_s)
