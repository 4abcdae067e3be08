"""What a call leaves on disk: the recording of its conversation, and a voicemail message.

PJSIP's recorder writes to a pipe, and this process takes the sound out of it and puts it on a tape: so nothing lies
unsealed on the disk, both sides are one file from the first moment, and a disk that is full is ours to notice.

Rule: sound goes to disk while it is spoken (PJSIP keeps back three quarters of a second), so that a crash keeps what
was said. A tape that fails ends alone; the call goes on.
"""

import os
from array import array
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pjsua2 as pj

from b2bua.media import messages, recordings
from b2bua.media.audio_file import CLOCK_RATE_HZ, SAMPLE_BYTES, WAV_HEAD_BYTES, AudioFile, suffix
from b2bua.media.keys import Key

_SETTLE_S: Final = 0.5
"""How long PJSIP's clock may take to hand over the rest from a recorder that was let go."""
_PIECE: Final = 1 << 16


class Pipe:
    """A recorder of PJSIP's, and the end of a pipe where its sound comes out. Raises OSError or `pjsua2.Error`.

    A pipe holds four seconds; then PJSIP's clock would wait for us.
    """

    def __init__(self, folder: Path, name: str) -> None:
        # PJSIP tells the format by the name, so the pipe needs one until both ends are open.
        path = folder / f".{name}.wav"
        path.unlink(missing_ok=True)
        os.mkfifo(path, 0o600)
        try:
            self._end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            self.port: Any = pj.AudioMediaRecorder()
            try:
                self.port.createRecorder(str(path))
            except pj.Error:
                os.close(self._end)
                raise
        finally:
            path.unlink()
        self._head_left = WAV_HEAD_BYTES
        self.is_over = False

    def read(self) -> bytes:
        """The sound that has come out since the last look."""
        sound = b""
        while not self.is_over:
            try:
                piece = os.read(self._end, _PIECE)
            except BlockingIOError:
                break
            if not piece:
                self.close()
            sound += piece
        head = min(self._head_left, len(sound))
        self._head_left -= head
        return sound[head:]

    def let_go(self) -> None:
        """Let PJSIP hand over what it has kept back; then it is over."""
        self.port = None

    def close(self) -> None:
        """Read no more."""
        if not self.is_over:
            self.is_over = True
            os.close(self._end)


class ConversationRecorder:
    """The recording of one conversation in `folder`, the caller left, the target right."""

    def __init__(self, folder: Path, call_id: str, key: Key | None) -> None:
        self._folder = folder
        self._call_id = call_id
        self._key = key
        self._tape: AudioFile | None = None
        self._pipes: list[Pipe] = []
        self._sources: list[pj.AudioMedia | None] = [None, None]
        self._silence: pj.ToneGenerator | None = None
        self._sides = [b"", b""]
        self._settled_at: float | None = None
        self._was_started = False
        self.length_s = 0.0

    @property
    def is_running(self) -> bool:
        """Whether there is sound to be put on disk."""
        return self._tape is not None

    def start(self) -> None:
        """Record from now on; a conversation is not started twice. Raises `pjsua2.Error` or OSError if it cannot be."""
        if self._was_started:
            return
        self._was_started = True
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{self._call_id}{suffix(self._key)}"
        self._tape = AudioFile(path, self._call_id, recordings.CHANNELS, self._key)
        try:
            # A recorder that nobody speaks to stands still, and its side would run ahead of the other's afterwards.
            self._silence = pj.ToneGenerator()
            self._silence.createToneGenerator(CLOCK_RATE_HZ, 1)
            for side in ("caller", "target"):
                self._pipes.append(Pipe(self._folder, f"{self._call_id}.{side}"))
            for pipe in self._pipes:
                self._silence.startTransmit(pipe.port)
        except (OSError, pj.Error):
            self._end()
            path.unlink()
            raise

    def follow(self, caller: pj.AudioMedia | None, target: pj.AudioMedia | None) -> None:
        """Take each side's sound from the port that it has now, and from no other: None for a side that is away."""
        if self._tape is None or self._settled_at is not None:
            return
        for side, (source, pipe) in enumerate(zip((caller, target), self._pipes, strict=True)):
            before, self._sources[side] = self._sources[side], source
            if before is not None and (source is None or source.getPortId() != before.getPortId()):
                with suppress(pj.Error):  # a leg that is down is out of the conference already
                    before.stopTransmit(pipe.port)
            if source is not None:
                source.startTransmit(pipe.port)

    def turn(self) -> None:
        """Put on tape what has come. Raises OSError if the disk does not take it; then the recording has ended."""
        if self._tape is None:
            return
        for side, pipe in enumerate(self._pipes):
            self._sides[side] += pipe.read()
        size = min(map(len, self._sides)) // SAMPLE_BYTES * SAMPLE_BYTES
        try:
            self._write(*(side[:size] for side in self._sides))
        except OSError:
            self._end()
            raise
        self._sides = [side[size:] for side in self._sides]

    def stop(self, now: float) -> None:
        """Record no more."""
        if self._tape is not None and self._settled_at is None:
            self._settled_at = now + _SETTLE_S
            self._silence = None
            for pipe in self._pipes:
                pipe.let_go()

    def finish(self, now: float) -> bool:
        """Whether nothing is left to do, after `stop`. Raises OSError as `turn`; then nothing is left."""
        if self._tape is None:
            return True
        self.turn()
        if not all(pipe.is_over for pipe in self._pipes) and self._settled_at is not None and now < self._settled_at:
            return False
        size = max(map(len, self._sides)) // SAMPLE_BYTES * SAMPLE_BYTES
        try:
            self._write(*(side.ljust(size, b"\0")[:size] for side in self._sides))
        finally:
            self._end()
        return True

    def _write(self, left: bytes, right: bytes) -> None:
        assert self._tape is not None
        if left:
            both = array("h", bytes(2 * len(left)))
            both[0::2], both[1::2] = array("h", left), array("h", right)
            self._tape.write(both.tobytes())
            self.length_s += len(left) / (SAMPLE_BYTES * CLOCK_RATE_HZ)

    def _end(self) -> None:
        tape, self._tape = self._tape, None
        self._silence = None
        for pipe in self._pipes:
            pipe.let_go()
            pipe.close()
        if tape is not None:
            tape.close()


