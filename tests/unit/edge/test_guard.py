"""What the edge answers by itself, and what it drops: each rule of the guard with what the sender sees."""

import pytest

from b2bua.edge.admission import Refused
from b2bua.edge.settings import INSIDE
from tests.unit.edge.stage import (
    CARRIER,
    CLEAN_OFFER,
    OFFER,
    TARGET,
    Stage,
    field,
    invite,
    request,
    response_to,
    start,
    text,
)
from tests.unit.edge.test_call import in_dialog, outbound, same_hop

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER"


@pytest.mark.req("S5")
def test_options_are_answered_with_what_we_can_do() -> None:
    """RFC 3261, 11.2: 200 with Allow, Accept, Supported; no call process is asked."""
    send = Stage().one(request("OPTIONS"))
    assert text(send) == (
        f"""\
SIP/2.0 200 OK
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKg;received=192.0.2.10;rport=5060
From: <sip:02112345678@192.0.2.10>;tag=g1
To: <sip:4006001234@192.0.2.1>;tag={field(send, "To")[0].split("tag=")[1]}
Call-ID: guard-1
CSeq: 5 OPTIONS
Allow: {ALLOW}
Accept: application/sdp
Accept-Encoding: identity
Accept-Language: zh, en
Supported: 100rel, norefersub, replaces, timer
Content-Length: 0"""
    )


@pytest.mark.req("S5")
@pytest.mark.parametrize(
    ("packet", "status"),
    [
        (request("REGISTER"), 405),
        (request("MESSAGE"), 405),
        (request("PUBLISH"), 405),
        (request("NONSENSE"), 501),
        (request("SUBSCRIBE"), 489),
        (request("SUBSCRIBE", to_tag=";tag=x"), 489),
        (request("REFER", to_tag=";tag=x"), 481),
        (request("BYE", to_tag=";tag=x"), 481),
        *((request(method), 481) for method in ("INFO", "REFER", "UPDATE", "NOTIFY", "BYE", "CANCEL")),
        (request("PRACK", extra="RAck: 1 1 INVITE"), 481),
        (request("INVITE", to_tag=";tag=x"), 481),
        (request("INVITE", extra="Max-Forwards: 0"), 483),
        (request("OPTIONS", extra="Max-Forwards: 0"), 200),
        (request("INVITE", extra="Max-Forwards: many"), 400),
        (request("INVITE", extra="Max-Forwards: 70\nRequire: teleport"), 420),
        (request("INVITE", extra="Max-Forwards: 70\nProxy-Require: timer"), 420),
        (request("INVITE", uri="sips:4006001234@192.0.2.1"), 416),
        (request("INVITE", uri="http://example.com"), 416),
        (request("INVITE", uri="sip:4006001234@"), 400),
        (request("INVITE", uri="sip:a@192.0.2.1?Subject=x"), 400),
        (request("INVITE", uri="sip:" + "4" * 300 + "@192.0.2.1"), 414),
        (request("INVITE").replace(b"Contact: <sip:c@192.0.2.10>\r\n", b""), 400),
        (request("INVITE").replace(b"Contact: <sip:c@192.0.2.10>", b"Contact: *"), 400),
        (request("INVITE").replace(b"<sip:c@192.0.2.10>", b"<sip:a@b>, <sip:c@d>"), 400),
        (request("INVITE").replace(b";tag=g1", b""), 400),
        (request("INVITE").replace(b"5 INVITE", b"5 BYE"), 400),
        (request("INVITE").replace(b"Content-Length: 0", b"Content-Length: 10"), 400),
        (request("INVITE").replace(b"Content-Length: 0", b"Content-Length: -1"), 400),
        (request("INVITE", extra="Max-Forwards: 70\nRecord-Route: nonsense"), 400),
        (
            request("INVITE", extra="Max-Forwards: 70\nVia: SIP/2.0/UDP " + "a." * 20 + "b;x=" + "y" * 1500),
            513,
        ),
    ],
)
def test_refused_by_the_edge_itself(packet: bytes, status: int) -> None:
    """RFC 3261, 8.2 and 16.3: the answer is always the same, and the admission is not asked."""
    stage = Stage()
    send = stage.one(packet)
    assert start(send).startswith(f"SIP/2.0 {status} ")
    assert send.to == CARRIER
    assert stage.one(packet) == send
    assert stage.admission.calls == []


