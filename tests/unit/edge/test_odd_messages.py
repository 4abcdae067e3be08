"""Messages as real peers send them against the grammar: served where it does not matter, answered in any case.

Each test has an example that was met (F20–F29) and its relatives, with the RFC or the stack that they come from.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.edge.party import MOST_ID_CHARACTERS, inside_call_id, inside_tag, parse_party
from b2bua.edge.rate_limit import Address
from b2bua.edge.settings import INSIDE, Send
from tests.unit.edge.invariants import check_inside
from tests.unit.edge.stage import (
    CARRIER,
    OFFER,
    TARGET,
    Stage,
    field,
    invite,
    is_trying,
    response_to,
    sip_bytes,
    start,
    text,
)
from tests.unit.edge.test_call import in_dialog, outbound

FROM = b'"Zhang" <sip:02112345678@192.0.2.10>;tag=caller-1'


def with_from(written: str) -> bytes:
    """The carrier's INVITE with another From value."""
    return invite().replace(FROM, written.encode())


def answer(stage: Stage, into: Send, status: int, phrase: str) -> Send:
    """What a process answers to an INVITE that reached it, as the carrier gets it."""
    return stage.inside(response_to(into, status, phrase, extra="Contact: <sip:x@127.0.0.1:40001>"))


def process_request(method: str, into: Send, *, uri: str = "", cseq: int = 5) -> bytes:
    """The process's request in the dialog of an INVITE that reached it (RFC 3261, 12.2.1.1)."""
    routes = "".join(f"Route: {value}\n" for value in field(into, "Record-Route"))
    target = uri or field(into, "Contact")[0].strip("<>")
    return sip_bytes(
        f"{method} {target} SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1:40001;rport;branch=z9hG4bKPj-{method}\n"
        f"Max-Forwards: 70\nFrom: {field(into, 'To')[0]};tag=callee-1\nTo: {field(into, 'From')[0]}\n"
        f"Call-ID: {field(into, 'Call-ID')[0]}\nCSeq: {cseq} {method}\n{routes}".rstrip("\n")
    )


@pytest.mark.req("S5", "M9")
@pytest.mark.parametrize(
    ("written", "caller"),
    [
        ("<sip:02112345678@pbx_dev>;tag=caller-1", "02112345678"),
        ("张三 <sip:02112345678@192.0.2.10>;tag=caller-1", "02112345678"),
        ("Zhang, San <sip:02112345678@192.0.2.10>;tag=caller-1", "02112345678"),
        ("<sip:02112345678@10.0.0>;tag=caller-1", "02112345678"),
        ("<sip:02112345678@-gw->;tag=caller-1", "02112345678"),
        ("< sip:02112345678@192.0.2.10 >;tag=caller-1", "02112345678"),
        ("<sip:02112345678@192.0.2.10>;tag=caller-1;x=(odd)", "02112345678"),
        ("<sip:02112345678@[2001:db8::1]>;tag=caller-1", "02112345678"),
        (f"<sip:02112345678@h;x={'y' * 300}>;tag=caller-1", "02112345678"),
        ("<http://www.example.com>;tag=caller-1", ""),
        ('"a\\"; tag=x <sip:e@e>" <sip:02112345678@h>;tag=caller-1', "02112345678"),
        ('"a\\\\"; tag=x <sip:e@e>" <sip:02112345678@h>;tag=caller-1', None),
    ],
)
def test_a_from_that_is_only_copied_back_is_read_loosely(written: str, caller: str | None) -> None:
    """F20: the call is served, the process sees a sound From, the carrier gets its own back octet by octet."""
    stage = Stage()
    sends = stage.outside(with_from(written))
    if caller is None:
        (refused,) = sends
        assert start(refused).startswith("SIP/2.0 400 ")
        return
    into = stage.one(with_from(written))
    check_inside(into)
    assert field(into, "From")[0].endswith(">;tag=caller-1")
    assert stage.admission.calls[0].caller == caller
    assert field(answer(stage, into, 180, "Ringing"), "From") == [written]
    assert field(sends[1], "From") == [written]


@pytest.mark.req("S5")
@pytest.mark.parametrize(
    "to", ["sip:4006001234@192.0.2.1;user=phone", "客服 <sip:4006001234@h>", "<sip:4006001234@10.0>"]
)
def test_a_to_goes_back_as_it_came_with_our_tag(to: str) -> None:
    """F29: RFC 3261, 8.2.6.2: the answer's To is the request's, with a tag; a bare one is not put into brackets."""
    stage = Stage()
    into = stage.one(invite().replace(b"To: <sip:4006001234@192.0.2.1>", f"To: {to}".encode()))
    check_inside(into)
    assert field(answer(stage, into, 180, "Ringing"), "To") == [f"{to};tag=callee-1"]


