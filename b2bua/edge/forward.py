"""The forwarding rules: what is changed on a message on its way through, and where it goes.

Rule: stateless (RFC 3261, 16.11). What a response needs travels in the request's Via: our Via towards a process carries
the Vias of the request as they came, its source, its From, To and Call-ID, and the streams of an
offer that the process does not see; our Via towards the outside carries the process's token and its own branch.
What requests of a process need later in the dialog is in our Record-Route (`b2bua.edge.far_side`).

    request  in    + Via (inside), + Record-Route (inside) if it opens a dialog, fields thinned out
    response out   − our Via, − our Record-Route, the request's Vias restored; to where the request came from
    request  out   our Via in place of the process's, − our Route; to the next Route or the Request-URI, as a strict
                   router needs it where the next one is (RFC 3261, 12.2.1.1)
    response in    the process's Via in place of ours, + Record-Route (inside)
"""

from typing import Final

import attrs

from b2bua.edge import guard, sdp
from b2bua.edge.body import Body
from b2bua.edge.far_side import (
    Connection,
    FarSide,
    far_side_of,
    is_loose,
    is_usual,
    pack,
    parse_connection,
    parse_route,
    stand_in,
    target_of,
    unpack,
)
from b2bua.edge.grammar import MalformedError, NameAddr, Uri, Via, parse_lower_via, parse_uri, parse_via
from b2bua.edge.headers import clean_lines
from b2bua.edge.message import Message, Request, Response, field_name, print_message
from b2bua.edge.party import NO_TAG, parse_party
from b2bua.edge.passed_headers import PassedHeaders
from b2bua.edge.rate_limit import Address
from b2bua.edge.responses import ACCEPT, ALLOW, PlannedResponse, to_tag, way_back
from b2bua.edge.settings import DEFAULT_PORT, LOOPBACK, EdgeSettings, Send, to_process
from b2bua.edge.token import ContactUris, DialogTokens, ProcessAddress

HOPS_FIELD: Final = "x-s400-max-forwards"
_OURS: Final = frozenset(
    ("via", "route", "record-route", "max-forwards", "from", "to", "call-id", "cseq", "contact",
     "content-length", "content-type", "user-agent", "server", "allow", HOPS_FIELD)
)  # fmt: skip