@pytest.mark.req("S5")
def test_refusals_say_what_is_allowed() -> None:
    """RFC 3261, 8.2.1, 8.2.2.3, 8.2.3: Allow with 405, Unsupported with 420, Accept with 415."""
    stage = Stage()
    assert field(stage.one(request("REGISTER")), "Allow") == [ALLOW]
    required = stage.one(request("INVITE", extra="Max-Forwards: 70\nRequire: 100rel, teleport, x"))
    assert field(required, "Unsupported") == ["teleport, x"]
    odd = invite(body="hello\n").replace(b"application/sdp", b"text/plain")
    assert field(stage.one(odd), "Accept") == ["application/sdp"]


@pytest.mark.req("S5")
def test_ack_without_to_tag_never_passes() -> None:
    """An INVITE and then an ACK without To tag aborts PJSIP: a thousand of them reach no process."""
    stage = Stage()
    for number in range(1000):
        assert stage.one(invite(f"call-{number}")).transport == INSIDE
        assert stage.outside(same_hop("ACK").replace(b"call-1@carrier", f"call-{number}".encode())) == []
        assert stage.outside(in_dialog("ACK", stage.token()).replace(b";tag=callee-1", b"")) == []
    assert stage.edge.counters["ack-without-tag"] == 2000


@pytest.mark.req("S5", "N1")
def test_a_refused_call_is_refused_again_without_asking() -> None:
    """RFC 3261, 8.2.7: a retransmission gets the same answer and To tag, the ACK to it ends here."""
    stage = Stage()
    stage.admission.verdict = Refused(503, "Service Unavailable", retry_after_s=7, q850=42)
    first = stage.one(invite())
    assert start(first) == "SIP/2.0 503 Service Unavailable"
    assert field(first, "Retry-After") == ["7"]
    assert field(first, "Reason") == ["Q.850;cause=42"]
    assert stage.one(invite()) == first
    assert len(stage.admission.calls) == 1
    tag = field(first, "To")[0].split(";tag=")[1]
    assert stage.outside(same_hop("ACK", to_tag=f";tag={tag}")) == []
    assert stage.edge.counters["ack-absorbed"] == 1
    assert start(stage.one(same_hop("CANCEL"))).startswith("SIP/2.0 481")


@pytest.mark.req("S5", "M9", "N1")
def test_what_the_desk_is_told() -> None:
    """RFC 3325 and 3323: the asserted identity counts before From; Privacy is told; numbers are as sent."""
    stage = Stage()
    extra = """\
P-Asserted-Identity: <tel:+8613800138000;phone-context=x>
Privacy: id
Diversion: <sip:123@192.0.2.10>;reason=unconditional
Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000"""
    packet = invite(extra=extra).replace(b'"Zhang" <sip:02112345678@', b"<sip:anonymous@")
    stage.one(packet.replace(b"INVITE sip:4006001234@", b"INVITE sip:400-600-1234;npdi@"))
    (call,) = stage.admission.calls
    assert (call.dialled, call.caller, call.withheld) == ("400-600-1234", "+8613800138000", True)
    assert (call.max_forwards, call.source, call.transport) == (69, CARRIER, "udp")
    assert call.diversion == "<sip:123@192.0.2.10>;reason=unconditional"
    assert call.session_id.startswith("ab30317f1a784dc48ff824d0d3715d86")
    assert (call.trunk.name, call.key.sip_call_id, call.key.from_tag) == (
        "carrier",
        "call-1@carrier",
        "caller-1",
    )


