"""What the edge refuses by itself (RFC 3261, 8.2 and 16.3), before any call process or plan is asked.

Rule: a request that passes has a known method, a readable Request-URI, hops left (Max-Forwards), no required extension
that is not supported, and the header fields that its method needs: PJSIP aborts on what is missing.
"""

from typing import Final

from b2bua.edge.far_side import parse_route
from b2bua.edge.grammar import MalformedError, NameAddr, Uri, parse_name_addr, parse_uri
from b2bua.edge.message import Message, Request, is_token
from b2bua.edge.responses import ACCEPT, ALLOW, ALLOWED, EXTENSIONS, NO_DIALOG, PlannedResponse
from routing.sip_uri import MOST_URI_BYTES

MOST_ROUTES: Final = 24
MOST_STACK_BYTES: Final = 1_500
USUAL_HOPS: Final = 70
_KNOWN_ELSEWHERE: Final = frozenset(("REGISTER", "PUBLISH", "MESSAGE"))
_IN_DIALOG_ONLY: Final = frozenset(("REFER", "NOTIFY"))


def refusal(request: Request) -> PlannedResponse | None:
    """The answer to a request that goes no further; None if it may."""
    for check in (_syntax, _method, _line, _hops, _required, _stack, _parts):
        if answer := check(request):
            return answer
    return None


def _syntax(request: Request) -> PlannedResponse | None:
    """A Request-URI that cannot be read is 400 in any method; one of another scheme is looked at later (416)."""
    if len(request.uri) > MOST_URI_BYTES or request.uri.partition(":")[0].lower() not in ("sip", "sips", "tel"):
        return None
    try:
        uri = parse_uri(request.uri)
    except MalformedError:
        return PlannedResponse(400, "Bad Request-URI")
    return PlannedResponse(400, "Bad Request-URI") if uri.headers else None


def _method(request: Request) -> PlannedResponse | None:
    if request.verb == "SUBSCRIBE":
        return PlannedResponse(489, "Bad Event")
    if request.verb in _IN_DIALOG_ONLY and not request.to.tag:
        return NO_DIALOG
    if request.verb in ALLOWED:
        return None
    if request.verb in _KNOWN_ELSEWHERE | _IN_DIALOG_ONLY:
        return PlannedResponse(405, "Method Not Allowed", (ALLOW,))
    # Before the CSeq's method is compared: 501 has "better future-proof characteristics" (RFC 4475, 3.1.2.18).
    return PlannedResponse(501, "Not Implemented", (ALLOW,))


def _line(request: Request) -> PlannedResponse | None:
    if request.verb != request.method:
        return PlannedResponse(400, "CSeq Method Differs")
    if request.truncated:
        return PlannedResponse(400, "Content-Length Is Wrong")
    if len(request.uri) > MOST_URI_BYTES:
        return PlannedResponse(414, "Request-URI Too Long")
    scheme = request.uri.partition(":")[0].lower()
    if scheme in ("sip", "tel"):
        return None
    if is_token(scheme):
        return PlannedResponse(416, "Unsupported URI Scheme")
    return PlannedResponse(400, "Bad Request-URI")


def _hops(request: Request) -> PlannedResponse | None:
    values = request.fields.get("max-forwards")
    if values is None:
        return None
    if len(values) != 1 or not (values[0].isascii() and values[0].isdigit()) or int(values[0][:6]) > 255:
        return PlannedResponse(400, "Bad Max-Forwards")
    # CANCEL is hop by hop: it goes as far as its INVITE went (RFC 3261, 9.2 and 16.10). OPTIONS ends here: "an endpoint
    # should process the request as if the Max-Forwards field value were still positive" (RFC 4475, 3.3.11).
    is_forwarded = request.verb not in ("CANCEL", "OPTIONS")
    return PlannedResponse(483, "Too Many Hops") if int(values[0]) == 0 and is_forwarded else None


def hops_left(request: Request) -> int:
    """Max-Forwards for the next hop (RFC 3261, 16.6, step 3)."""
    return max(0, int(request.first("max-forwards") or USUAL_HOPS + 1) - 1)


