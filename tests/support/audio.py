"""Audio of a far end: G.711 over RTP both ways, with tones to be told apart by, and keys in band or as events.

Rule: what a far end hears is judged by frequency from the packets that came, never from what was meant to be sent.
"""

import math
import random
import socket
import struct
from array import array
from bisect import bisect
from collections import deque
from collections.abc import Callable
from typing import Final

import attrs
import trio

from b2bua.callproc.tone import power_at

FRAME: Final = 160
_HEADER: Final = struct.Struct("!BBHII")
_EVENT: Final = struct.Struct("!BBH")
_KEYS: Final = "0123456789*#ABCD"
_LOW: Final = (697, 770, 852, 941)
_HIGH: Final = (1209, 1336, 1477, 1633)
_ROWS: Final = ("123A", "456B", "789C", "*0#D")
PCMA: Final = 8
_LOUD: Final = 6000


def linear(code: int) -> int:
    """ITU-T G.711, table 1: an A-law code as a 16-bit sample."""
    code ^= 0x55
    value = ((code & 0x0F) << 4) + 8
    segment = (code & 0x70) >> 4
    if segment:
        value = (value + 0x100) << (segment - 1)
    return value if code & 0x80 else -value


_DECODED: Final = [linear(code) for code in range(256)]
_ORDER: Final = sorted(range(256), key=lambda code: _DECODED[code])
_LEVELS: Final = [_DECODED[code] for code in _ORDER]


def encoded(samples: "array[int]") -> bytes:
    """Samples as A-law."""
    return bytes(_ORDER[min(255, bisect(_LEVELS, sample))] for sample in samples)


def sine(hz: float, count: int, start: int = 0, level: float = _LOUD) -> "array[int]":
    """`count` samples of a tone, as if it had begun `start` samples ago."""
    turn = 2 * math.pi * hz / 8000
    return array("h", (round(level * math.sin(turn * n)) for n in range(start, start + count)))


def dual(key: str, count: int, level: float = 5000) -> "array[int]":
    """A key's two tones (ITU-T Q.23)."""
    row = next(index for index, keys in enumerate(_ROWS) if key in keys)
    low, high = _LOW[row], _HIGH[_ROWS[row].index(key)]
    return array("h", (a + b for a, b in zip(sine(low, count, 0, level), sine(high, count, 0, level), strict=True)))


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
                self.heard.extend(_DECODED[code] for code in packet[_HEADER.size :])
            async with self.news:
                self.news.notify_all()

    @property
    def keys(self) -> str:
        """The keys that came as telephone-events, each once, in order."""
        return "".join(key for key, _ in self.pressed.values())

    def hears(self, hz: int, *, of_s: float = 0.2) -> bool:
        """Whether the last `of_s` seconds were mostly this tone."""
        last = self.heard[-round(of_s * 8000) :]
        if len(last) < of_s * 8000:
            return False
        mean = sum(sample * sample for sample in last) / len(last)
        return mean > 100**2 and power_at(last, hz) > mean / 2

    def hears_pair(self, key: str, *, of_s: float = 0.1) -> bool:
        """Whether the last `of_s` seconds were mostly the two tones of a key (ITU-T Q.23)."""
        last = self.heard[-round(of_s * 8000) :]
        mean = sum(sample * sample for sample in last) / max(1, len(last))
        row = next(index for index, keys in enumerate(_ROWS) if key in keys)
        pair = (_LOW[row], _HIGH[_ROWS[row].index(key)])
        return mean > 100**2 and all(power_at(last, hz) > mean / 5 for hz in pair)

    def is_still(self, of_s: float = 0.3) -> bool:
        """Whether the last `of_s` seconds were silence."""
        last = self.heard[-round(of_s * 8000) :]
        return len(last) >= of_s * 8000 and max(map(abs, last)) < 200

    def hears_other_than(self, *hz: int) -> bool:
        """Whether the last 0.3 s were sound, and none of these tones in it."""
        last = self.heard[-2400:]
        mean = sum(sample * sample for sample in last) / max(1, len(last))
        return len(last) == 2400 and mean > 100**2 and all(power_at(last, one) < mean / 20 for one in hz)

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