@pytest.mark.req("O1")
@pytest.mark.parametrize(
    ("from_", "asserted", "category"),
    [
        ("<sip:02112345678@x.cn;user=phone;cpc=payphone>", "", "payphone"),
        ("<sip:+862112345678;CPC=Payphone@x.cn;user=phone>", "", "payphone"),
        ("<tel:+862112345678;cpc=campus>", "", "campus"),
        ("tel:+862112345678;cpc=phs", "", "phs"),
        ("<sip:x@x.cn>", "<sip:02112345678@x.cn>, <tel:+862112345678;cpc=payphone>", "payphone"),
        ("<sip:02112345678@x.cn;cpc=ordinary>", "<tel:+862112345678>", ""),
        ("<sip:02112345678@x.cn;cpc>", "", ""),
        ("<sip:02112345678@x.cn;cpc=pay%20phone>", "", ""),
        (f"<sip:02112345678@x.cn;cpc={'x' * 33}>", "", ""),
    ],
)
def test_the_desk_is_told_the_category(from_: str, asserted: str, category: str) -> None:
    """3GPP TS 24.229, 7.2A.12: `cpc` comes with the identity that counts; what is no plain token is none."""
    stage = Stage()
    extra = f"P-Asserted-Identity: {asserted}" if asserted else ""
    stage.one(invite(extra=extra).replace(b'"Zhang" <sip:02112345678@192.0.2.10>', from_.encode()))
    (call,) = stage.admission.calls
    assert call.category == category
    assert call.caller.endswith("2112345678") or call.caller == "x"


@pytest.mark.req("M9")
def test_an_anonymous_from_without_identity_gives_no_number() -> None:
    """RFC 3323, 4.1: `anonymous` is no telephone number."""
    stage = Stage()
    stage.one(invite().replace(b'"Zhang" <sip:02112345678@192.0.2.10>', b"<sip:anonymous@anonymous.invalid>"))
    assert (stage.admission.calls[0].caller, stage.admission.calls[0].withheld) == ("", True)


@pytest.mark.req("S5")
def test_display_names_survive_as_utf_8_or_not_at_all() -> None:
    """RFC 3261, 25.1: UTF-8 is kept, GBK bytes are dropped with the rest of the name; quotes stay quoted."""
    stage = Stage()
    named = stage.one(invite("u8").replace(b'"Zhang"', '"张\\"三"'.encode()))
    assert field(named, "From")[0].startswith('"张\\"三" <sip:')
    assert stage.admission.calls[0].display == '张"三'
    gbk = stage.one(invite("gbk").replace(b'"Zhang"', b'"\xd5\xc5"'))
    assert field(gbk, "From")[0].startswith("<sip:")


@pytest.mark.req("S1")
def test_a_process_that_dials_nowhere_is_told_at_once() -> None:
    """A target that the edge cannot reach (TLS, IPv6, no SIP) is 503, so that the next one rings."""
    stage = Stage()
    for uri in (b"sips:m@198.51.100.7", b"sip:m@[2001:db8::1]", b"sip:m@h;transport=ws", b"tel:+861"):
        send = stage.inside(outbound().replace(b"sip:13800138000@198.51.100.7 SIP", uri + b" SIP"))
        assert (start(send), send.transport) == ("SIP/2.0 503 No Way There", INSIDE)
        assert field(send, "Via") == ["SIP/2.0/UDP 127.0.0.1:40001;rport;branch=z9hG4bKPj-1"]


@pytest.mark.req("S5")
def test_a_200_without_a_contact_we_can_reach_still_arrives() -> None:
    """The process goes on with the Request-URI; a 2xx without To tag has one for the process (RFC 3261, 12.1.2)."""
    stage = Stage()
    out = stage.inside(outbound())
    odd = response_to(out, 200, "OK", extra="Contact: <sips:m@198.51.100.7>", body=OFFER)
    assert field(stage.one(odd, TARGET), "Contact") == []
    assert ";tag=notag~" in field(stage.one(odd.replace(b";tag=callee-1", b""), TARGET), "To")[0]
    busy = stage.one(response_to(out, 486, "Busy").replace(b";tag=callee-1", b""), TARGET)
    assert ";tag=" in field(busy, "To")[0]


@pytest.mark.req("S5")
def test_our_own_loop_is_found() -> None:
    """RFC 3261, 16.3: an INVITE that passed our own Via and comes back is 482."""
    stage = Stage()
    out = stage.inside(outbound())
    via = field(out, "Via")[0]
    looped = invite("out-call-1", extra=f"Via: {via}")
    assert start(stage.one(looped)) == "SIP/2.0 482 Loop Detected"
    assert stage.admission.calls == []


