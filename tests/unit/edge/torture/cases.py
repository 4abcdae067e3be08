"""What is right for each message of RFC 4475, section 3, and RFC 5118, section 4, with the RFC's reason.

`served` and `unserved` are what a trusted trunk gets where the number is served and where it is not: the status of
our final answer, `INVITE` where the call goes to a process, or `None` where nothing must be sent. The texts of the
messages are the RFCs' own, in `rfc4475.txt` and `rfc5118.txt`; there `\\xNN` is an octet, and `{}` in a Content-Length
is the true one, which RFC 5118 states wrongly.
"""

import re
from pathlib import Path
from typing import Final

import attrs

Outcome = int | str | None

_OCTET: Final = re.compile(rb"\\x([0-9a-f]{2})")


@attrs.frozen
class Case:
    """One message: the RFC's name and section for it, what it must get, and the RFC's reason."""

    name: str
    section: str
    served: Outcome
    unserved: Outcome
    reason: str


RFC4475: Final = (
    Case("wsinv", "3.1.1.1", 481, 481, "well-formed; it has a To tag of a dialog that we never had (RFC 3261, 12.2.2)"),
    Case("intmeth", "3.1.1.2", 501, 501, "Endpoints will generate a 501 listing the methods they understand"),
    Case("esc01", "3.1.1.3", "INVITE", 404, "A parser must accept this as a well-formed message"),
    Case("escnull", "3.1.1.4", 405, 405, "The message is well formed - parsers must accept this message"),
    Case("esc02", "3.1.1.5", 501, 501, "The request method is unknown. It is NOT equivalent to REGISTER"),
    Case("lwsdisp", "3.1.1.6", 200, 200, "Elements should accept this request as well formed"),
    Case("longreq", "3.1.1.7", "INVITE", 404, "This well-formed request contains … values that are very long"),
    Case("dblreq", "3.1.1.8", 405, 405, "handle the REGISTER request normally and ignore the extra bits"),
    Case("semiuri", "3.1.1.9", 200, 200, "Receiving elements will accept this as a well-formed message"),
    Case("transports", "3.1.1.10", 200, 200, "Parsers must accept this message as well formed"),
    Case("mpart01", "3.1.1.11", 405, 405, "Parsers must accept this message as well formed"),
    Case("unreason", "3.1.1.12", None, None, "well formed (tested with a Via of ours below); this one is not to us"),
    Case("noreason", "3.1.1.13", None, None, "well formed (tested with a Via of ours below); this one is not to us"),
    Case("badinv01", "3.1.2.1", 400, 400, "An element receiving this request should respond with a 400"),
    Case("clerr", "3.1.2.2", 400, 400, "When sent over UDP …, the receiving element should respond with a 400"),
    Case("ncl", "3.1.2.3", 400, 400, "An element receiving this message should respond with an error"),
    Case("scalar02", "3.1.2.4", 400, 400, "should respond with a 400 Bad Request due to the CSeq error"),
    Case("scalarlg", "3.1.2.5", None, None, "An element receiving this response will simply discard it"),
    Case("quotbal", "3.1.2.6", 400, 400, "An element receiving this request should return a 400 Bad Request error"),
    Case("ltgtruri", "3.1.2.7", 400, 400, "reasonable always to reject a request with this error with a 400"),
    Case("lwsruri", "3.1.2.8", 400, 400, "An element receiving this request should respond with a 400"),
    Case("lwsstart", "3.1.2.9", "INVITE", 404, "An element that is liberal … may ignore these extra SP characters"),
    Case("trws", "3.1.2.10", 200, 200, "An element that is liberal … may ignore these extra SP characters"),
    Case("escruri", "3.1.2.11", 400, 400, "acceptable for an element to reject this request with a 400"),
    Case("baddate", "3.1.2.12", "INVITE", 404, "could ignore this value altogether if it wasn't going to use the Date"),
    Case("regbadct", "3.1.2.13", 405, 405, "a Contact that no registrar of ours reads; REGISTER is not for us"),
    Case("badaspec", "3.1.2.14", 200, 200, "Elements attempting to be liberal may ignore the spaces"),
    Case("baddn", "3.1.2.15", 200, 200, "An element may attempt to be liberal … and infer the missing quotes"),
    Case("badvers", "3.1.2.16", 505, 505, "The element should respond to the request with a 505"),
    Case("mismatch01", "3.1.2.17", 400, 400, "Any element receiving this request will respond with a 400"),
    Case("mismatch02", "3.1.2.18", 501, 501, "choosing a 501 … has better future-proof characteristics"),
    Case("bigcode", "3.1.2.19", None, None, "An element receiving this response should simply drop it"),
    Case("badbranch", "3.2.1", 200, 200, "or it could fall back to the RFC 2543-style transaction identifier"),
    Case("insuf", "3.3.1", 400, 400, "Ideally, it will respond with a 400 Bad Request error"),
    Case("unkscm", "3.3.2", 416, 416, "a 416 Unsupported URI Scheme"),
    Case("novelsc", "3.3.3", 416, 416, "a 416 Unsupported URI Scheme"),
    Case("unksm2", "3.3.4", 405, 405, "The message is syntactically valid. Parsers must not fail"),
    Case("bext01", "3.3.5", 420, 420, "420 with an Unsupported header field containing these option tags"),
    Case("invut", "3.3.6", 415, 415, "a 415 Unsupported Media Type, listing what is acceptable in Accept"),
    Case("regaut01", "3.3.7", 405, 405, "an authorization scheme nobody knows; REGISTER is not for us"),
    Case("multi01", "3.3.8", 400, 400, "multiple values for header fields that can have one: 400"),
    Case("mcl01", "3.3.9", 400, 400, "Multiple conflicting Content-Length header field values: 400"),
    Case("bcast", "3.3.10", None, None, "must not be forwarded to 255.255.255.255; discard it"),
    Case("zeromf", "3.3.11", 200, 200, "An endpoint should process the request as if the value were still positive"),
    Case(
        "cparam01", "3.3.12", 405, 405, "a Contact without brackets, its parameter the header's; REGISTER is not for us"
    ),
    Case("cparam02", "3.3.13", 405, 405, "a Contact with a URI parameter; REGISTER is not for us"),
    Case("regescrt", "3.3.14", 405, 405, "an escaped Route within a Contact; REGISTER is not for us"),
    Case("sdp01", "3.3.15", 406, 406, "the response must not contain an SDP body; 406 Not Acceptable"),
    Case("inv2543", "3.4.1", "INVITE", 404, "legal per RFC 2543: no branch, no From tag, no Contact, no Max-Forwards"),
)

