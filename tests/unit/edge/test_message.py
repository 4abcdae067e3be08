"""Reading: what is legal however odd it looks, and what is not SIP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.edge.grammar import MalformedError, is_ipv4, parse_name_addr, parse_uri, parse_via, split_list
from b2bua.edge.message import Request, Response, parse
from b2bua.edge.stream import SipFramer, StreamError
from tests.unit.edge.stage import CARRIER, UNKNOWN, Stage, field, invite, response_to, start

TORTUOUS = (
    b"\r\n\r\nINVITE sip:400%2D600@h;user=phone SIP/2.0\r\n"
    b'TO :\r\n\t<sip:4006001234@h>;x="a;b"\r\n'
    b'f: "a \\" b"   <sip:vivekg@chair-dnrc.example.com>;tag=9+*!\'~x\r\n'
    b"MaX-fOrWaRdS:   0068\r\n"
    b"i: 0ha0isnda977644900765@192.0.2.1\r\n"
    b"cseq: 0009\r\n  INVITE\r\n"
    b"v:  SIP / 2.0 / UDP\r\n    192.0.2.2 ;branch = z9hG4bK390skdjuw;rport\r\n"
    b"Via : SIP/2.0/TCP spindle.example.com;branch=z9hG4bK9ikj8 , SIP/2.0/UDP h2:5070;branch=z9hG4bK+x\r\n"
    b"UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n"
    b"s:\r\n"
    b'm:"Quoted string \\"\\"" <sip:jdrosen@example.com>;newparam;q=0.33\r\n'
    b"l: 0\r\n\r\n"
)


@pytest.mark.req("S5")
def test_odd_but_legal() -> None:
    """Folded lines, compact names, blanks round marks, unknown fields (as in RFC 4475, 3.1.1)."""
    message = parse(TORTUOUS)
    assert isinstance(message, Request)
    assert (message.verb, message.uri) == ("INVITE", "sip:400%2D600@h;user=phone")
    assert (message.call_id, message.cseq, message.method) == ("0ha0isnda977644900765@192.0.2.1", 9, "INVITE")
    assert (message.from_.tag, message.from_.display) == ("9+*!'~x", 'a " b')
    assert [via.branch for via in message.vias] == ["z9hG4bK390skdjuw", "z9hG4bK9ikj8", "z9hG4bK+x"]
    send = Stage().one(TORTUOUS)
    assert field(send, "From") == ['"a \\" b" <sip:vivekg@chair-dnrc.example.com>;tag=9+*!\'~x']
    assert field(send, "Contact") == ["<sip:jdrosen@example.com>"]
    assert field(send, "Max-Forwards") == ["67"]


@pytest.mark.req("S5")
@pytest.mark.parametrize(
    ("change", "reason", "status"),
    [
        ((b"\r\n\r\n", b"\r\n"), "no-end-of-head", 400),
        ((b"CSeq: 1 INVITE", b"CSeq: 4294967296 INVITE"), "bad-call-id-or-cseq", 400),
        ((b"CSeq: 1 INVITE", b"CSeq: one INVITE"), "bad-call-id-or-cseq", 400),
        ((b"Call-ID: call-1@carrier\r\n", b""), "call-id-not-once", 400),
        ((b"Call-ID: ", b"Call-ID: a\r\nCall-ID: "), "call-id-not-once", 400),
        ((b";tag=caller-1", b";tag=caller-1;tag=caller-2"), "tag", 400),
        ((b";tag=caller-1", b";tag="), "tag", 400),
        ((b"From: ", b"From: <sip:a@b>, "), "address", 400),
        ((b"<sip:02112345678@192.0.2.10>;tag", b"<sip:02112345678@192.0.2.10;tag"), "address", 400),
        ((b"SIP/2.0\r\nVia", b"SIP/3.0\r\nVia"), "version", 505),
        ((b"INVITE sip", b"INVITE x sip"), "start-line", 400),
        ((b"Max-Forwards: 70", b"Max-Forwards 70"), "header-line", 400),
        ((b"Max-Forwards: 70", b"Max-Forwards: 7\x000"), "control-character", 400),
        ((b"UDP 192.0.2.10", b"UDP 192.0.2.10:99999"), "via", 400),
        ((b"Max-Forwards: 70", b"X: 1\r\n" * 130 + b"X: 1"), "too-many-fields", 513),
        ((b"Call-ID", b"X: " + b"y" * 17_000 + b"\r\nCall-ID"), "head-too-long", 513),
    ],
)
def test_what_cannot_be_read_is_refused_and_counted(change: tuple[bytes, bytes], reason: str, status: int) -> None:
    """RFC 3261, 8.2.6: a peer is told what is wrong, to the address its request came from; nobody else is asked."""
    stage = Stage()
    send = stage.one(invite(body="").replace(*change))
    assert start(send).startswith(f"SIP/2.0 {status} ")
    assert send.to == CARRIER
    assert stage.edge.counters == {f"unreadable:{reason}": 1}
    assert stage.outside(invite(body="").replace(*change), UNKNOWN) == []
    assert stage.admission.calls == []


@pytest.mark.req("S5")
def test_without_a_via_nobody_can_be_answered(caplog: pytest.LogCaptureFixture) -> None:
    """RFC 3261, 18.2.2: an answer's way is its Via; without one the message is dropped, and the log says so once."""
    stage = Stage()
    packet = invite(body="").replace(b"Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKcarrier-1;rport\r\n", b"")
    assert [stage.outside(packet) for _ in range(3)] == [[], [], []]
    assert caplog.text.count("192.0.2.10 is not served: unreadable:via-count") == 1
    assert stage.edge.counters == {"unreadable:via-count": 3}


