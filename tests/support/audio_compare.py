"""An end's ear, mouth and finger: RTP that really came from the switch, speech and keys (RFC 4733) sent to it.

Rule: what was heard is judged by its correlation with what should be heard, sample by sample.
"""

import io
import random
import socket
import struct
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import numpy as np
import soundfile

from b2bua.media.prompts.loudness import Samples
from b2bua.media.prompts.wav import RATE_HZ
from tests.support.sipp import SDP

_HEADER: Final = struct.Struct("!BBHII")
_PCMA: Final = 8
_EVENT: Final = 101
_PACKET: Final = 160


class Ear:
    """A UDP socket for RTP."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self._packets: list[bytes] = []
        self._far: tuple[str, int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._socket.close()

    def sdp(self) -> str:
        """An offer that sends the audio here."""
        port: int = self._socket.getsockname()[1]
        return SDP.replace("[media_port]", str(port))

    def listen(self, until: Callable[[], bool], timeout_s: float) -> None:
        """Take in what comes until something is so; fails the test if it never is."""
        deadline = time.monotonic() + timeout_s
        while not until():
            assert time.monotonic() < deadline, f"{len(self._packets)} packets came in {timeout_s} s, and no more"
            try:
                packet, self._far = self._socket.recvfrom(2048)
            except TimeoutError:
                continue
            if packet[1] & 0x7F == _PCMA:
                self._packets.append(packet)

    def listen_s(self, seconds: float, timeout_s: float) -> None:
        """Take in so many seconds of sound more."""
        wanted = len(self._packets) + round(seconds * RATE_HZ / _PACKET)
        self.listen(lambda: len(self._packets) >= wanted, timeout_s)

    def speak(self, payload: bytes, count: int, stamp: int) -> None:
        """Send one packet of A-law, the `count`th of a stream, to where the audio comes from."""
        assert self._far is not None
        head = _HEADER.pack(0x80, _PCMA | (0x80 if count == 0 else 0), count & 0xFFFF, stamp & 0xFFFFFFFF, 1)
        self._socket.sendto(head + payload, self._far)

    def codes(self) -> bytes:
        """All that came, as it was coded, one packet after the other."""
        return b"".join(packet[_HEADER.size :] for packet in self._packets)

    def heard(self) -> Samples:
        """All that was heard, by the packets' own clock; what was lost is silence."""
        stamps = [_HEADER.unpack_from(packet)[3] for packet in self._packets]
        sound = np.zeros(max(stamps) - stamps[0] + _PACKET, np.float32)
        for stamp, packet in zip(stamps, self._packets, strict=True):
            piece, _ = soundfile.read(
                io.BytesIO(packet[_HEADER.size :]),
                dtype="float32",
                format="RAW",
                subtype="ALAW",
                samplerate=RATE_HZ,
                channels=1,
            )
            sound[stamp - stamps[0] :][: len(piece)] = piece
        return sound

    def press(self, digit: int) -> None:
        """Press a key for 100 ms (RFC 4733), at the address where the audio comes from."""
        assert self._far is not None
        source, stamp, first = random.getrandbits(32), 8000, random.getrandbits(15)
        for count in range(8):
            over = count >= 5
            lasted = min(count + 1, 5) * _PACKET
            event = struct.pack("!BBH", digit, (0x80 if over else 0) | 10, lasted)
            kind = _EVENT | (0x80 if count == 0 else 0)
            self._socket.sendto(_HEADER.pack(0x80, kind, first + count, stamp, source) + event, self._far)


def a_law(samples: Samples) -> bytes:
    """Samples as a telephone sends them."""
    out = io.BytesIO()
    soundfile.write(out, samples, RATE_HZ, format="RAW", subtype="ALAW")
    return out.getvalue()


def best_match(heard: Samples, wanted: Samples) -> tuple[int, float]:
    """Where in `heard` the stretch begins that is most like all of `wanted`, and its correlation (−1 to 1)."""
    size = len(heard) + len(wanted)
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size)), size)
    power = np.concatenate(([0.0], np.cumsum(np.square(heard, dtype=np.float64))))
    loud = np.sqrt(np.maximum(power[len(wanted) :] - power[: -len(wanted)], 0) + 1e-4 * power[-1])
    at = int(np.argmax(product[: len(loud)] / loud))
    stretch = heard[at : at + len(wanted)]
    return at, float(np.dot(stretch, wanted) / (np.linalg.norm(stretch) * np.linalg.norm(wanted) + 1e-9))


def likeness(heard: Samples, wanted: Samples) -> float:
    """The correlation (−1 to 1) of `wanted` with the stretch of `heard` that is most like it."""
    size = len(heard) + len(wanted)
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size)), size)
    at = int(np.argmax(product[: max(1, len(heard) - len(wanted) // 2)]))
    stretch = heard[at : at + len(wanted)]
    part = wanted[: len(stretch)]
    return float(np.dot(stretch, part) / (np.linalg.norm(stretch) * np.linalg.norm(part) + 1e-9))