@pytest.mark.req("S5")
@pytest.mark.parametrize(
    "call_id",
    [
        "x" * 129,
        "a" * 120 + "@" + "b" * 120,
        "abc=def;ghi@10.0.0.1",
        "with space",
        "{8A1D-1}&<2>@host",
        "z" * 3000,
        "号码@h",
    ],
)
def test_any_call_id_is_served_and_said_back(call_id: str) -> None:
    """F21: no limit in RFC 3261, 20.8; PJSUA cuts at 128. BYE, ACK and CANCEL find the call; BYE from us carries it."""
    stage = Stage()
    raw = call_id.encode().decode("latin-1").encode("latin-1")
    into = stage.one(invite().replace(b"call-1@carrier", raw))
    check_inside(into)
    (inside,) = field(into, "Call-ID")
    assert len(inside) <= MOST_ID_CHARACTERS
    assert stage.admission.calls[0].key.sip_call_id == inside
    assert field(answer(stage, into, 200, "OK"), "Call-ID") == [call_id]
    for method in ("ACK", "BYE"):
        packet = in_dialog(method, stage.token()).replace(b"call-1@carrier", raw)
        assert field(stage.one(packet), "Call-ID") == [inside]
    bye = stage.inside(process_request("BYE", into))
    assert (field(bye, "Call-ID"), bye.to) == ([call_id], CARRIER)


@pytest.mark.req("S5")
@pytest.mark.parametrize("tag", ["t" * 145, "a:b@c", '"quoted"', "(1)"])
def test_any_tag_is_served_and_said_back(tag: str) -> None:
    """F21's relatives (RFC 4475, 3.1.1.7): a tag that is long or no token."""
    stage = Stage()
    into = stage.one(invite().replace(b"tag=caller-1", f"tag={tag}".encode()))
    check_inside(into)
    assert field(answer(stage, into, 200, "OK"), "From")[0].endswith(f";tag={tag}")
    bye = stage.inside(process_request("BYE", into))
    assert field(bye, "To")[0].endswith(f";tag={tag}")


@pytest.mark.req("S5")
def test_a_caller_of_rfc_2543_has_no_tag_before_and_after() -> None:
    """RFC 3261, 12.1.1: the missing From tag counts as null; PJSIP sees one, the caller never does."""
    stage = Stage()
    packet = invite().replace(b";tag=caller-1", b"").replace(b";branch=z9hG4bKcarrier-1", b"")
    into = stage.one(packet)
    assert ";tag=notag~" in field(into, "From")[0]
    assert field(answer(stage, into, 200, "OK"), "From") == ['"Zhang" <sip:02112345678@192.0.2.10>']
    bye = stage.inside(process_request("BYE", into))
    assert "tag=" not in field(bye, "To")[0]


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), min_size=1, max_size=400))
def test_ids_are_safe_and_always_the_same(written: str) -> None:
    """Whatever it was, PJSIP gets at most 100 plain characters; what PJSIP gives back is not changed again."""
    for inside in (inside_call_id(written), inside_tag(written)):
        assert len(inside) <= MOST_ID_CHARACTERS
        assert inside.isascii()
        assert " " not in inside
    assert inside_call_id(inside_call_id(written)) == inside_call_id(written)
    assert inside_tag(inside_tag(written)) == inside_tag(written)


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\x00"), max_size=200))
def test_any_party_is_refused_or_safe(written: str) -> None:
    """What a process sees of any From can be read strictly, and is the same when it comes back."""
    try:
        party = parse_party(written)
    except ValueError:
        return
    again = parse_party(str(party))
    assert (str(again), again.is_replaced) == (str(party), "unreadable.invalid" in str(party))