RFC5118: Final = (
    Case("ipv6-good", "4.1", 405, 405, "well-formatted according to the grammar in RFC 3261"),
    Case("ipv6-bad", "4.2", 400, 400, "not well-formatted …: the IPv6 reference is not enclosed in [ and ]; 400"),
    Case("port-ambiguous", "4.3", 405, 405, "syntactically legal; the port is read as part of the address"),
    Case("port-unambiguous", "4.4", 405, 405, "the port is outside the delimiters"),
    Case("via-received-param-with-delim", "4.5", 481, 481, "must be prepared to accept the delimiters in received"),
    Case("via-received-param-no-delim", "4.5", 200, 200, "received=2001:db8::9:255 is what the grammar has"),
    Case("ipv6-in-sdp", "4.6", 488, 488, "well-formed; we carry no IPv6 media (RFC 3261, 21.4.26)"),
    Case("mult-ip-in-header", "4.7", 481, 481, "IPv4 and IPv6 in different Via values; a parser must accept them"),
    Case("mult-ip-in-sdp", "4.8", "INVITE", 404, "a different address family for each stream; ours is the IPv4 one"),
    Case("ipv4-mapped-ipv6", "4.9", 488, 488, "must be prepared to parse such an address; of its codecs none is ours"),
    Case("ipv6-bug-abnf-3-colons", "4.10", 200, 200, "an implementation must tolerate both constructs"),
    Case("ipv6-correct-abnf-2-colons", "4.10", 200, 200, "an implementation must tolerate both constructs"),
)


def _packet(text: bytes) -> bytes:
    head, _, body = _OCTET.sub(lambda found: b"\0" + found[1], text).partition(b"\n\n")
    body = _octets(body)
    return _octets(head.replace(b"{}", b"%d" % len(body))) + b"\r\n\r\n" + body


def _octets(text: bytes) -> bytes:
    lines = text.replace(b"\n", b"\r\n")
    return re.sub(rb"\0([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), lines)


def messages() -> dict[str, bytes]:
    """The messages by name, as they are sent."""
    found: dict[str, bytes] = {}
    for file in ("rfc4475.txt", "rfc5118.txt"):
        for part in (Path(__file__).parent / file).read_bytes().split(b"=== ")[1:]:
            name, _, text = part.partition(b"\n")
            found[name.decode()] = _packet(text)
    return found
