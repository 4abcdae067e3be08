"""A call through the edge's core as a transcript: what one side sends, and what the other then reads."""

import pytest

from b2bua.edge.admission import Refused
from b2bua.edge.settings import INSIDE, LOOPBACK
from tests.unit.edge.stage import (
    CARRIER,
    CLEAN_OFFER,
    INCARNATION,
    OFFER,
    PROCESS,
    TARGET,
    Stage,
    field,
    invite,
    response_to,
    sip_bytes,
    start,
    text,
)


@pytest.mark.req("S1", "S5")
def test_invite_in_is_written_anew_for_the_process() -> None:
    """RFC 3261, 16.6: a Via and a Record-Route of ours, Max-Forwards one less, the rest thinned out."""
    stage = Stage()
    send = stage.one(invite(extra="User-Agent: Evil/1.0\nX-Odd: whatever\nSupported: timer,100rel"))
    assert (send.to, send.transport) == ((LOOPBACK, PROCESS), "inside")
    via = field(send, "Via")
    assert len(via) == 1
    assert via[0].startswith("SIP/2.0/UDP 127.0.0.1:40000;branch=z9hG4bK")
    assert text(send).replace(via[0], "(ours)") == (
        f"""\
INVITE sip:4006001234@192.0.2.1 SIP/2.0
Via: (ours)
Record-Route: <sip:127.0.0.1:40000;lr>
Max-Forwards: 69
From: "Zhang" <sip:02112345678@192.0.2.10>;tag=caller-1
To: <sip:4006001234@192.0.2.1>
Call-ID: call-1@carrier
CSeq: 1 INVITE
Contact: <sip:02112345678@192.0.2.10:5060>
Supported: timer, 100rel
Content-Type: application/sdp
Content-Length: {len(CLEAN_OFFER) + CLEAN_OFFER.count(chr(10))}

{CLEAN_OFFER}""".rstrip("\n")
    )


@pytest.mark.req("S1", "S5")
def test_response_out_shows_one_via_and_our_contact() -> None:
    """RFC 3261, 16.7 and RFC 3581, 4: our Via popped, theirs restored, our Record-Route gone."""
    stage = Stage()
    into = stage.one(invite())
    ringing = stage.inside(response_to(into, 180, "Ringing", extra="Contact: <sip:x@127.0.0.1:40001>"))
    assert (ringing.to, ringing.transport) == (CARRIER, "udp")
    assert text(ringing) == (
        f"""\
SIP/2.0 180 Ringing
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKcarrier-1;received=192.0.2.10;rport=5060
From: "Zhang" <sip:02112345678@192.0.2.10>;tag=caller-1
To: <sip:4006001234@192.0.2.1>;tag=callee-1
Call-ID: call-1@carrier
CSeq: 1 INVITE
Contact: <sip:{stage.token()}@192.0.2.1:5060>
Content-Length: 0"""
    )


@pytest.mark.req("S1", "S5")
def test_in_dialog_requests_find_the_process_by_the_token() -> None:
    """RFC 3261, 12.2: ACK and BYE carry our Contact as Request-URI; a new edge finds the process too."""
    stage = Stage()
    stage.one(invite())
    anew = Stage()  # the same secret, an empty table: the daemon was started again
    for edge in (stage, anew):
        for method in ("ACK", "BYE"):
            send = edge.one(in_dialog(method, edge.token()))
            assert start(send) == f"{method} sip:{edge.token()}@192.0.2.1:5060 SIP/2.0"
            assert send.to == (LOOPBACK, PROCESS)
            assert field(send, "Record-Route") == []


