"""Answers that the edge gives itself, without any state (RFC 3261, 8.2.6 and 8.2.7).

Rule: the same request always gets the same answer with the same To tag, so that a retransmission needs no
memory and the ACK is known by its tag.
"""

from typing import Final

import attrs

from b2bua.edge.admission import Refused
from b2bua.edge.message import Request, print_message
from b2bua.edge.rate_limit import Address
from b2bua.edge.settings import DEFAULT_PORT, Send
from b2bua.edge.token import DialogTokens

METHODS: Final = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE", "PRACK")
"""What a call process takes."""
ALLOWED: Final = (*METHODS, "REFER")
"""REFER is answered by the edge (`b2bua.edge.refer`). Not NOTIFY: we send no REFER and no SUBSCRIBE."""
EXTENSIONS: Final = ("100rel", "norefersub", "replaces", "timer")
ALLOW: Final = f"Allow: {', '.join(ALLOWED)}"
ACCEPT: Final = "Accept: application/sdp"
SUPPORTED: Final = f"Supported: {', '.join(EXTENSIONS)}"


@attrs.frozen
class PlannedResponse:
    """A response of the edge's own: `status` 100–699; `lines` are its further header lines."""

    status: int
    phrase: str
    lines: tuple[str, ...] = ()


OPTIONS_OK: Final = PlannedResponse(
    200, "OK", (ALLOW, ACCEPT, "Accept-Encoding: identity", "Accept-Language: zh, en", SUPPORTED)
)
FORBIDDEN: Final = PlannedResponse(403, "Forbidden")
NO_DIALOG: Final = PlannedResponse(481, "Call/Transaction Does Not Exist")
FAULT: Final = PlannedResponse(500, "Server Internal Error", ("Reason: Q.850;cause=41",))
LOOP: Final = PlannedResponse(482, "Loop Detected")
TOO_LARGE: Final = PlannedResponse(513, "Message Too Large")
NOT_ACCEPTABLE: Final = PlannedResponse(
    488, "Not Acceptable Here", ('Warning: 304 switch400 "Media type not available"',)
)
TOO_MANY: Final = PlannedResponse(503, "Too Many Calls", ("Retry-After: 5", 'Reason: Q.850;cause=42;text="Congestion"'))
PROCESS_LOST: Final = Refused(500, "Call Lost", q850=41)


def of_refusal(refused: Refused) -> PlannedResponse:
    """The response for a refusal (Reason: RFC 3326)."""
    lines = [] if refused.retry_after_s is None else [f"Retry-After: {refused.retry_after_s}"]
    if refused.q850 is not None:
        lines.append(f"Reason: Q.850;cause={refused.q850}")
    return PlannedResponse(refused.status, refused.phrase, tuple(lines))


def to_tag(request: Request, tokens: DialogTokens) -> str:
    """The To tag of every stateless answer to this request, and of the ACK to it."""
    return tokens.mac("to", request.call_id, request.from_.tag, str(request.cseq))


def print_answer(request: Request, answer: PlannedResponse, tag: str, vias: list[str]) -> bytes:
    """The response's bytes. `vias` go back as they stand; `tag` (empty: none) is for a To that has none."""
    to = f"{request.to};tag={tag}" if tag and not request.to.tag else str(request.to)
    lines = [
        *(f"Via: {via}" for via in vias),
        f"From: {request.from_}",
        f"To: {to}",
        f"Call-ID: {request.call_id}",
        f"CSeq: {request.cseq} {request.method}",
        *answer.lines,
    ]
    return print_message(f"SIP/2.0 {answer.status} {answer.phrase}", lines)


def to_outside(
    request: Request, answer: PlannedResponse, tokens: DialogTokens, source: Address, transport: str
) -> Send:
    """The answer to a request from outside."""
    return _back(request, answer, to_tag(request, tokens), source, transport)


def trying(request: Request, source: Address, transport: str) -> Send:
    """100 to an INVITE that goes to a process: it need not wake up first (RFC 3261, 8.2.6.1 and 17.2.1)."""
    stamps = tuple(f"Timestamp: {value}" for value in request.fields.get("timestamp", ())[:1])
    return _back(request, PlannedResponse(100, "Trying", stamps), "", source, transport)


def _back(request: Request, answer: PlannedResponse, tag: str, source: Address, transport: str) -> Send:
    top = request.vias[0].received_from(*source)
    packet = print_answer(request, answer, tag, [str(via) for via in (top, *request.vias[1:])])
    return way_back(packet, top.param("rport") is not None, top.port, source, transport)


def way_back(packet: bytes, rport: bool, port: int | None, source: Address, transport: str) -> Send:
    """Where a response goes (RFC 3261, 18.2.2; RFC 3581, 4).

    To the address that the request came from, whatever Via says, to `port` of the Via unless rport was asked
    for. `maddr` is ignored: it would let the sender choose a third address for our response.
    """
    named = Address(source.host, port or DEFAULT_PORT)
    if transport == "udp":
        return Send(packet, source if rport else named, transport)
    return Send(packet, source, transport, named)
