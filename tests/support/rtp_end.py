"""Audio of a far end: G.711 over RTP both ways, with keys in band or as telephone-events (RFC 4733).

Rule: what came is kept whole; `sound_analysis` judges it.
"""

import io
import random
import socket
import struct
import time
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self

import attrs
import numpy as np
import soundfile
import trio

from b2bua.callproc.realtime_priority import at_realtime_priority
from b2bua.media.prompts.loudness import Samples
from b2bua.media.prompts.wav import RATE_HZ
from tests.support.sipp import SDP
from tests.support.sound import DECODED, FRAME, a_law, dual, encoded, pair_hz, sine
from tests.support.sound_analysis import is_pair, is_sound_without, is_tone

PCMA: Final = 8
_EVENTS: Final = 101
_HEADER: Final = struct.Struct("!BBHII")
_EVENT: Final = struct.Struct("!BBH")
_KEYS: Final = "0123456789*#ABCD"


@attrs.define
class Audio:
    """One RTP stream each way on a port of its own. It sends `tone_hz` (0: silence) while `sending`.

    `pressed` are the telephone-events that came, by the time stamp of each: the key, and its length in milliseconds.
    """

    socket: trio.socket.SocketType
    tone_hz: int = 0
    sending: bool = True
    to: tuple[str, int] | None = None
    heard: "array[int]" = attrs.field(factory=lambda: array("h"))
    payloads: set[int] = attrs.field(factory=set)
    pressed: dict[int, tuple[str, int]] = attrs.field(factory=dict)
    news: trio.Condition = attrs.field(factory=trio.Condition)
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    send_as: int = PCMA
    events: int = 101
    _frames: deque[tuple[int, bytes, int]] = attrs.field(factory=deque)
    _sent: int = 0
    _serial: int = attrs.field(factory=lambda: random.randrange(1 << 15))
    _source: int = attrs.field(factory=lambda: random.randrange(1 << 32))

    @property
    def port(self) -> int:
        """The UDP port."""
        port: int = self.socket.getsockname()[1]
        return port

    def press(self, keys: str, *, in_band: bool = False, ms: int = 100, gap_ms: int = 100) -> None:
        """Send keys in band, or as telephone-events (RFC 4733), after what is sent already."""
        for key in keys:
            if in_band:
                samples = dual(key, ms * 8) + array("h", [0] * (gap_ms * 8))
                samples.extend([0] * (-len(samples) % FRAME))
                for at in range(0, len(samples), FRAME):
                    self._frames.append((self.send_as, encoded(samples[at : at + FRAME]), 0))
                continue
            count = max(1, ms // 20)
            for number in range(1, count + 1):
                self._frames.append((self.events, _EVENT.pack(_KEYS.index(key), 10, number * FRAME), number - 1))
            for again in range(3):
                self._frames.append((self.events, _EVENT.pack(_KEYS.index(key), 0x8A, count * FRAME), count + again))
            self._frames.extend((self.send_as, bytes([0xD5] * FRAME), 0) for _ in range(gap_ms // 20))

    async def burst(self, keys: str) -> None:
        """Send keys as events as fast as the wire takes them."""
        assert self.to is not None
        for number, key in enumerate(keys):
            if self.scope.cancel_called:
                return  # whoever took them has hung up
            for flags in (0x0A, 0x8A):
                self._serial = (self._serial + 1) & 0xFFFF
                head = _HEADER.pack(
                    0x80, self.events, self._serial, (self._sent + number * 2 * FRAME) & 0xFFFFFFFF, self._source
                )
                await self.socket.sendto(head + _EVENT.pack(_KEYS.index(key), flags, FRAME), self.to)
            if number % 20 == 19:
                await trio.sleep(0.005)

    def say(self, samples: "array[int]") -> None:
        """Send a piece of sound instead of the tone."""
        for at in range(0, len(samples) - FRAME + 1, FRAME):
            self._frames.append((self.send_as, encoded(samples[at : at + FRAME]), 0))

    def stop(self) -> None:
        """Neither send nor listen any more: a packet to a port that is another call's by now would disturb that one."""
        self.scope.cancel()

    async def run(self) -> None:
        """Send every 20 ms, take in what comes, until cancelled."""
        with self.socket, self.scope:
            await self._run()

    async def _run(self) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._listen)
            at = trio.current_time()
            while True:
                if self.to is not None and self.sending:
                    await self.socket.sendto(self._packet(), self.to)
                self._sent += FRAME
                at += 0.02
                await trio.sleep_until(at)

    def _packet(self) -> bytes:
        payload, body, since = self.send_as, b"", 0
        if self._frames:
            payload, body, since = self._frames.popleft()
        elif self.tone_hz:
            body = encoded(sine(self.tone_hz, FRAME, self._sent))
        else:
            body = bytes([0xD5] * FRAME)
        # An event's packets all carry the moment of its beginning (RFC 4733, 2.2.1).
        stamp = self._sent - since * FRAME
        self._serial = (self._serial + 1) & 0xFFFF
        return _HEADER.pack(0x80, payload, self._serial, stamp & 0xFFFFFFFF, self._source) + body

    async def _listen(self) -> None:
        while True:
            packet = await self.socket.recv(2048)
            if len(packet) < _HEADER.size:
                continue
            payload = packet[1] & 0x7F
            self.payloads.add(payload)
            if payload == self.events:
                code, _, duration = _EVENT.unpack_from(packet, _HEADER.size)
                stamp = _HEADER.unpack_from(packet)[3]
                self.pressed[stamp] = (_KEYS[code], duration // 8)
            if payload == PCMA:
                self.heard.extend(DECODED[code] for code in packet[_HEADER.size :])
            async with self.news:
                self.news.notify_all()

    @property
    def keys(self) -> str:
        """The keys that came as telephone-events, each once, in order."""
        return "".join(key for key, _ in self.pressed.values())

    def hears(self, hz: int, *, of_s: float = 0.2) -> bool:
        """Whether the last `of_s` seconds were mostly this tone."""
        last = self.heard[-round(of_s * RATE_HZ) :]
        return len(last) >= of_s * RATE_HZ and is_tone(last, hz)

    def hears_pair(self, key: str, *, of_s: float = 0.1) -> bool:
        """Whether the last `of_s` seconds were mostly the two tones of a key (ITU-T Q.23)."""
        return is_pair(self.heard[-round(of_s * RATE_HZ) :], *pair_hz(key))

    def is_still(self, of_s: float = 0.3) -> bool:
        """Whether the last `of_s` seconds were silence."""
        last = self.heard[-round(of_s * RATE_HZ) :]
        return len(last) >= of_s * RATE_HZ and max(map(abs, last)) < 200

    def hears_other_than(self, *hz: int) -> bool:
        """Whether the last 0.3 s were sound, and none of these tones in it."""
        last = self.heard[-2400:]
        return len(last) == 2400 and is_sound_without(last, *hz)

    async def until(self, wanted: Callable[["Audio"], bool], timeout_s: float = 20) -> bool:
        """Wait for what is heard to be so; False if it was not in time."""
        with trio.move_on_after(timeout_s):
            async with self.news:
                while not wanted(self):
                    await self.news.wait()
            return True
        return False

    async def until_hears(self, hz: int, timeout_s: float = 20) -> None:
        """Wait for a tone; fails the test if it does not come."""
        if await self.until(lambda audio: audio.hears(hz), timeout_s):
            return
        found = [one for one in range(200, 1700, 10) if self.hears(one)]
        raise AssertionError(f"{hz} Hz was not heard in {timeout_s} s, but {found} and {len(self.heard)} samples")


def open_audio(tone_hz: int = 0) -> Audio:
    """An audio end on a free even port of loopback."""
    while True:
        udp = trio.socket.from_stdlib_socket(_bound())
        if udp.getsockname()[1] % 2 == 0:
            return Audio(udp, tone_hz)
        udp.close()


def _bound() -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    udp.setblocking(False)
    return udp


class BlockingAudio:
    """One RTP stream each way over a blocking socket, beside a call that SIPp places; packets are kept."""

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
            if packet[1] & 0x7F == PCMA:
                self._packets.append(packet)

    def listen_s(self, seconds: float, timeout_s: float) -> None:
        """Take in so many seconds of sound more."""
        wanted = len(self._packets) + round(seconds * RATE_HZ / FRAME)
        self.listen(lambda: len(self._packets) >= wanted, timeout_s)

    def speak(self, payload: bytes, count: int, stamp: int) -> None:
        """Send one packet of A-law, the `count`th of a stream, to where the audio comes from."""
        assert self._far is not None
        head = _HEADER.pack(0x80, PCMA | (0x80 if count == 0 else 0), count & 0xFFFF, stamp & 0xFFFFFFFF, 1)
        self._socket.sendto(head + payload, self._far)

    def codes(self) -> bytes:
        """All that came, as it was coded, one packet after the other."""
        return b"".join(packet[_HEADER.size :] for packet in self._packets)

    def heard(self) -> Samples:
        """All that was heard, by the packets' own clock; what was lost is silence."""
        stamps = [_HEADER.unpack_from(packet)[3] for packet in self._packets]
        sound = np.zeros(max(stamps) - stamps[0] + FRAME, np.float32)
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
            lasted = min(count + 1, 5) * FRAME
            event = struct.pack("!BBH", digit, (0x80 if over else 0) | 10, lasted)
            kind = _EVENTS | (0x80 if count == 0 else 0)
            self._socket.sendto(_HEADER.pack(0x80, kind, first + count, stamp, source) + event, self._far)


def talk(ends: Sequence[BlockingAudio], said: Sequence[Samples], *, stall_s: float = 0.0) -> float:
    """All ends speak at once, packet by packet, in real time; whoever has said it all sends no more.

    How late the latest packet was in seconds: what comes late is not what a telephone would have sent. With `stall_s`
    one packet in fifty is meant to be that late.
    """
    coded = [a_law(samples) for samples in said]
    latest = 0.0
    with at_realtime_priority():
        began = time.monotonic()
        for count in range(max(map(len, coded)) // FRAME):
            due = began + count * 0.02 + (stall_s if count % 50 == 49 else 0.0)
            time.sleep(max(0.0, due - time.monotonic()))
            for end, voice in zip(ends, coded, strict=True):
                if piece := voice[count * FRAME : (count + 1) * FRAME]:
                    end.speak(piece, count, count * FRAME)
            latest = max(latest, time.monotonic() - began - count * 0.02)
    return latest
