"""Message bodies: which a call process may see, by method.

Rule: SDP in the methods that describe a session (RFC 3261, 13.2.1; RFC 3262; RFC 3311) and key presses in INFO
(RFC 6086), both printed anew; nothing else.
"""

import re
from typing import Final

import attrs

from b2bua.edge import sdp
from b2bua.edge.grammar import MalformedError
from b2bua.edge.message import Message

SDP: Final = "application/sdp"
RELAY: Final = "application/dtmf-relay"

DTMF: Final = "application/dtmf"

_TAKES: Final = {
    "INVITE": (SDP,), "ACK": (SDP,), "PRACK": (SDP,), "UPDATE": (SDP,), "INFO": (RELAY, DTMF),
}  # fmt: skip
_BOUNDARY = re.compile(r'boundary ?= ?(?:"([^"]{1,70})"|([A-Za-z0-9\'()+_,\-./:=?]{1,70}))', re.IGNORECASE)
_KEY: Final = rb"(1[0-5]|[0-9A-D*#])"
_RELAY = re.compile(
    rb"\s{0,4}Signal\s{0,4}=\s{0,4}" + _KEY + rb"(?:\s{1,4}Duration\s{0,4}=\s{0,4}([0-9]{1,5}))?\s{0,4}", re.IGNORECASE
)
_BARE = re.compile(rb"\s{0,4}" + _KEY + rb"()\s{0,4}", re.IGNORECASE)
_BY_NUMBER: Final = dict(zip((b"10", b"11", b"12", b"13", b"14", b"15"), b"*#ABCD", strict=True))
"""Keys by their RFC 4733 event number, which some telephones write into INFO."""
MOST_PARTS: Final = 8


@attrs.frozen
class Body:
    """What is passed on; no octets for none. `declines`: it has no audio for us. `others` as in `sdp.Description`."""

    octets: bytes = b""
    kind: str = SDP
    declines: bool = False
    others: tuple[str, ...] = ()


class UnsupportedMediaError(ValueError):
    """415: `accept` is what this method may carry."""

    def __init__(self, accept: str) -> None:
        super().__init__(accept)
        self.accept = accept


NONE: Final = Body()


def passed_on(message: Message, *, request: bool, codecs: tuple[str, ...] = sdp.USUAL) -> Body:
    """The body as a process may see it, with no codecs but these.

    Raises UnsupportedMediaError (415), sdp.NothingCommonError (488) and MalformedError (400).
    """
    takes = _TAKES.get(message.method)
    if not message.body or takes is None or (not request and SDP not in takes):
        return NONE
    if (message.first("content-encoding") or "identity").lower() != "identity":
        raise UnsupportedMediaError(", ".join(takes))
    kind = (message.first("content-type") or "").partition(";")[0].strip().lower()
    octets = message.body
    if kind.startswith("multipart/"):
        kind, octets = _sdp_part(message)
    if kind not in takes:
        raise UnsupportedMediaError(", ".join(takes))
    if kind == SDP:
        # An INVITE without SDP makes the 200 an offer; it is read like an answer, and may decline our stream.
        offer = request and message.method != "ACK"
        described = sdp.clean(octets, offer=offer, only_ours=offer and message.method == "UPDATE", codecs=codecs)
        return Body(described.octets, declines=not described.is_live, others=described.others)
    return _key(octets, (_RELAY,) if kind == RELAY else (_BARE, _RELAY))


def _sdp_part(message: Message) -> tuple[str, bytes]:
    """The first SDP part of a multipart body (RFC 2046, 5.1)."""
    found = _BOUNDARY.search(message.first("content-type") or "")
    if not found:
        raise MalformedError("multipart")
    delimiter = b"--" + (found[1] or found[2]).encode("latin-1")
    for part in (b"\r\n" + message.body).split(b"\r\n" + delimiter)[1 : MOST_PARTS + 1]:
        head, _, octets = part.partition(b"\r\n\r\n")
        if re.search(rb"(?im)^content-type\s*:\s*application/sdp", head):
            return SDP, octets
    raise UnsupportedMediaError(SDP)


def _key(octets: bytes, shapes: tuple[re.Pattern[bytes], ...]) -> Body:
    """A key press, in the one spelling that PJSIP knows."""
    found = next((found for shape in shapes if (found := shape.fullmatch(octets))), None)
    if found is None:
        raise MalformedError("dtmf")
    key = bytes([_BY_NUMBER[found[1]]]) if found[1] in _BY_NUMBER else found[1].upper()
    return Body(b"Signal=%b\r\nDuration=%b\r\n" % (key, found[2] or b"160"), RELAY)