@pytest.mark.req("S5")
def test_the_same_call_by_another_way_is_merged() -> None:
    """RFC 3261, 8.2.2.2: same Call-ID and From tag by another branch while the call is up is 482."""
    stage = Stage()
    stage.one(invite())
    other = invite().replace(b"z9hG4bKcarrier-1", b"z9hG4bKanother")
    assert start(stage.one(other)) == "SIP/2.0 482 Loop Detected"


@pytest.mark.req("S5")
def test_a_dead_process_is_no_dialog() -> None:
    """A token whose process is gone, or whose port another process took over, gets 481; an ACK is dropped."""
    stage = Stage()
    stage.one(invite())
    token = stage.token()
    stage.admission.alive = {40001: "someone-else"}
    assert start(stage.one(in_dialog("BYE", token))).startswith("SIP/2.0 481")
    assert start(stage.one(in_dialog("OPTIONS", token))).startswith("SIP/2.0 481")
    assert stage.outside(in_dialog("ACK", token)) == []


@pytest.mark.req("S5")
def test_options_in_a_dialog_are_answered_here() -> None:
    """PJSIP answers 500 to OPTIONS inside a dialog; the edge says 200 (RFC 3261, 11.2)."""
    stage = Stage()
    assert start(stage.one(in_dialog("OPTIONS", stage.token()))) == "SIP/2.0 200 OK"


@pytest.mark.req("S5")
def test_too_large_for_pjsip() -> None:
    """What would be over 3,900 bytes inside is answered 513 before a process is asked for."""
    stage = Stage()
    reasons = "\n".join(f'Reason: SIP;cause=486;text="{"x" * 400}{number}"' for number in range(10))
    assert start(stage.one(invite(extra=reasons))) == "SIP/2.0 513 Message Too Large"
    assert stage.admission.calls == []


@pytest.mark.req("S5")
def test_multipart_is_stripped_to_its_sdp() -> None:
    """RFC 5621: of a multipart body a process sees the SDP part only."""
    stage = Stage()
    body = f"--b1\nContent-Type: text/plain\n\nhello\n--b1\nContent-Type: application/sdp\n\n{OFFER}\n--b1--\n"
    kind = b"multipart/mixed;boundary=b1\r\nContent-L"
    send = stage.one(invite(body=body).replace(b"application/sdp\r\nContent-L", kind))
    assert field(send, "Content-Type") == ["application/sdp"]
    assert text(send).split("\n\n")[1] == CLEAN_OFFER.rstrip("\n")


@pytest.mark.req("M2")
@pytest.mark.parametrize(
    ("kind", "body", "key"),
    [
        ("application/dtmf-relay", "Signal=5\nDuration=160\n", "5"),
        ("application/dtmf-relay", "Signal= *\nDuration= 250", "*"),
        ("application/dtmf-relay", "signal = d", "D"),
        ("application/dtmf-relay", "Signal=11\n", "#"),
        ("application/dtmf", "7", "7"),
        ("application/dtmf", "#\n", "#"),
        ("application/dtmf", "10", "*"),
        ("application/dtmf", "Signal=0\nDuration=100\n", "0"),
    ],
)
def test_a_key_in_info_is_passed_on_in_one_spelling(kind: str, body: str, key: str) -> None:
    """Both bodies and their spellings, printed anew as the dtmf-relay that PJSIP knows."""
    stage = Stage()
    passed = stage.one(in_dialog("INFO", stage.token(), body).replace(b"application/sdp", kind.encode()))
    assert text(passed).startswith("INFO ")
    assert field(passed, "Content-Type") == ["application/dtmf-relay"]
    assert text(passed).split("\n\n")[1].split("\n")[0] == f"Signal={key}"


def test_info_that_is_no_key_is_refused() -> None:
    """A key that there is not, several at once, or another body."""
    stage = Stage()
    for kind, body, status in (
        ("dtmf", "16", 400),
        ("dtmf-relay", "5", 400),
        ("dtmf", "12345", 400),
        ("json", "{}", 415),
    ):
        packet = in_dialog("INFO", stage.token(), body).replace(b"application/sdp", f"application/{kind}".encode())
        assert start(stage.one(packet)).startswith(f"SIP/2.0 {status}")