@pytest.mark.req("S1", "S5")
@pytest.mark.parametrize(
    "change",
    [
        (b";tag=callee-1", b""),
        (b"200 OK", b"200 " + b"a phrase that is far too long " * 9),
        (b"To: <sip:13800138000@198.51.100.7>", b'To: "unclosed <sip:13800138000@198.51.100.7>'),
        (b"CSeq: 7 INVITE", b"CSeq: 7 INVITE\r\nCSeq: 7 INVITE"),
        (b"Contact: ", b"Record-Route: <nonsense>\r\nContact: "),
        (b"Content-Length: 260", b"Content-Length: 2600"),
        (b"Contact: ", b"X-Odd: a\x00b\r\nContact: "),
    ],
)
def test_a_target_that_has_answered_gets_its_ack(change: tuple[bytes, bytes]) -> None:
    """F22: RFC 3261, 13.2.2.4: a 2xx is acknowledged; where it cannot be used BYE follows and the process goes on."""
    stage = Stage()
    out = stage.inside(outbound())
    packet = response_to(out, 200, "OK", extra="Contact: <sip:m@198.51.100.7>", body=OFFER)
    assert change[0] in packet
    sends = stage.outside(packet.replace(*change), TARGET)
    (into,) = [send for send in sends if send.transport == INSIDE]
    check_inside(into)
    outside = [start(send).partition(" ")[0] for send in sends if send.transport != INSIDE]
    if start(into).startswith("SIP/2.0 200"):
        assert outside == []  # the process acknowledges it by itself
    else:
        assert start(into) == "SIP/2.0 500 Answer Cannot Be Used"
        assert outside == ["ACK", "BYE"]


@pytest.mark.req("S1")
def test_a_failure_that_cannot_be_read_whole_still_lets_the_next_target_ring() -> None:
    """F22's relative: 486 with a Route that is none goes on without it, and the process acknowledges it."""
    stage = Stage()
    out = stage.inside(outbound())
    busy = response_to(out, 486, "Busy Here").replace(b"CSeq", b"CSeq: 7 INVITE\r\nCSeq")
    assert start(stage.one(busy, TARGET)).startswith("SIP/2.0 486")


@pytest.mark.req("M9")
@pytest.mark.parametrize(
    ("extra", "from_", "caller", "withheld"),
    [
        ("P-Asserted-Identity: <nonsense>, <tel:+8613800138000>", "", "+8613800138000", False),
        (
            'P-Asserted-Identity: "unclosed <sip:1@h>\nP-Asserted-Identity: <sip:13800138000@h>',
            "",
            "13800138000",
            False,
        ),
        ("P-Asserted-Identity: 张三 <sip:13800138000@h>", "", "13800138000", False),
        ("P-Asserted-Identity: <sip:13800138000@pbx_1>", "", "13800138000", False),
        ("Remote-Party-ID: <sip:13800138000@h>;party=calling;privacy=off", "anonymous", "13800138000", True),
        ("Remote-Party-ID: <sip:13800138000@h>;party=calling;privacy=full", "", "02112345678", True),
        ("Remote-Party-ID: <sip:1@h>;party=called, <sip:13800138000@h>", "anonymous", "13800138000", True),
        ("Remote-Party-ID: <sip:13800138000@h>;privacy=off", "", "02112345678", False),
    ],
)
def test_the_readable_identity_counts(extra: str, from_: str, caller: str, withheld: bool) -> None:
    """F23: one bad value does not make the caller anonymous; Remote-Party-ID is the last source."""
    stage = Stage()
    packet = invite(extra=extra)
    stage.one(packet.replace(b"sip:02112345678@", f"sip:{from_}@".encode()) if from_ else packet)
    assert (stage.admission.calls[0].caller, stage.admission.calls[0].withheld) == (caller, withheld)


@pytest.mark.req("S1")
@pytest.mark.parametrize(
    ("change", "media"),
    [
        (("t=0 0\n", "t=0 0\n\n"), "RTP/AVP"),
        (("a=sendrecv\n", "a=sendrecv\n\n\n"), "RTP/AVP"),
        (("v=0\n", "\nv=0\n"), "RTP/AVP"),
        (("RTP/AVP", "RTP/AVPF"), "RTP/AVPF"),
        (("RTP/AVP 8", "RTP/AVP  8"), "RTP/AVP"),
        (("c=IN IP4 192.0.2.10", "c=IN IP6 ::ffff:192.0.2.10"), "RTP/AVP"),
        (("rtpmap:8 PCMA", "rtpmap: 8 PCMA"), "RTP/AVP"),
    ],
)
def test_sdp_is_read_loosely_and_answered_in_its_profile(change: tuple[str, str], media: str) -> None:
    """F25: an empty line is nothing; RTP/AVPF is carried as RTP/AVP and answered as offered (RFC 3264, 6)."""
    stage = Stage()
    into = stage.one(invite(body=OFFER.replace(*change)))
    check_inside(into)
    assert "m=audio 30000 RTP/AVP 8 0 101" in text(into)
    ringing = stage.inside(response_to(into, 200, "OK", body=OFFER))
    assert f"m=audio 30000 {media} 8 0 18 101" in text(ringing)


