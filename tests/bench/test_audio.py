"""What a bridged call adds to the way from mouth to ear, and what it loses, idle and among fifty calls.

RTP sent is held against RTP received, in time by the kernel's stamps; the same measure directly between the two ends,
in the same run, is what is taken off.
"""

import socket
import statistics
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs
import numpy as np
import pytest

from b2bua.callproc.realtime_priority import set_realtime
from b2bua.records.call_record import CallRecord, CallState
from tests.load.test_load import ANSWERS, talks
from tests.support.sipp import SDP, Caller, Target, pause, play, recv
from tests.support.switch import Switch, eventually, sip_uri

SECONDS = 15
CALLS = 50
PACKET = 160
EVERY = 10
"""Packets from one click to the next."""
TALKING = CallState.TALKING
OFFSET = 40
"""Where in its packet a click begins, in samples."""
SILENCE, LOUD = 0xD5, 0xAA
_HEADER = struct.Struct("!BBHII")
_STAMP = struct.Struct("qq")
_SO_TIMESTAMPNS = 35
_CLICK = bytes([SILENCE] * OFFSET + [LOUD] * 80 + [SILENCE] * 40)


@attrs.define
class End:
    """One end's RTP: what it said when, and what it heard when (seconds of the wall clock)."""

    rtp: socket.socket
    far: tuple[str, int] | None = None
    said: list[float] = attrs.field(factory=list)
    heard: list[float] = attrs.field(factory=list)
    numbers: list[int] = attrs.field(factory=list)

    def sdp(self) -> str:
        """An offer or answer that brings the audio here."""
        return SDP.replace("[media_port]", str(self.rtp.getsockname()[1]))

    def listen(self, over: threading.Event) -> None:
        """Note the moment of each click's first sample."""
        was_loud = False
        while not over.is_set():
            try:
                packet, about, _, self.far = self.rtp.recvmsg(2048, 64)
            except TimeoutError:
                continue
            seconds, nanoseconds = _STAMP.unpack(about[0][2])
            self.numbers.append(_HEADER.unpack_from(packet)[2])
            loud = np.flatnonzero((np.frombuffer(packet[_HEADER.size :], np.uint8) ^ 0x55) & 0x7F > 0x60)
            if len(loud) and not was_loud:
                self.heard.append(seconds + nanoseconds / 1e9 + float(loud[0]) / 8000)
            was_loud = bool(len(loud))

    def speak(self, seconds: float, over: threading.Event) -> None:
        """Clicks in silence, packet by packet in real time."""
        set_realtime(urgent=True)  # this thread is a telephone, which no other program makes late
        began = time.monotonic()
        for count in range(round(seconds * 50)):
            if over.is_set():
                return
            time.sleep(max(0.0, began + count * 0.02 - time.monotonic()))
            is_click = count % EVERY == EVERY - 1
            head = _HEADER.pack(0x80, 8, count & 0xFFFF, count * PACKET, 7)
            if self.far is not None:
                if is_click:
                    self.said.append(time.time() + OFFSET / 8000)
                self.rtp.sendto(head + (_CLICK if is_click else bytes([SILENCE]) * PACKET), self.far)


@contextmanager
def _end() -> Iterator[End]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtp:
        rtp.bind(("127.0.0.1", 0))
        rtp.settimeout(0.1)
        rtp.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        yield End(rtp)


def _converse(ends: tuple[End, End]) -> None:
    over = threading.Event()
    ears = [threading.Thread(target=end.listen, args=(over,)) for end in ends]
    mouths = [threading.Thread(target=end.speak, args=(SECONDS, over)) for end in ends]
    for thread in (*ears, *mouths):
        thread.start()
    for mouth in mouths:
        mouth.join()
    time.sleep(0.3)  # the last click's way
    over.set()
    for ear in ears:
        ear.join()


