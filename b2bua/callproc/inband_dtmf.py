"""Ears: an open ear for the keys of each leg whose far end can send them only as sound.

Rule: an ear is open only while the leg's keys are wanted and its far end takes no telephone-events, so that the usual
call pays nothing. The sound never touches a disk: PJSIP's recorder writes into memory that only this process can see.
(A port of our own in the conference would be called from PJSIP's clock thread, which Python's collector does not
survive; the recorder gives the sound away 0.25 s at a time, which nobody who keys notices.)
"""

import os
import tempfile
from array import array
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import pjsua2 as pj

from b2bua.callproc.dtmf_detector import DtmfDetector
from b2bua.callproc.leg import Leg
from routing.ids import LegId

_LINGER_S: Final = 2.0
"""An ear stays open so long after it was wanted: a key held down must not be heard again by the next menu."""
_HEADER_BYTES: Final = 44
_MOST_BYTES: Final = 1 << 20
"""One minute of sound; what is older is let go of."""


class InbandDtmf:
    """The open ears of one call. `now` is monotonic seconds."""

    def __init__(self, legs: Mapping[LegId, Leg]) -> None:
        self._legs = legs
        self._ears: dict[LegId, _Ear] = {}
        self._deaf: set[LegId] = set()
        self._until: dict[LegId, float] = {}

    @property
    def are_open(self) -> bool:
        """Whether any leg is listened to."""
        return bool(self._ears)

    def attend(self, wanted: Collection[LegId], now: float) -> None:
        """Open an ear for each of these legs that needs one; shut those that have not been wanted for a while."""
        for name in wanted:
            self._until[name] = now + _LINGER_S
            if name not in self._ears and name not in self._deaf:
                self._open(name)
        for name in [name for name in self._ears if self._until[name] < now]:
            self._ears.pop(name).close()

    def _open(self, name: LegId) -> None:
        leg = self._legs.get(name)
        audio = leg.audio() if leg is not None else None
        if leg is None or audio is None:
            return
        if leg.takes_events():
            self._deaf.add(name)
            return
        self._ears[name] = _Ear()
        self._ears[name].follow(audio)

    def follow(self, name: LegId) -> None:
        """A leg's audio changed: what its far end can do may have changed too."""
        self._deaf.discard(name)
        if name not in self._ears or name not in self._legs:
            return
        audio = self._legs[name].audio()
        if audio is not None:
            self._ears[name].follow(audio)

    def drop(self, name: LegId) -> None:
        """A leg is down."""
        self._deaf.discard(name)
        ear = self._ears.pop(name, None)
        if ear is not None:
            ear.close()

    def heard(self) -> list[tuple[LegId, str]]:
        """The keys heard since the last look."""
        return [(name, key) for name, ear in self._ears.items() for key in ear.listen()]


class _Ear:
    """One leg's sound, and the keys in it."""

    def __init__(self) -> None:
        self._tones = DtmfDetector()
        self._at = _HEADER_BYTES
        self._forgotten = 0
        self._memory = os.memfd_create("keys", os.MFD_CLOEXEC)
        self._recorder: Any = pj.AudioMediaRecorder()
        # PJSIP opens by name, and only what is called .wav; the name is gone before any sound comes.
        with tempfile.TemporaryDirectory(prefix="switch400-") as folder:
            name = Path(folder) / "keys.wav"
            name.symlink_to(f"/proc/self/fd/{self._memory}")
            self._recorder.createRecorder(str(name))

    def follow(self, audio: Any) -> None:
        """Take the sound from here."""
        audio.startTransmit(self._recorder)

    def listen(self) -> str:
        """The keys that have begun since the last look."""
        size = os.fstat(self._memory).st_size
        if size <= self._at:
            return ""
        piece = os.pread(self._memory, (size - self._at) & ~1, self._at)
        self._at += len(piece)
        if size > self._forgotten + _MOST_BYTES and size == os.fstat(self._memory).st_size:
            # The recorder writes on at its own place; what is before it takes up no memory any more.
            self._forgotten = size
            os.ftruncate(self._memory, 0)
        return self._tones.feed(array("h", piece))

    def close(self) -> None:
        """Hear no more."""
        self._recorder = None
        os.close(self._memory)