@pytest.mark.req("S5")
def test_the_body_ends_where_content_length_says() -> None:
    """RFC 3261, 18.3: octets behind the body of a datagram are ignored."""
    answer = response_to(Stage().one(invite()), 200, "OK", body="v=0\n")
    message = parse(answer + b"junk")
    assert isinstance(message, Response)
    assert message.body == b"v=0\r\n"


@pytest.mark.parametrize(
    "text",
    ["sip:", "sip:@h", "sip:a@", "sip:a@h:0", "sip:a@h:65536", "sip:a b@h", "sip:a@h;", "sip:a@-h", "x:y",
     "sip:a@h%41", "tel:abc-xyz", "sip:a@[::1", "sip:%zz@h", "sip:a@1.2.3", "mailto:a@b"],
)  # fmt: skip
def test_what_is_no_uri(text: str) -> None:
    """RFC 3261, 19.1: hosts, ports and escapes are checked."""
    with pytest.raises(MalformedError):
        parse_uri(text)


@given(st.text(st.characters(max_codepoint=255), max_size=120))
def test_grammar_takes_any_text(text: str) -> None:
    """Every reader of a small part raises MalformedError or prints what it can read again."""
    for read in (parse_uri, parse_name_addr, parse_via, split_list):
        try:
            value = read(text)
        except MalformedError:
            continue
        if read in (parse_name_addr, parse_via):
            assert read(str(value)) == value
    is_ipv4(text)


@pytest.mark.parametrize(
    "text", ["<sip:a@b>" + ";a=b" * 5_000 + "(", '"' + "\\" * 20_000, "a" * 50_000 + "<", " ;" * 9_000]
)
def test_no_text_takes_long(text: str) -> None:
    """A reader that backtracks would hang here."""
    for read in (parse_uri, parse_name_addr, parse_via):
        with pytest.raises(MalformedError):
            read(text)


@pytest.mark.req("S5")
@given(st.lists(st.integers(1, 60), min_size=1, max_size=40), st.integers(1, 3))
def test_a_stream_is_cut_into_its_messages_however_it_arrives(cuts: list[int], messages: int) -> None:
    """RFC 3261, 18.3: Content-Length framer; keep-alives in between are counted."""
    whole = b"\r\n\r\n".join([invite(f"c-{number}") for number in range(messages)]) + b"\r\n\r\n"
    framer, got = SipFramer(), []
    at = 0
    for cut in cuts:
        got += framer.feed(whole[at : at + cut])
        at += cut
    got += framer.feed(whole[at:])
    assert got == [invite(f"c-{number}") for number in range(messages)]
    assert framer.pings >= 1


@pytest.mark.req("S5")
@pytest.mark.parametrize(
    ("segments", "pings"),
    [
        ([b"\r\n\r\n"], 1),
        ([b"\r\n", b"\r\n"], 1),
        ([b"\r", b"\n\r", b"\n"], 1),
        ([b"\r\n\r\n\r\n", b"\r\n"], 2),
        ([b"\r\n", invite("c-1"), b"\r\n"], 0),
    ],
)
def test_a_keep_alive_counts_in_whatever_pieces_it_comes(segments: list[bytes], pings: int) -> None:
    """RFC 5626, 3.5.1: two CRLF with nothing between them want one back; one alone, beside a message, does not."""
    framer = SipFramer()
    for segment in segments:
        framer.feed(segment)
    assert framer.pings == pings


@pytest.mark.req("S5")
@pytest.mark.parametrize(
    "octets",
    [
        b"INVITE x\r\nA: b\r\n\r\n",
        b"A\r\nContent-Length: 5\r\nl: 6\r\n\r\n",
        b"A\r\nl: 999999\r\n\r\n",
        b"A" * 70_000,
    ],
)
def test_a_stream_that_cannot_be_cut_ends(octets: bytes) -> None:
    """No length, two lengths, an absurd length, no end: nobody could say where the next message starts."""
    with pytest.raises(StreamError):
        SipFramer().feed(octets)