@attrs.frozen
class Unpacked:
    """What our Via on a process's response says of the request: its Vias, where it came from, its From, To and Call-ID
    as they came, and `Body.others`."""

    vias: list[Via]
    source: Connection
    from_: str
    to: str
    call_id: str
    others: tuple[str, ...]


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
            far, shown = self._far_side(request, guard.routes(request), Connection(transport, source))
            lines.append(f"Record-Route: <sip:{LOOPBACK}:{settings.inside_port};lr{far}>")
            lines += [f"Record-Route: {route.bare}" for route in shown]
        lines.append(f"Max-Forwards: {guard.hops_left(request)}")
        self._common(request, lines)
        if request.verb not in ("ACK", "BYE", "CANCEL", "PRACK") and (uri := guard.contact(request)):
            lines.append(f"Contact: <{self._contact_inside(uri)}>")
        lines += clean_lines(request.fields)
        uri = parse_uri(request.uri)
        text = uri.text
        if uri.scheme != "sip" or uri.host.startswith("["):
            text = f"sip:{uri.user}@{settings.public_host}:{settings.public_port}"
        return print_message(f"{request.verb} {text} SIP/2.0", lines, body.octets, body.kind)

    def response_in(self, response: Response, process: ProcessAddress, branch: str, body: Body) -> bytes:
        """A response from outside as the process sees it. Raises MalformedError."""
        lines = [f"Via: SIP/2.0/UDP {LOOPBACK}:{process.sip_port};rport;branch={branch}"]
        opens = response.method == "INVITE" and response.to.tag and 100 < response.status < 300
        if opens:
            # A caller's route set is the list backwards (RFC 3261, 12.1.2): ours is last to be its first hop.
            far, shown = self._far_side(response, guard.routes(response)[::-1], None)
            lines += [f"Record-Route: {route.bare}" for route in shown[::-1]]
            lines.append(f"Record-Route: <sip:{LOOPBACK}:{self.settings.inside_port};lr{far}>")
        self._common(response, lines)
        # Without a Contact that we could reach, PJSIP goes on with the Request-URI: better than a 200 never
        # acknowledged.
        if response.status < 300 and (uri := guard.reachable_contact(response)):
            lines.append(f"Contact: <{self._contact_inside(uri)}>")
        if response.status >= 300 and not response.to.tag:
            tag = self.tokens.mac("to", response.call_id, response.from_.tag, str(response.cseq))
            lines = [f"{line};tag={tag}" if line.startswith("To: ") else line for line in lines]
        lines += clean_lines(response.fields)
        return print_message(f"SIP/2.0 {response.status} {_phrase(response)}", lines, body.octets, body.kind)

    def _far_side(
        self, message: Message, routes: list[NameAddr], source: Connection | None
    ) -> tuple[str, list[NameAddr]]:
        """The parameter of our Record-Route on a message that opens a dialog, and the routes that stay visible.

        `routes` begin with the next hop.
        """
        remote = message.from_ if isinstance(message, Request) else message.to
        contact = guard.reachable_contact(message)
        hides = any(not is_usual(route.uri) or not is_loose(route) for route in routes)
        needs_source = source is not None and (source.transport != "udp" or (contact is None and not routes))
        far = FarSide(
            message.written_call_id if message.written_call_id != message.call_id else "",
            remote.written if remote.is_replaced else "",
            tuple(route.bare for route in routes) if hides else (),
            source if needs_source else None,
        )
        return far.packed(self.tokens), [] if hides else routes

    def _contact_inside(self, uri: Uri) -> str:
        return uri.text if is_usual(uri) else stand_in(uri, LOOPBACK, self.settings.inside_port, self.tokens)

    def request_out(self, request: Request, process: ProcessAddress, passed: PassedHeaders | None = None) -> Send:
        """A process's request on its way to its next hop. Raises MalformedError if there is none."""
        routes = guard.routes(request, "route")
        far = FarSide()
        while routes and self.settings.is_us(routes[0].uri):
            found = far_side_of(routes.pop(0).uri, self.tokens)
            far = found if found != FarSide() else far
        routes = [parse_route(route) for route in far.routes] or routes
        target = parse_uri(request.uri)
        hop = hop_to(target_of(target, self.tokens) if self.settings.is_us(target) else target, routes, far.connection)
        branch = self.tokens.branch(process, request.vias[0].branch, request.call_id)
        hops = request.first(HOPS_FIELD) or request.first("max-forwards") or "70"
        if not (hops.isascii() and hops.isdigit() and int(hops[:6]) <= 255):
            raise MalformedError(HOPS_FIELD)
        lines = [f"Via: {self.settings.via(hop.transport, branch)}"]
        lines += [f"Route: {route}" for route in hop.routes]
        lines.append(f"Max-Forwards: {int(hops)}")
        to = far.remote or request.to.written
        if not far.remote and request.to.tag.startswith(NO_TAG):
            to = str(attrs.evolve(request.to, tag=""))
        self._common(request, lines, (request.from_.written, to, far.call_id or request.written_call_id))
        lines += self._process_lines(request, process, hop.transport)
        if passed and request.verb == "INVITE" and not request.to.tag:
            lines += passed.to_target(process, request.vias[0].branch, hop.to.host)
        return hop.send(print_message(f"{request.verb} {hop.uri} SIP/2.0", lines, *_as_is(request)))

    def response_out(self, response: Response, process: ProcessAddress, passed: tuple[str, ...] = ()) -> Send:
        """A process's response on its way back. Raises MalformedError if its top Via is not of our making."""
        unpacked = self._unpacked(response)
        vias, source = unpacked.vias, unpacked.source
        lines = [f"Via: {via}" for via in vias]
        for route in guard.routes(response):
            hidden = far_side_of(route.uri, self.tokens).routes if self.settings.is_us(route.uri) else (route.bare,)
            lines += [f"Record-Route: {each}" for each in hidden]
        to = unpacked.to
        if response.to.tag and not parse_party(to).tag:
            to = f"{to};tag={response.to.tag}"
        self._common(response, lines, (unpacked.from_, to, unpacked.call_id))
        response = _with_mandatory(response)
        lines += [*self._process_lines(response, process, source.transport), *passed]
        octets, kind = _as_is(response)
        octets = sdp.with_others(octets, unpacked.others) if unpacked.others else octets
        packet = print_message(f"SIP/2.0 {response.status} {_phrase(response)}", lines, octets, kind)
        return way_back(packet, vias[0].param("rport") is not None, vias[0].port, source.address, source.transport)

    def answer_for(self, request: Request, process: ProcessAddress, branch: str, how: PlannedResponse) -> Send:
        """An answer of ours to a request of a process whose own Via had this branch."""
        lines = [f"Via: SIP/2.0/UDP {LOOPBACK}:{process.sip_port};rport;branch={branch}"]
        to = request.to if request.to.tag else request.to.tagged(to_tag(request, self.tokens))
        self._common(request, lines, (str(request.from_), str(to), request.call_id))
        return to_process(print_message(f"SIP/2.0 {how.status} {how.phrase}", [*lines, *how.lines]), process.sip_port)

    def _common(self, message: Message, lines: list[str], written: tuple[str, ...] = ()) -> None:
        """From, To, Call-ID and CSeq: as a process may see them, or as `written`."""
        from_, to, call_id = written or (str(message.from_), str(message.to), message.call_id)
        lines += (
            f"From: {from_}",
            f"To: {to}",
            f"Call-ID: {call_id}",
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
        # Even a plain From does not come back as it was: PJSIP leaves the port out (RFC 3261, 19.1.1).
        written = (request.from_.written, request.to.written, request.written_call_id)
        text = "\0".join((text, "\n".join(written), "\n".join(others)))
        branch = self._inside_branch(top, request)
        return f"SIP/2.0/UDP {LOOPBACK}:{self.settings.inside_port};branch={branch};s4={pack(text, self.tokens)}"

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

    def _unpacked(self, response: Response) -> Unpacked:
        ours = response.vias[0]
        try:
            text, written, others = unpack(ours.param("s4") or "", self.tokens).split("\0")
            from_, to, call_id = written.split("\n")
            first, top, *rest = text.split("\n")
            source, vias = parse_connection(first), [parse_via(top), *(parse_lower_via(item) for item in rest)]
        except ValueError:
            raise MalformedError("via-not-ours") from None
        if source is None or ours.branch != self._inside_branch(vias[0], response):
            raise MalformedError("via-not-ours")
        return Unpacked(vias, source, from_, to, call_id, tuple(others.split("\n")) if others else ())


@attrs.frozen
class Hop:
    """Where a request goes next, and the Request-URI and Route values that it carries there."""

    uri: str
    routes: tuple[str, ...]
    to: Address
    transport: str
    otherwise: Address | None = None

    def send(self, packet: bytes) -> Send:
        """The packet for this hop."""
        return Send(packet, self.to, self.transport, self.otherwise)


def hop_to(target: Uri, routes: list[NameAddr], connection: Connection | None = None) -> Hop:
    """The next hop by route set and remote target (RFC 3261, 12.2.1.1). Raises MalformedError if there is none.

    A first route without `lr` is a strict router: it becomes the Request-URI, and the remote target the last Route.
    `connection` is used where the far side has its own on TCP (RFC 5923), and where its URI leads nowhere.
    """
    uri, values = target.text, tuple(route.bare for route in routes)
    if routes and not is_loose(routes[0]):
        uri, values = routes[0].uri.text, (*values[1:], f"<{target.text}>")
    try:
        to, transport = next_hop(routes[0].uri if routes else target)
    except MalformedError:
        if connection is None:
            raise
        return Hop(uri, values, connection.address, connection.transport)
    if connection and connection.transport == transport == "tcp" and connection.address.host == to.host:
        return Hop(uri, values, connection.address, transport, to)
    return Hop(uri, values, to, transport)


def next_hop(uri: Uri) -> tuple[Address, str]:
    """Host, port and transport of the next hop (RFC 3263 without NAPTR and SRV). Raises MalformedError."""
    host = uri.param("maddr") or uri.host
    if uri.scheme != "sip" or uri.transport not in ("udp", "tcp") or ":" in host or "[" in host:
        raise MalformedError("next-hop")
    return Address(host, uri.port or DEFAULT_PORT), uri.transport


def _with_mandatory(response: Response) -> Response:
    """A failure that came from a target with the header field that its status must have (RFC 3261, 21.4.6, 21.4.13).

    420 without Unsupported says nothing to the caller: it is about a request of ours, and becomes 502.
    """
    if response.status == 420 and "unsupported" not in response.fields:
        return attrs.evolve(response, status=502, phrase="Bad Gateway")
    name, value = {405: ALLOW, 415: ACCEPT}.get(response.status, ": ").split(": ")
    if not name or name.lower() in response.fields:
        return response
    return attrs.evolve(response, fields=response.fields | {name.lower(): [value]})


def _phrase(response: Response) -> str:
    return response.phrase if response.phrase.isascii() and response.phrase else "-"


def _as_is(message: Message) -> tuple[bytes, str]:
    kind = message.first("content-type")
    return (message.body, kind) if kind else (b"", "")