def _required(request: Request) -> PlannedResponse | None:
    if request.verb == "CANCEL":
        return None
    tags = [tag.strip() for name in ("require", "proxy-require") for value in request.fields.get(name, ())
            for tag in value.split(",") if tag.strip()]  # fmt: skip
    known = EXTENSIONS if "proxy-require" not in request.fields else ()
    unknown = [tag for tag in tags if tag.lower() not in known]
    if not unknown:
        return None
    # An option tag that is not a token cannot be named in Unsupported.
    if not all(is_token(tag) for tag in unknown):
        return PlannedResponse(400, "Bad Require")
    return PlannedResponse(420, "Bad Extension", (f"Unsupported: {', '.join(unknown[:20])}",))


def _stack(request: Request) -> PlannedResponse | None:
    """513: a process copies Via and Record-Route into its answer, which must fit into PJSIP's 4,000 bytes too."""
    size = sum(len(value) for name in ("via", "record-route") for value in request.fields.get(name, ()))
    return PlannedResponse(513, "Message Too Large") if size > MOST_STACK_BYTES else None


def _parts(request: Request) -> PlannedResponse | None:
    try:
        routes(request)
        if request.verb == "INVITE":
            if not request.from_.tag:
                return PlannedResponse(400, "From Has No Tag")
            if contact(request) is None:
                return PlannedResponse(400, "Contact Is Missing")
            if not _takes_sdp(request):
                return NOT_ACCEPTABLE_BODY
        elif request.verb == "UPDATE":
            contact(request)
    except MalformedError as fault:
        return PlannedResponse(400, f"Bad Request ({fault})")
    if request.verb == "PRACK" and "rack" not in request.fields:
        return PlannedResponse(400, "RAck Is Missing")
    return None


def _takes_sdp(request: Request) -> bool:
    """Whether an answer may have a body (RFC 3261, 20.1). An Accept without value is taken for none: whoever offers SDP
    takes it."""
    ranges = [item.partition(";")[0].strip().lower() for value in request.fields.get("accept", ())
              for item in value.split(",") if item.strip()]  # fmt: skip
    return not ranges or any(item in ("application/sdp", "application/*", "*/*") for item in ranges)


NOT_ACCEPTABLE_BODY: Final = PlannedResponse(
    406, "Not Acceptable", (ACCEPT, 'Warning: 399 switch400 "An answer needs application/sdp"')
)


def contact(message: Message) -> Uri | None:
    """The one Contact URI, or None. Raises MalformedError for several, or for one that is no SIP URI.

    An INVITE of RFC 2543, which need not have one, is reached by its From (there 6.13).
    """
    values = message.listed("contact")
    if not values:
        is_old = not message.vias[0].branch.startswith("z9hG4bK")
        return message.from_.uri if isinstance(message, Request) and is_old and message.verb == "INVITE" else None
    if len(values) > 1:
        raise MalformedError("several-contacts")
    uri = parse_name_addr(values[0]).uri
    if uri.scheme not in ("sip", "sips") or uri.headers or uri.transport not in ("udp", "tcp", "tls"):
        raise MalformedError("contact-uri")
    return uri


def sound_contact(message: Message) -> Uri | None:
    """The one Contact URI, or None where there is none that could be read."""
    try:
        return contact(message)
    except MalformedError:
        return None


def reachable_contact(message: Message) -> Uri | None:
    """The one Contact URI, or None where there is none that we can reach."""
    uri = sound_contact(message)
    return uri if uri and uri.scheme == "sip" and not uri.host.startswith("[") and uri.transport != "tls" else None


def routes(message: Message, name: str = "record-route") -> list[NameAddr]:
    """Record-Route or Route values. Raises MalformedError."""
    values = [parse_route(item) for item in message.listed(name)]
    if len(values) > MOST_ROUTES or any(value.uri.scheme not in ("sip", "sips") for value in values):
        raise MalformedError(name)
    return values
