"""The kept messages: which call each belongs to, and how much of them there can ever be."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.edge.admission import Admitted
from b2bua.edge.rate_limit import Address
from b2bua.edge.settings import INSIDE, Send
from b2bua.edge.sip_capture import KEPT_ENDED, MOST_BYTES, CapturedMessages, Missing, SipCapture
from routing.ids import CallId
from tests.bench.test_edge import fast_stage, one_call
from tests.unit.edge.stage import INCARNATION, PROCESS

TO_PROCESS = Send(b"", Address("127.0.0.1", PROCESS), INSIDE)
OUT = Send(b"out", Address("198.51.100.7", 5060), "udp")


def first_words(captured: CapturedMessages) -> list[str]:
    """What was said, `>` by us, `<` to us."""
    return [f"{'>' if ours else '<'} {packet.split(b' SIP')[0].split(b' sip:')[0].decode()}"
            for _, ours, packet in captured.messages]  # fmt: skip


@pytest.mark.req("P1")
def test_a_bridged_call_as_both_far_ends_saw_it() -> None:
    """Every message that passed outside is there once, in order, and none of what passed inside."""
    stage = fast_stage()
    one_call(stage, 1)
    captured = stage.edge.capture.of("c-1")
    said = [words.partition("/2.0 ")[2][:3] or words for words in first_words(captured)]
    assert said[0] == "< INVITE"
    assert [words for words in said if words.startswith(">")] == ["> INVITE", "> ACK", "> BYE"]
    assert [words for words in said if words.startswith("<")] == ["< INVITE", "< ACK", "< BYE"]
    assert said.count("200") == 4
    assert captured.missing is Missing.WHOLE
    assert not any(b"127.0.0.1:40000" in packet for _, _, packet in captured.messages)


@pytest.mark.req("P1")
def test_a_dead_process_and_the_next_call_of_a_living_one() -> None:
    """What the edge says for a dead process is still its call's; the next call at a port begins a new capture."""
    stage = fast_stage()
    capture = stage.edge.capture
    one_call(stage, 1)
    before = len(capture.of("c-1").messages)
    stage.admission.verdict = Admitted(PROCESS, INCARNATION, CallId("c-2"))
    one_call(stage, 2)
    assert len(capture.of("c-1").messages) == before == len(capture.of("c-2").messages)
    died = stage.edge.process_died(PROCESS, INCARNATION, stage.now_s)
    capture.sent(PROCESS, [OUT])
    assert [packet for *_, packet in capture.of("c-2").messages[before:]] == [send.packet for send in died]
    assert len(capture.of("c-1").messages) == before


def test_of_many_messages_the_first_and_the_last_stay() -> None:
    """A call of endless re-INVITEs keeps its beginning, its end, and says that it was thinned."""
    captured = CapturedMessages("c-1")
    for n in range(500):
        captured.keep(ours=True, packet=b"%04d" % n + b"x" * 1000)
    kept = [int(packet[:4]) for _, _, packet in captured.messages]
    assert kept[:20] == list(range(20))
    assert kept[-20:] == list(range(480, 500))
    assert sum(len(packet) for _, _, packet in captured.messages) <= MOST_BYTES
    assert captured.missing is Missing.THINNED


steps = st.lists(
    st.tuples(st.sampled_from(["begin", "received", "sent", "end"]), st.integers(1, 4), st.integers(0, 40_000)),
    max_size=60,
)


@given(steps)
def test_bounded_whatever_happens(steps: list[tuple[str, int, int]]) -> None:
    """For any calls at any ports: none is over its bound; none stays of a call that is neither up nor lately over."""
    capture = SipCapture()
    begun: list[str] = []
    for n, (step, port, size) in enumerate(steps):
        match step:
            case "begin":
                begun.append(f"c{n}")
                capture.begin(port, begun[-1])
            case "received":
                capture.received(b"x" * size, [Send(b"", Address("127.0.0.1", port), INSIDE)])
            case "sent":
                capture.sent(port, [Send(b"x" * size, OUT.to, "udp")])
            case _:
                capture.end(port)
    for call_id in begun:
        assert sum(len(packet) for _, _, packet in capture.of(call_id).messages) <= MOST_BYTES
    for n in range(KEPT_ENDED + 1):
        capture.begin(9, f"later-{n}")
    capture.end(9)
    up = {captured.call_id for captured in capture._up.values()}
    assert {call_id for call_id in begun if capture.of(call_id).missing is not Missing.FORGOTTEN} <= up
    assert len(capture._by_call) <= KEPT_ENDED + len(up)


@pytest.mark.bench
def test_what_keeping_costs() -> None:
    """CPU microseconds for each message kept, both ways; a message forwarded costs about a hundred times as much."""
    capture, packet, count = SipCapture(), b"x" * 800, 200_000
    capture.begin(PROCESS, "c-1")
    inwards, outwards = [TO_PROCESS], [OUT]
    began = time.process_time()
    for n in range(count // 2):
        if n % 8 == 0:
            capture.begin(PROCESS, f"c-{n}")
        capture.received(packet, inwards)
        capture.sent(PROCESS, outwards)
    cost_us = (time.process_time() - began) / count * 1e6
    print(f"\nkeeping a message costs {cost_us:.2f} µs")
    assert cost_us < 2
