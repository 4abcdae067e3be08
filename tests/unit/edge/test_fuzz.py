"""The guard under fire: damaged messages from a trunk, a target and a process, and any text at all."""

import os
import random

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.edge.message import UnreadableError, parse
from b2bua.edge.rate_limit import Address
from b2bua.edge.settings import INSIDE, Send
from tests.unit.edge.invariants import check_inside
from tests.unit.edge.mutations import mutated
from tests.unit.edge.stage import CARRIER, OFFER, PROCESS, SETTINGS, TARGET, Stage, invite, response_to
from tests.unit.edge.test_call import in_dialog, outbound, same_hop

ROUNDS = int(os.environ.get("EDGE_FUZZ_ROUNDS", "20000"))
SEEDS = [int(seed) for seed in os.environ.get("EDGE_FUZZ_SEEDS", "400").split(",")]

HEADERS = (
    "Contact", "Record-Route", "Require", "P-Asserted-Identity", "Reason", "Replaces", "Session-Expires",
    "Date", "Content-Type", "Max-Forwards", "Via", "To", "RAck", "User-to-User", "Diversion", "Privacy",
)  # fmt: skip


def lively_stage() -> tuple[Stage, list[bytes], list[bytes]]:
    """A stage with a call up; messages that come from outside, and messages that come from a process."""
    stage = Stage(attrs.evolve(SETTINGS, invites_per_s=1e9, packets_per_s=1e9, unknown_packets_per_s=1e9))
    into = stage.one(invite())
    out = stage.inside(outbound())
    token = stage.token()
    rich = "\n".join(
        (
            'P-Asserted-Identity: "A" <sip:02112345678@h>, <tel:+862112345678>',
            "Privacy: id;critical",
            'Reason: Q.850;cause=16;text="x"',
            "Supported: timer, 100rel",
            "Session-Expires: 1800;refresher=uac",
            "Diversion: <sip:1@h>;reason=no-answer;counter=2",
            "History-Info: <sip:1@h?Reason=SIP%3Bcause%3D302>;index=1",
            "Record-Route: <sip:192.0.2.10;lr;x=y+z>",
            "User-to-User: 56a390f3d2b7310023a2;encoding=hex",
            "Replaces: a@b;to-tag=1;from-tag=2",
        )
    )
    outside = [
        invite("call-2@carrier", extra=rich),
        invite(),
        same_hop("CANCEL"),
        same_hop("ACK", to_tag=";tag=callee-1"),
        same_hop("OPTIONS"),
        *(in_dialog(method, token, OFFER) for method in ("ACK", "BYE", "INVITE", "UPDATE", "REFER", "INFO", "NOTIFY")),
        response_to(out, 180, "Ringing", extra="Contact: <sip:m@198.51.100.7>"),
        response_to(out, 200, "OK", extra="Contact: <sip:m@198.51.100.7>", body=OFFER),
        response_to(out, 486, "Busy Here"),
    ]
    inside = [outbound(), response_to(into, 180, "Ringing"), response_to(into, 200, "OK", body=OFFER)]
    return stage, outside, inside


REFUSED = tuple(f"SIP/2.0 {status} ".encode() for status in (400, 505, 513))


def check(sends: list[Send]) -> None:
    """What a process gets is clean; what goes outside can be read, but for what a refusal copies (8.2.6.2)."""
    for send in sends:
        if send.transport == INSIDE:
            check_inside(send)
            continue
        try:
            parse(send.packet)
        except UnreadableError:
            assert send.packet.startswith(REFUSED), send.packet


@pytest.mark.req("S1", "S5")
def test_the_originals_pass() -> None:
    """The messages that are about to be damaged are good ones: most are forwarded, none is a fault."""
    stage, outside, inside = lively_stage()
    for packet in outside:
        sends = stage.outside(packet, TARGET if packet.startswith(b"SIP/2.0") else CARRIER)
        check(sends)
        assert sends
    for packet in inside:
        send = stage.inside(packet)
        check([send])
        assert b"127.0.0.1" not in send.packet
    assert not stage.edge.counters["fault"]


@pytest.mark.req("S1", "S5")
@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_messages_reach_no_process_unclean(seed: int) -> None:
    """Whatever is wrong with a message: no exception, and a process sees only what the invariants allow."""
    stage, outside, inside = lively_stage()
    chance = random.Random(seed)
    passed = 0
    for number in range(ROUNDS):
        stage.now_s += 0.001
        if number % 5:
            packet = mutated(outside, chance)
            source = chance.choice((CARRIER, TARGET, Address("192.0.2.99", 5062)))
            sends = stage.edge.receive(packet, source, chance.choice(("udp", "tcp")), stage.now_s)
        else:
            packet = mutated(inside, chance)
            sends = stage.edge.receive_inside(packet, PROCESS, stage.now_s)
        try:
            check(sends)
        except (AssertionError, UnreadableError, ValueError) as fault:
            pytest.fail(f"round {number}: {fault!r}\nin:  {packet!r}\nout: {sends!r}")
        passed += len(sends)
    assert not stage.edge.counters["fault"]
    assert passed > ROUNDS / 10


@given(st.binary(max_size=3000))
def test_any_bytes_are_taken_without_a_word(packet: bytes) -> None:
    """Bytes that are no SIP at all are dropped and counted."""
    stage = Stage()
    check(stage.outside(packet))
    assert not stage.edge.counters["fault"]


@pytest.mark.req("S5")
@given(
    name=st.sampled_from(HEADERS),
    value=st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=200),
)
def test_any_header_value_is_either_refused_or_clean(name: str, value: str) -> None:
    """One more header field with any text in it: the INVITE is answered or dropped, or goes in clean."""
    stage = Stage()
    head, _, rest = invite().partition(b"\r\n")
    check(stage.outside(head + b"\r\n" + f"{name}: {value}\r\n".encode() + rest))
    assert not stage.edge.counters["fault"]


@pytest.mark.req("S5")
@given(st.lists(st.tuples(st.sampled_from("vosctmabikzx"), st.text(max_size=60)), max_size=30))
def test_any_session_description_is_either_refused_or_clean(lines: list[tuple[str, str]]) -> None:
    """SDP lines in any order with anything in them."""
    stage = Stage()
    body = OFFER + "".join(f"{kind}={value}\n" for kind, value in lines)
    check(stage.outside(invite(body=body)))
    assert not stage.edge.counters["fault"]