@pytest.mark.req("S1", "S5")
def test_request_out_carries_our_via_and_no_route_to_us() -> None:
    """RFC 3261, 16.6: the target sees one Via, one Contact, one address; Max-Forwards is the caller's."""
    stage = Stage()
    send = stage.inside(outbound())
    assert (send.to, send.transport) == (TARGET, "udp")
    via = field(send, "Via")[0]
    assert via.startswith(f"SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK{INCARNATION}.9c41.")
    assert via.endswith(".Pj-1")
    assert text(send).replace(via, "(ours)") == (
        f"""\
INVITE sip:13800138000@198.51.100.7 SIP/2.0
Via: (ours)
Max-Forwards: 42
From: <sip:02112345678@192.0.2.1>;tag=out-1
To: <sip:13800138000@198.51.100.7>
Call-ID: out-call-1
CSeq: 7 INVITE
Contact: <sip:{stage.token()}@192.0.2.1:5060>
Diversion: <sip:4006001234@192.0.2.1>;reason=unconditional
X-Context: sales
Content-Type: application/sdp
Content-Length: {len(OFFER) + OFFER.count(chr(10))}

{OFFER}""".rstrip("\n")
    )
    assert "127.0.0.1" not in text(send)


@pytest.mark.req("S1", "S5")
def test_response_in_restores_the_process_via() -> None:
    """Without memory: our branch holds token and process's branch; our Record-Route is last (12.1.2)."""
    stage = Stage()
    out = stage.inside(outbound())
    answer = response_to(out, 200, "OK", extra="Record-Route: <sip:198.51.100.9;lr>\nContact: <sip:m@198.51.100.7>")
    send = Stage().one(answer, TARGET)
    assert send.to == (LOOPBACK, PROCESS)
    assert text(send) == (
        """\
SIP/2.0 200 OK
Via: SIP/2.0/UDP 127.0.0.1:40001;rport;branch=z9hG4bKPj-1
Record-Route: <sip:198.51.100.9;lr>
Record-Route: <sip:127.0.0.1:40000;lr>
From: <sip:02112345678@192.0.2.1>;tag=out-1
To: <sip:13800138000@198.51.100.7>;tag=callee-1
Call-ID: out-call-1
CSeq: 7 INVITE
Contact: <sip:m@198.51.100.7>
Content-Length: 0"""
    )


@pytest.mark.req("S1", "S5")
def test_in_dialog_request_out_follows_the_carriers_proxies() -> None:
    """RFC 3261, 16.12: our Route is taken off, the next one is where it goes, the Request-URI stays."""
    stage = Stage()
    bye = stage.inside(
        sip_bytes("""
BYE sip:m@10.1.1.1:5070 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:40001;rport;branch=z9hG4bKPj-2
Route: <sip:127.0.0.1:40000;lr>
Route: <sip:198.51.100.9:5080;lr;ftag=a+b*c>
Max-Forwards: 70
From: <sip:02112345678@192.0.2.1>;tag=out-1
To: <sip:13800138000@198.51.100.7>;tag=callee-1
Call-ID: out-call-1
CSeq: 8 BYE
""")
    )
    assert bye.to == ("198.51.100.9", 5080)
    assert start(bye) == "BYE sip:m@10.1.1.1:5070 SIP/2.0"
    assert field(bye, "Route") == ["<sip:198.51.100.9:5080;lr;ftag=a+b*c>"]


@pytest.mark.req("S1", "S5")
def test_trying_is_said_by_the_edge() -> None:
    """RFC 3261, 8.2.6: 100 at once and each time, with no To tag; the process's own goes nowhere."""
    stage = Stage()
    for _ in range(2):
        into, trying = stage.outside(invite(extra="Timestamp: 54.1"))
        assert (into.transport, trying.to, trying.transport) == (INSIDE, CARRIER, "udp")
        assert trying.packet.startswith(b"SIP/2.0 100 Trying\r\n")
        assert field(trying, "Via")[0].endswith(f";received={CARRIER.host};rport={CARRIER.port}")
        assert field(trying, "To") == ["<sip:4006001234@192.0.2.1>"]
        assert field(trying, "Timestamp") == ["54.1"]
    assert stage.edge.receive_inside(response_to(into, 100, "Trying"), PROCESS, stage.now_s) == []
    stage.admission.verdict = Refused(404, "Not Found")
    assert [send.packet[:11] for send in stage.outside(invite("call-2@carrier"))] == [b"SIP/2.0 404"]


