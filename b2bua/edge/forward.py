"""The forwarding rules: what is changed on a message on its way through, and where it goes.

Rule: stateless (RFC 3261, 16.11). What a response needs travels in the request's Via: our Via towards a process carries
the Vias of the request as they came, its source, and the streams of an offer that the process does not see; our Via
towards the outside carries the process's token and its own branch.

    request  in    + Via (inside), + Record-Route (inside) if it opens a dialog, fields thinned out
    response out   − our Via, − our Record-Route, the request's Vias restored; to where the request came from
    request  out   our Via in place of the process's, − our Route; to the next Route or the Request-URI
    response in    the process's Via in place of ours, + Record-Route (inside)
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

import attrs

from b2bua.edge import guard, sdp
from b2bua.edge.body import Body
from b2bua.edge.grammar import MalformedError, Uri, Via, parse_uri, parse_via
from b2bua.edge.headers import clean_lines
from b2bua.edge.message import Message, Request, Response, field_name, print_message
from b2bua.edge.rate_limit import Address
from b2bua.edge.responses import ALLOW, PlannedResponse, print_answer, to_tag, way_back
from b2bua.edge.settings import DEFAULT_PORT, LOOPBACK, EdgeSettings, Send, to_process
from b2bua.edge.token import ContactUris, DialogTokens, ProcessAddress

HOPS_FIELD: Final = "x-s400-max-forwards"
_OURS: Final = frozenset(
    ("via", "route", "record-route", "max-forwards", "from", "to", "call-id", "cseq", "contact",
     "content-length", "content-type", "user-agent", "server", "allow", HOPS_FIELD)
)  # fmt: skip


@attrs.frozen
class Forwarding:
    """The rules for one set of addresses."""

    settings: EdgeSettings
    tokens: DialogTokens

    def request_in(self, request: Request, source: Address, transport: str, body: Body) -> bytes:
        """A request from outside as the process sees it; it has passed `guard`. Raises MalformedError."""
        settings = self.settings
        lines = [f"Via: {self._inside_via(request, source, transport, body.others)}"]
        if request.verb == "INVITE" and not request.to.tag:
            lines.append(f"Record-Route: <sip:{LOOPBACK}:{settings.inside_port};lr>")
            lines += [f"Record-Route: {route.bare}" for route in guard.routes(request)]
        lines.append(f"Max-Forwards: {guard.hops_left(request)}")
        self._common(request, lines)
        if request.verb not in ("ACK", "BYE", "CANCEL", "PRACK") and (uri := guard.contact(request)):
            lines.append(f"Contact: <{uri.text}>")
        lines += clean_lines(request.fields)
        uri = parse_uri(request.uri)
        text = uri.text if uri.scheme == "sip" else f"sip:{uri.user}@{settings.public_host}:{settings.public_port}"
        return print_message(f"{request.verb} {text} SIP/2.0", lines, body.octets, body.kind)

    def response_in(self, response: Response, process: ProcessAddress, branch: str, body: Body) -> bytes:
        """A response from outside as the process sees it. Raises MalformedError."""
        lines = [f"Via: SIP/2.0/UDP {LOOPBACK}:{process.sip_port};rport;branch={branch}"]
        opens = response.method == "INVITE" and response.to.tag and 100 < response.status < 300
        if opens:
            lines += [f"Record-Route: {route.bare}" for route in guard.routes(response)]
            # A caller's route set is the list backwards (RFC 3261, 12.1.2): ours is last to be its first hop.
            lines.append(f"Record-Route: <sip:{LOOPBACK}:{self.settings.inside_port};lr>")
        self._common(response, lines)
        # Without a Contact that we could reach, PJSIP goes on with the Request-URI: better than a 200 never
        # acknowledged.
        if response.status < 300 and (uri := guard.reachable_contact(response)):
            lines.append(f"Contact: <{uri.text}>")
        if response.status >= 300 and not response.to.tag:
            tag = self.tokens.mac("to", response.call_id, response.from_.tag, str(response.cseq))
            lines = [f"{line};tag={tag}" if line.startswith("To: ") else line for line in lines]
        lines += clean_lines(response.fields)
        return print_message(f"SIP/2.0 {response.status} {_phrase(response)}", lines, body.octets, body.kind)

    def request_out(self, request: Request, process: ProcessAddress) -> Send:
        """A process's request on its way to its next hop. Raises MalformedError if there is none."""
        routes = guard.routes(request, "route")
        while routes and self.settings.is_us(routes[0].uri):
            routes.pop(0)
        to, transport = next_hop(routes[0].uri if routes else parse_uri(request.uri))
        branch = self.tokens.branch(process, request.vias[0].branch, request.call_id)
        hops = request.first(HOPS_FIELD) or request.first("max-forwards") or "70"
        if not (hops.isascii() and hops.isdigit() and int(hops[:6]) <= 255):
            raise MalformedError(HOPS_FIELD)
        lines = [f"Via: {self.settings.via(transport, branch)}"]
        lines += [f"Route: {route.bare}" for route in routes]
        lines.append(f"Max-Forwards: {int(hops)}")
        self._common(request, lines)
        lines += self._process_lines(request, process, transport)
        return Send(print_message(f"{request.verb} {request.uri} SIP/2.0", lines, *_as_is(request)), to, transport)

    def response_out(self, response: Response, process: ProcessAddress) -> Send:
        """A process's response on its way back. Raises MalformedError if its top Via is not of our making."""
        vias, source, transport, others = self._unpacked(response)
        lines = [f"Via: {via}" for via in vias]
        routes = guard.routes(response)
        lines += [f"Record-Route: {route.bare}" for route in routes if not self.settings.is_us(route.uri)]
        self._common(response, lines)
        lines += self._process_lines(response, process, transport)
        octets, kind = _as_is(response)
        octets = sdp.with_others(octets, others) if others else octets
        packet = print_message(f"SIP/2.0 {response.status} {_phrase(response)}", lines, octets, kind)
        return way_back(packet, vias[0].param("rport") is not None, vias[0].port, source, transport)

    def answer_for(self, request: Request, process: ProcessAddress, branch: str, how: PlannedResponse) -> Send:
        """An answer of ours to a request of a process whose own Via had this branch."""
        via = f"SIP/2.0/UDP {LOOPBACK}:{process.sip_port};rport;branch={branch}"
        return to_process(print_answer(request, how, to_tag(request, self.tokens), [via]), process.sip_port)

    def _common(self, message: Message, lines: list[str]) -> None:
        lines += (
            f"From: {message.from_}",
            f"To: {message.to}",
            f"Call-ID: {message.call_id}",
            f"CSeq: {message.cseq} {message.method}",
        )

    def contact(self, process: ProcessAddress, transport: str = "udp") -> str:
        """The URI by which the outside reaches a process."""
        return ContactUris(self.settings, self.tokens).of(process, transport)

    def _process_lines(self, message: Message, process: ProcessAddress, transport: str) -> list[str]:
        """The other header lines of a process's message. Its Contact is replaced by ours."""
        lines = [f"Contact: <{self.contact(process, transport)}>"] if "contact" in message.fields else []
        if "allow" in message.fields:
            lines.append(ALLOW)
        for name, values in message.fields.items():
            if name not in _OURS:
                lines += [f"{field_name(name)}: {value}" for value in values]
        return lines

    def _inside_via(self, request: Request, source: Address, transport: str, others: tuple[str, ...]) -> str:
        top = request.vias[0]
        vias = [top.received_from(*source), *request.vias[1:]]
        text = "\n".join((f"{transport} {source.host} {source.port}", *map(str, vias)))
        if others:
            text = "\n\n".join((text, "\n".join(others)))
        packed = urlsafe_b64encode(text.encode("latin-1")).decode("ascii").rstrip("=")
        branch = self._inside_branch(top, request)
        return f"SIP/2.0/UDP {LOOPBACK}:{self.settings.inside_port};branch={branch};s4={packed}"

    def _inside_branch(self, top: Via, message: Message) -> str:
        """The same for an INVITE, its retransmissions, its CANCEL and failure ACK, no other's (RFC 3261, 17.2.3)."""
        mac = self.tokens.mac(
            "inside",
            f"{top.host}:{top.port}",
            top.branch,
            message.call_id,
            message.from_.tag,
            str(message.cseq),
        )
        return f"z9hG4bK{mac}"

    def _unpacked(self, response: Response) -> tuple[list[Via], Address, str, tuple[str, ...]]:
        """The request's Vias, where it came from and `Body.others`, out of our Via on a process's response."""
        ours = response.vias[0]
        packed = ours.param("s4") or ""
        try:
            text = urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode("latin-1")
            text, _, media = text.partition("\n\n")
            first, *rest = text.split("\n")
            transport, host, port = first.split(" ")
            source, vias = Address(host, int(port)), [parse_via(item) for item in rest]
        except ValueError:
            raise MalformedError("via-not-ours") from None
        if not vias or ours.branch != self._inside_branch(vias[0], response):
            raise MalformedError("via-not-ours")
        return vias, source, transport, tuple(media.split("\n")) if media else ()


def next_hop(uri: Uri) -> tuple[Address, str]:
    """Host, port and transport of the next hop (RFC 3263 without NAPTR and SRV). Raises MalformedError."""
    if uri.scheme != "sip" or uri.transport not in ("udp", "tcp") or ":" in uri.host:
        raise MalformedError("next-hop")
    return Address(uri.host, uri.port or DEFAULT_PORT), uri.transport


def _phrase(response: Response) -> str:
    return response.phrase if response.phrase.isascii() and response.phrase else "-"


def _as_is(message: Message) -> tuple[bytes, str]:
    kind = message.first("content-type")
    return (message.body, kind) if kind else (b"", "")