_BEEP_HZ: Final = 1000
_BEEP_MS: Final = 300
_SILENT_LEVEL: Final = 8
"""Of PJSIP's signal level (0–255, logarithmic): below it a line only hums."""
_LEAST_S: Final = 1.0


class MessageRecorder:
    """One voicemail message: after a beep, at most `most_s` long, until `silence_s` of silence.

    It is `<folder>/<number>/<mailbox>/<call>` with a dot before its name until it is whole. Raises OSError or
    `pjsua2.Error` if it cannot be begun.
    """

    def __init__(self, folder: Path, box: Path, call_id: str, key: Key | None) -> None:
        (folder / box).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._whole = folder / box / f"{call_id}{suffix(key)}"
        self._tape = AudioFile(self._whole.with_name(f".{self._whole.name}"), call_id, messages.CHANNELS, key)
        try:
            self._beep: pj.ToneGenerator | None = pj.ToneGenerator()
            self._beep.createToneGenerator(CLOCK_RATE_HZ, 1)
            self._pipe = Pipe(folder, call_id)
        except (OSError, pj.Error):
            self._tape.close()
            self._tape.path.unlink()
            raise
        self._starts_at = self._over_at = self._heard_at = self._settled_at = 0.0
        self._silence_s = 0
        self._is_taping = False
        self._is_ending = False

    def begin(self, caller: pj.AudioMedia | None, now: float, most_s: int, silence_s: int) -> None:
        """Tell the caller to speak."""
        self._starts_at = self._heard_at = now + _BEEP_MS / 1000
        self._over_at = self._starts_at + most_s
        self._silence_s = silence_s
        if caller is None or self._beep is None:
            return
        tone = pj.ToneDesc()
        tone.freq1, tone.freq2, tone.on_msec, tone.off_msec, tone.volume = _BEEP_HZ, 0, _BEEP_MS, 0, 8000
        tones = pj.ToneDescVector()
        tones.append(tone)
        self._beep.play(tones, False)
        self._beep.startTransmit(caller)

    def listen(self, caller: pj.AudioMedia | None, now: float) -> bool:
        """Go on taping; True when the message is over and on disk. Raises OSError if the disk does not take it."""
        if not self._is_ending and self._is_said(caller, now):
            self._is_ending = True
            self._settled_at = now + _SETTLE_S
            self._pipe.let_go()
        self._tape.write(self._pipe.read())
        return self._is_ending and (self._pipe.is_over or now >= self._settled_at)

    def _is_said(self, caller: pj.AudioMedia | None, now: float) -> bool:
        if caller is None or now >= self._over_at:
            return True
        if now < self._starts_at:
            return False
        if not self._is_taping:
            self._is_taping = True
            caller.startTransmit(self._pipe.port)
        # What PJSIP calls a port's transmit level is what comes in from the far end.
        if caller.getTxLevel() >= _SILENT_LEVEL:
            self._heard_at = now
        return now - self._heard_at >= self._silence_s

    def finish(self, now: float) -> None:
        """Let it be over at the next look: the caller keyed so."""
        self._over_at = min(self._over_at, now)

    def close(self) -> int:
        """End it; the whole seconds kept, 0 if too little was said to keep. Raises OSError if its end is not kept."""
        self._beep = None
        self._pipe.let_go()
        self._pipe.close()
        spoke = self._heard_at - self._starts_at >= _LEAST_S
        try:
            self._tape.close()
        finally:
            length_s = self._tape.sound_bytes / (SAMPLE_BYTES * CLOCK_RATE_HZ)
            if spoke and length_s >= _LEAST_S:
                self._tape.path.rename(self._whole)
            else:
                self._tape.path.unlink()
                length_s = 0.0
        return round(length_s)