@pytest.mark.req("S1", "S5")
def test_retransmission_cancel_and_failure_ack_share_the_branch() -> None:
    """RFC 3261, 17.2.3: PJSIP matches all to the INVITE by the branch that we derive from the Via."""
    stage = Stage()
    first = stage.one(invite())
    again = stage.one(invite())
    cancel = stage.one(same_hop("CANCEL"))
    ack = stage.one(same_hop("ACK", to_tag=";tag=callee-1"))
    assert len(stage.admission.calls) == 1
    assert first.packet == again.packet
    assert len({field(send, "Via")[0].split(";s4=")[0] for send in (first, again, cancel, ack)}) == 1
    assert {send.to for send in (first, again, cancel, ack)} == {(LOOPBACK, PROCESS)}


@pytest.mark.req("S5")
def test_via_stack_of_the_carriers_proxies_comes_back_whole() -> None:
    """RFC 3261, 8.2.6.2: every Via of a request returns as it was, odd characters included."""
    stage = Stage()
    below = 'SIP/2.0/TCP [2001:db8::1]:5060;branch=z9hG4bKx+y*z!\'q;odd="a;b,c"'
    into = stage.one(invite(extra=f"Via: {below}, SIP/2.0/UDP ua.example;branch=z9hG4bK~1"))
    assert len(field(into, "Via")) == 1
    back = stage.inside(response_to(into, 486, "Busy Here"))
    assert field(back, "Via")[1:] == [below, "SIP/2.0/UDP ua.example;branch=z9hG4bK~1"]


@pytest.mark.req("S5")
def test_invite_without_sdp_is_passed_on_and_its_ack_carries_the_answer() -> None:
    """RFC 3261, 13.2.1: a delayed offer is legal; the answer in the ACK reaches the process."""
    stage = Stage()
    into = stage.one(invite(body=""))
    assert field(into, "Content-Length") == ["0"]
    ack = stage.one(in_dialog("ACK", stage.token(), OFFER))
    assert "m=audio 30000 RTP/AVP 8 0 101" in text(ack)


def outbound() -> bytes:
    """A process's INVITE to a target."""
    return sip_bytes(
        """
INVITE sip:13800138000@198.51.100.7 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:40001;rport;branch=z9hG4bKPj-1
Max-Forwards: 70
X-S400-Max-Forwards: 42
From: <sip:02112345678@192.0.2.1>;tag=out-1
To: <sip:13800138000@198.51.100.7>
Contact: <sip:anything@127.0.0.1:40001;ob>
Call-ID: out-call-1
CSeq: 7 INVITE
Route: <sip:127.0.0.1:40000;lr>
User-Agent: the stack
Diversion: <sip:4006001234@192.0.2.1>;reason=unconditional
X-Context: sales
""",
        OFFER,
    )


def in_dialog(method: str, token: str, body: str = "") -> bytes:
    """The carrier's request within the dialog."""
    return sip_bytes(
        f"""
{method} sip:{token}@192.0.2.1:5060 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKlater-{method};rport
Max-Forwards: 70
From: "Zhang" <sip:02112345678@192.0.2.10>;tag=caller-1
To: <sip:4006001234@192.0.2.1>;tag=callee-1
Call-ID: call-1@carrier
CSeq: {1 if method == "ACK" else 2} {method}
""",
        body,
    )


def same_hop(method: str, to_tag: str = "") -> bytes:
    """CANCEL of the INVITE, or the ACK to its failure: the INVITE's own Via."""
    return sip_bytes(f"""
{method} sip:4006001234@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKcarrier-1;rport
Max-Forwards: 70
From: "Zhang" <sip:02112345678@192.0.2.10>;tag=caller-1
To: <sip:4006001234@192.0.2.1>{to_tag}
Call-ID: call-1@carrier
CSeq: 1 {method}
""")
