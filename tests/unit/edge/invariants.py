"""What must hold of all that the edge gives to a call process; `sipmessage` is the second reader."""

import re

import sipmessage

from b2bua.edge.responses import METHODS
from b2bua.edge.settings import INSIDE, LOOPBACK, Send

ALLOWED = frozenset(
    ["Via", "Record-Route", "Max-Forwards", "From", "To", "Call-ID", "CSeq", "Contact", "Content-Type",
     "Content-Length", "Supported", "Require", "Unsupported", "Allow", "P-Asserted-Identity", "Diversion",
     "History-Info", "Referred-By", "Privacy", "Reason", "Replaces", "Session-Expires", "Min-SE",
     "User-to-User", "Session-ID", "RAck", "RSeq", "Retry-After", "Date"]
)  # fmt: skip
ONCE = ("Via", "From", "To", "Call-ID", "CSeq", "Content-Length")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SDP_LINE = re.compile(
    r"v=0|o=- \d{1,10} \d{1,10} IN IP4 [\d.]{7,15}|s=-|c=IN IP4 [\d.]{7,15}|t=0 0"
    r"|m=audio [1-9]\d{0,4} RTP/AVP( \d{1,3}){1,40}|m=[a-z0-9\-]{1,16} 0 [A-Za-z0-9/\-]{1,32} \S{1,32}"
    r"|a=rtpmap:\d{1,3} (PCMA|PCMU|G722|telephone-event)/8000|a=fmtp:\d{1,3} [\d,\-]{1,64}"
    r"|a=ptime:([1-5]\d|60)|a=(sendrecv|sendonly|recvonly|inactive)"
)

_HOST = re.compile(rb"((?:<| )sips?:(?:[^@<>\s]*@)?)([A-Za-z0-9_.\-]+)")
_LEGAL_HOST = re.compile(rb"(?:[A-Za-z0-9](?:[\w\-]*[A-Za-z0-9])?\.)*[A-Za-z](?:[\w\-]*[A-Za-z0-9])?\.?|[\d.]{7,15}")


def second_reader(packet: bytes) -> sipmessage.Request | sipmessage.Response:
    """The packet as `sipmessage` reads it, its hosts checked here: it refuses legal ones such as `pbx1`."""
    assert all(_LEGAL_HOST.fullmatch(found[2]) for found in _HOST.finditer(packet)), packet
    return sipmessage.Message.parse(_HOST.sub(rb"\1host.example", packet))


def check_inside(send: Send) -> None:
    """Raise AssertionError if a process must not see this."""
    assert send.transport == INSIDE
    assert send.to.host == LOOPBACK
    assert len(send.packet) <= 3_900
    head, _, body = send.packet.partition(b"\r\n\r\n")
    assert not _CONTROL.search(head)
    lines = head.split(b"\r\n")
    assert all(b"\n" not in line and b"\r" not in line for line in lines)
    message = second_reader(send.packet)
    names = [line.split(b":")[0].decode() for line in lines[1:]]
    assert set(names) <= ALLOWED
    assert all(names.count(name) == 1 for name in ONCE)
    assert names.count("Contact") <= 1
    assert len(message.via) == 1
    assert message.via[0].host == LOOPBACK
    assert (message.via[0].parameters["branch"] or "").startswith("z9hG4bK")
    assert all(route.uri.scheme == "sip" for route in message.record_route)
    assert int(message.headers["Content-Length"]) == len(body)
    assert message.from_address.uri.scheme in ("sip", "sips", "tel")
    assert 0 <= message.cseq.sequence < 2**31
    if isinstance(message, sipmessage.Request):
        check_request(message)
    if message.headers.get("Content-Type") == "application/sdp":
        check_sdp(body)


def check_request(message: sipmessage.Request) -> None:
    """What holds of requests only."""
    assert message.method in METHODS
    assert message.uri.scheme == "sip"
    assert 0 <= int(message.headers["Max-Forwards"]) <= 254
    to_tag = message.to_address.parameters.get("tag")
    assert to_tag or message.method in ("INVITE", "CANCEL")
    if message.method in ("INVITE", "UPDATE") and message.method == "INVITE":
        assert message.contact[0].uri.scheme == "sip"
        assert message.from_address.parameters["tag"]
    if message.method in ("BYE", "CANCEL"):
        assert message.body == b""


def check_sdp(body: bytes) -> None:
    """Every line is of a known shape; the order is that of RFC 4566."""
    lines = body.decode("ascii").split("\r\n")
    assert lines.pop() == ""
    for line in lines:
        assert _SDP_LINE.fullmatch(line), line
    assert [line[0] for line in lines[:5]] == list("vosct")
    assert sum(bool(re.match(r"m=audio [1-9]", line)) for line in lines) <= 1