@attrs.frozen
class Measured:
    """Delays in ms of the clicks that arrived, both ways, and shares that were lost: of clicks, and of packets."""

    delays_ms: list[float]
    clicks_lost: float
    packets_lost: float

    def shown(self, base_ms: float) -> str:
        """In a line, without what the way takes by itself."""
        added = sorted(delay - base_ms for delay in self.delays_ms)
        return (
            f"added {statistics.median(added):6.2f} ms median, {added[int(len(added) * 0.95)]:6.2f} ms p95, "
            f"{added[-1]:6.2f} ms most; packets lost {self.packets_lost:.2%}, clicks lost {self.clicks_lost:.2%}"
        )


def _measured(ends: tuple[End, End]) -> Measured:
    delays, said = [], 0
    for mouth, ear in (ends, ends[::-1]):
        began = mouth.said[2:]  # the first may come before the far side's audio runs
        said += len(began)
        for at in began:
            after = [heard - at for heard in ear.heard if 0 <= heard - at < EVERY * 0.02]
            if after:
                delays.append(1000 * min(after))
    expected = sum((end.numbers[-1] - end.numbers[0]) % 65536 + 1 for end in ends)
    lost = expected - sum(len(set(end.numbers)) for end in ends)
    return Measured(delays, 1 - len(delays) / said, lost / expected)


def _direct() -> Measured:
    with _end() as one, _end() as other:
        one.far, other.far = other.rtp.getsockname(), one.rtp.getsockname()
        _converse((one, other))
        return _measured((one, other))


def _bridged(switch: Switch) -> tuple[Measured, CallRecord]:
    with _end() as one, _end() as other:
        bye = [recv("BYE", timeout_ms=60_000), Target.respond(200, "OK", tag=False)]
        answer = Target.respond(200, "OK", sdp=other.sdp())
        with switch.target([recv("INVITE"), answer, recv("ACK"), *bye]) as target:
            number = switch.publish(f'desk = "{sip_uri(target.port)}"')
            steps = [Caller.invite(sdp=one.sdp()), recv(100, optional=True), recv(200, rrs=True), Caller.ack()]
            steps += [pause(1000 * SECONDS + 1500), Caller.request("BYE", 2), recv(200)]
            with switch.caller(number, steps) as caller:
                eventually(
                    lambda: [record.state for record in switch.records(number)],
                    lambda state: TALKING in state,
                )
                _converse((one, other))
                caller.wait()
        (record,) = switch.closed(number)
        return _measured((one, other)), record


@pytest.mark.bench
@pytest.mark.req("S1")
def test_mouth_to_ear(own_switch: Callable[..., Switch], tmp_path: Path) -> None:
    """Added delay and loss of a bridged G.711 call, idle and with 50 calls that carry RTP both ways."""
    switch = own_switch(spare=30, most=100)
    base = _direct()
    base_ms = statistics.median(base.delays_ms)
    idle, idle_record = _bridged(switch)
    speech = tmp_path / "speech.raw"
    speech.write_bytes(bytes(0xD5 ^ (n % 64) for n in range(8000)))
    with ExitStack() as stack:
        target = stack.enter_context(switch.target(ANSWERS, calls=CALLS, options=["-rtp_echo"]))
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        others = talks(1000 * (SECONDS + 15), play(speech))
        options = ["-r", "10", "-l", str(CALLS)]
        caller = stack.enter_context(switch.caller(number, others, calls=CALLS, options=options))
        eventually(
            lambda: sum(record.state is TALKING for record in switch.records(number)),
            lambda up: up == CALLS,
            timeout_s=20,
        )
        crowded, crowded_record = _bridged(switch)
        caller.wait(120)
    print(f"\ndirect between the ends: {base_ms:.3f} ms median, packets lost {base.packets_lost:.2%}")
    for name, measured, record in (("idle", idle, idle_record), (f"{CALLS} calls", crowded, crowded_record)):
        lost = {leg: seen.get("lost") for leg, seen in record.evidence.items()}
        print(f"bridged, {name:>8}: {measured.shown(base_ms)}; lost on the way in, by leg: {lost}")
    assert idle.packets_lost < 0.001
    assert idle.clicks_lost < 0.01
