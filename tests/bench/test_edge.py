"""What a message costs at the edge: CPU microseconds, one core, no sockets."""

import time
from collections.abc import Callable

import attrs
import pytest

from b2bua.edge.settings import Send
from tests.unit.edge.stage import CARRIER, OFFER, PROCESS, SETTINGS, TARGET, Stage, invite, response_to
from tests.unit.edge.test_call import in_dialog, outbound, same_hop

CALLS = 2_000


def fast_stage() -> Stage:
    """A stage without rate limits."""
    return Stage(attrs.evolve(SETTINGS, invites_per_s=1e9, packets_per_s=1e9, unknown_packets_per_s=1e9))


def renamed(packet: bytes, number: int) -> bytes:
    """The same message of another call: other Call-ID, caller, tags and branch, so that no cache helps."""
    return (
        packet.replace(b"call-1@carrier", b"call-%d@carrier" % number)
        .replace(b"out-call-1", b"out-call-%d" % number)
        .replace(b"caller-1", b"caller-%d" % number)
        .replace(b"carrier-1", b"carrier-%d" % number)
        .replace(b"02112345678", b"021%08d" % number)
        .replace(b"callee-1", b"callee-%d" % number)
    )


def cpu_us(work: Callable[[], int]) -> float:
    """CPU microseconds for each unit of work done."""
    began = time.process_time()
    count = work()
    return (time.process_time() - began) / count * 1e6


def one_call(stage: Stage, number: int) -> list[Send]:
    """The fourteen messages that pass for one bridged call, both legs; what was sent."""
    edge, now = stage.edge, stage.now_s
    token = stage.token()
    into, trying = edge.receive(renamed(invite(), number), CARRIER, "udp", now)
    sent = [into, trying, *edge.receive_inside(response_to(into, 100, "Trying"), PROCESS, now)]
    out = edge.receive_inside(renamed(outbound(), number), PROCESS, now)[0]
    sent.append(out)
    contact = "Contact: <sip:m@198.51.100.7>"
    for status in (100, 180):
        sent += edge.receive(response_to(out, status, "-", extra=contact), TARGET, "udp", now)
    sent += edge.receive_inside(response_to(into, 180, "Ringing"), PROCESS, now)
    sent += edge.receive(response_to(out, 200, "OK", extra=contact, body=OFFER), TARGET, "udp", now)
    bye = renamed(same_hop("BYE", ";tag=callee-1").replace(b"192.0.2.1 SIP", b"198.51.100.7 SIP"), number)
    sent += edge.receive_inside(bye.replace(b"BYE", b"ACK"), PROCESS, now)
    sent += edge.receive_inside(response_to(into, 200, "OK", extra="Contact: <sip:x@h>", body=OFFER), PROCESS, now)
    for method in ("ACK", "BYE"):
        last = edge.receive(renamed(in_dialog(method, token), number), CARRIER, "udp", now)
        sent += last
    sent += edge.receive_inside(response_to(last[0], 200, "OK"), PROCESS, now)
    sent += edge.receive_inside(bye, PROCESS, now)
    sent += edge.receive(response_to(sent[-1], 200, "OK"), TARGET, "udp", now)
    return sent


@pytest.mark.bench
def test_a_message_forwarded() -> None:
    """All messages of a bridged call; only the edge's own time is counted, not the far ends'."""
    stage = fast_stage()
    edge, taken = stage.edge, 0.0

    def timed(receive: Callable[..., list[Send]]) -> Callable[..., list[Send]]:
        def measured(*args: object) -> list[Send]:
            nonlocal taken
            began = time.perf_counter()
            sends = receive(*args)
            taken += time.perf_counter() - began
            return sends

        return measured

    edge.receive, edge.receive_inside = timed(edge.receive), timed(edge.receive_inside)  # type: ignore[method-assign]  # a stopwatch
    messages = sum(len(one_call(stage, number)) for number in range(CALLS))
    per_message = taken / messages * 1e6
    print(f"\nedge: {per_message:.0f} us per message, {taken / CALLS * 1e3:.2f} ms per call")
    assert messages == 14 * CALLS
    assert per_message < 300


@pytest.mark.bench
def test_a_call_turned_away() -> None:
    """What an INVITE costs that is over the trunk's rate, and what an unknown source's costs."""
    limited = Stage(attrs.evolve(SETTINGS, invites_per_s=1.0, packets_per_s=1e9))
    packets = [renamed(invite(), number) for number in range(CALLS)]

    def flood() -> int:
        for packet in packets:
            limited.outside(packet)
        return len(packets)

    per_invite = cpu_us(flood)
    print(f"\nedge: {per_invite:.0f} us per INVITE over the limit")
    assert per_invite < 300
