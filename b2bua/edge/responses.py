"""Answers that the edge gives itself, without any state (RFC 3261, 8.2.6 and 8.2.7).

Rule: the same request always gets the same answer with the same To tag, so that a retransmission needs no
memory and the ACK is known by its tag.
"""

import re
from typing import Final

import attrs

from b2bua.edge.admission import Refused
from b2bua.edge.grammar import MalformedError, Via, parse_via, split_list
from b2bua.edge.message import Request, Unread, field_name, print_message
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
TOO_MANY: Final = PlannedResponse(503, "Too Many Calls", ('Reason: Q.850;cause=42;text="Congestion"',))
_UNREAD_PHRASES: Final = {505: "Version Not Supported", 513: "Message Too Large"}
_TAG: Final = re.compile(r";\s*tag\s*=", re.IGNORECASE)
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
    """The response's bytes. `vias` go back as they stand, From, To and Call-ID as they came (RFC 3261, 8.2.6.2).

    `tag` (empty: none) is for a To that has none.
    """
    to = request.to.tagged(tag) if tag and not request.to.tag else request.to
    copied = [f"From: {request.from_.written}", f"To: {to.written}", f"Call-ID: {request.written_call_id}"]
    lines = [*(f"Via: {via}" for via in vias), *copied, f"CSeq: {request.cseq} {request.method}", *answer.lines]
    return print_message(f"SIP/2.0 {answer.status} {answer.phrase}", lines)


def to_outside(
    request: Request, answer: PlannedResponse, tokens: DialogTokens, source: Address, transport: str
) -> Send:
    """The answer to a request from outside."""
    return _back(request, answer, to_tag(request, tokens), source, transport)


def to_unread(unread: Unread, reason: str, tokens: DialogTokens, source: Address, transport: str) -> Send | None:
    """The answer to a request that could not be read: what came is copied (RFC 3261, 8.2.6.2); None where it may have
    none. Without a topmost Via that can be read it goes to where the request came from."""
    if not unread.vias or unread.verb in ("", "ACK"):
        return None
    status, phrase = unread.status, _UNREAD_PHRASES.get(unread.status) or f"Bad Request ({reason})"
    lines = [f"Via: {value}" for value in unread.vias]
    tag = tokens.mac("to", *(value for _, value in unread.copied))
    for name, value in unread.copied:
        tail = f";tag={tag}" if name == "to" and not _TAG.search(value) else ""
        lines.append(f"{field_name(name)}: {value}{tail}")
    try:
        top = parse_via(split_list(unread.vias[0])[0])
    except MalformedError:
        top = Via("", "", source.port, (), "")
    packet = print_message(f"SIP/2.0 {status} {phrase}", lines)
    return way_back(packet, top.param("rport") is not None, top.port, source, transport)


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