ROUTE_CASES = [
    # Record-Route of the INVITE → the BYE's Request-URI, its Route values, and where it goes
    ("sip:192.0.2.20;lr", "sip:02112345678@192.0.2.10:5060", ["<sip:192.0.2.20;lr>"], ("192.0.2.20", 5060)),
    ("<sip:192.0.2.20;lr=on>", "sip:02112345678@192.0.2.10:5060", ["<sip:192.0.2.20;lr=on>"], ("192.0.2.20", 5060)),
    ("<sip:192.0.2.20>", "sip:192.0.2.20", ["<sip:02112345678@192.0.2.10:5060>"], ("192.0.2.20", 5060)),
    ("<sip:192.0.2.20:5070>, <sip:b;lr>", "sip:192.0.2.20:5070", ["<sip:b;lr>", "<sip:02112345678@192.0.2.10:5060>"],
     ("192.0.2.20", 5070)),
    ("<sip:u@x.invalid;maddr=192.0.2.21;lr>", "sip:02112345678@192.0.2.10:5060",
     ["<sip:u@x.invalid;maddr=192.0.2.21;lr>"], ("192.0.2.21", 5060)),
    (f"<sip:192.0.2.20;lr;ftag={'z' * 260}>", "sip:02112345678@192.0.2.10:5060",
     [f"<sip:192.0.2.20;lr;ftag={'z' * 260}>"], ("192.0.2.20", 5060)),
    ("<sip:192.0.2.20;lr>, <sips:a.example;lr>", "sip:02112345678@192.0.2.10:5060",
     ["<sip:192.0.2.20;lr>", "<sips:a.example;lr>"], ("192.0.2.20", 5060)),
    ("<sip:[2001:db8::1];lr>", "sip:02112345678@192.0.2.10:5060", ["<sip:[2001:db8::1];lr>"], None),
]  # fmt: skip


@pytest.mark.req("S1", "S5")
@pytest.mark.parametrize(("record_route", "uri", "routes", "to"), ROUTE_CASES)
def test_a_bye_takes_the_route_set_as_it_was_written(
    record_route: str, uri: str, routes: list[str], to: tuple[str, int] | None
) -> None:
    """F26: RFC 3261, 12.2.1.1 and 16.12.1.1–2: loose and strict routers, long, odd and unreachable ones."""
    stage = Stage()
    into = stage.one(invite(extra=f"Record-Route: {record_route}"))
    check_inside(into)
    back = answer(stage, into, 200, "OK")
    said = [item.strip() for value in field(back, "Record-Route") for item in value.split(", ")]
    assert said == [f"<{item}>" if "<" not in item else item for item in record_route.split(", ")]
    if to is None:
        return
    bye = stage.inside(process_request("BYE", into))
    assert (start(bye), field(bye, "Route"), bye.to) == (f"BYE {uri} SIP/2.0", routes, to)


@pytest.mark.req("S1", "S5")
@pytest.mark.parametrize(
    ("contact", "uri", "to"),
    [
        (f"<sip:c@192.0.2.10;x={'y' * 260}>", f"sip:c@192.0.2.10;x={'y' * 260}", CARRIER),
        ("<sip:c@[2001:db8::1]:5070>", "sip:c@[2001:db8::1]:5070", CARRIER),
        ("<sips:c@192.0.2.10>", "sips:c@192.0.2.10", CARRIER),
        ("<sip:c@192.0.2.10;transport=tls>", "sip:c@192.0.2.10;transport=tls", CARRIER),
        ("<sip:c@x.invalid;maddr=192.0.2.33>", "sip:c@x.invalid;maddr=192.0.2.33", Address("192.0.2.33", 5060)),
    ],
)
def test_a_contact_that_pjsip_cannot_bear_is_taken(contact: str, uri: str, to: Address) -> None:
    """F26, F27: 400 before. What we cannot reach by its URI we reach where the INVITE came from."""
    stage = Stage()
    into = stage.one(invite().replace(b"Contact: <sip:02112345678@192.0.2.10:5060>", f"Contact: {contact}".encode()))
    check_inside(into)
    bye = stage.inside(process_request("BYE", into))
    assert (start(bye), bye.to) == (f"BYE {uri} SIP/2.0", to)


@pytest.mark.req("S1")
def test_a_client_only_carrier_on_tcp_gets_its_bye_on_its_own_connection() -> None:
    """F27: RFC 5923: the connection that the INVITE came on, though the Contact names another port."""
    stage = Stage()
    source = Address("192.0.2.10", 41234)
    contact = b"<sip:02112345678@192.0.2.10:5060;transport=tcp>"
    into = stage.one(invite().replace(b"<sip:02112345678@192.0.2.10:5060>", contact), source, "tcp")
    bye = stage.inside(process_request("BYE", into))
    assert (bye.to, bye.transport, bye.otherwise) == (source, "tcp", CARRIER)
    stage.inside(response_to(into, 200, "OK", extra="Contact: <sip:x@127.0.0.1:40001>"))
    stage.admission.alive.clear()
    (lost,) = stage.edge.process_died(40001, "inc1", stage.now_s)
    assert (start(lost).partition(" ")[0], lost.to) == ("BYE", source)


@pytest.mark.req("S5")
@pytest.mark.parametrize("method", ["OPTIONS", "INFO"])
def test_a_dialog_that_is_over_is_481(method: str) -> None:
    """F27, F29: while the dialog is up 200, without bothering PJSIP, which says 500; after its BYE 481."""
    stage = Stage()
    into = stage.one(invite())
    answer(stage, into, 200, "OK")
    packet = in_dialog(method, stage.token())
    assert start(stage.one(packet)) == "SIP/2.0 200 OK"
    stage.one(in_dialog("BYE", stage.token()))
    assert start(stage.one(packet)).startswith("SIP/2.0 481")
    stage.one(invite("call-2"))
    assert start(stage.one(packet)).startswith("SIP/2.0 481")


@pytest.mark.req("S5")
@pytest.mark.parametrize("uri", ["sip:4006001234@192.0.2.1", "sip:13800138000@192.0.2.1", "tel:4006001234"])
def test_a_request_in_a_dialog_is_found_though_it_names_the_number(uri: str) -> None:
    """F29: some stacks send BYE or INFO to the number and not to our Contact; Call-ID and both tags name the dialog."""
    stage = Stage()
    out = stage.inside(outbound())
    stage.one(response_to(out, 200, "OK", extra="Contact: <sip:m@198.51.100.7>", body=OFFER), TARGET)
    bye = sip_bytes(
        f"BYE {uri} SIP/2.0\nVia: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKb\nMax-Forwards: 70\n"
        "From: <sip:13800138000@198.51.100.7>;tag=callee-1\nTo: <sip:02112345678@192.0.2.1>;tag=out-1\n"
        "Call-ID: out-call-1\nCSeq: 1 BYE"
    )
    assert stage.one(bye, TARGET).transport == INSIDE
    stage.one(bye.replace(b"tag=callee-1", b"tag=other"), TARGET)
    assert stage.edge.counters["answered-481"] == 1


@pytest.mark.req("S5")
@pytest.mark.parametrize(
    ("status", "phrase", "line", "header"),
    [
        (415, "Unsupported Media Type", "SIP/2.0 415 Unsupported Media Type", "Accept"),
        (405, "Method Not Allowed", "SIP/2.0 405 Method Not Allowed", "Allow"),
        (420, "Bad Extension", "SIP/2.0 502 Bad Gateway", None),
    ],
)
def test_a_failure_has_the_fields_that_it_must_have(status: int, phrase: str, line: str, header: str | None) -> None:
    """F29: RFC 3261, 21.4.6, 21.4.13 and 21.4.15: what a gateway's failure lacks is not missing at the carrier."""
    stage = Stage()
    into = stage.one(invite())
    out = stage.inside(response_to(into, status, phrase))
    assert start(out) == line
    assert header is None or field(out, header)


@pytest.mark.req("S5")
def test_lower_vias_go_back_as_they_came() -> None:
    """F20's relative: RFC 3261, 18.2.2 needs the topmost Via; those below are only copied."""
    stage = Stage()
    odd = ["SIP/2.0/UDP host_with_odd-:x;branch=1", "SIP/2.0/UDP [fe80::1%eth0];branch=z9hG4bKq", "nonsense"]
    into = stage.one(invite(extra="\n".join(f"Via: {value}" for value in odd)))
    check_inside(into)
    assert field(answer(stage, into, 180, "Ringing"), "Via")[1:] == odd


@pytest.mark.req("S5")
def test_a_peer_whose_ack_or_response_is_dropped_has_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """No answer is due to these; the log says why, from whom, and once in ten seconds."""
    stage = Stage()
    for _ in range(5):
        assert not [send for send in stage.outside(in_dialog("ACK", "nobody")) if not is_trying(send)]
    stage.now_s += 11
    stage.outside(in_dialog("ACK", "nobody"))
    assert caplog.text.count("192.0.2.10 is not served: ack-astray") == 2
