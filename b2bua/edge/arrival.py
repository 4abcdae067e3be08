"""What an INVITE says about the call it brings, as the desk is told.

Rule: nothing is interpreted here: numbers are passed on as sent, only unescaped; what they mean is for
`routing`.
"""

from urllib.parse import unquote

from b2bua.edge import guard
from b2bua.edge.desk import NewCall
from b2bua.edge.grammar import MalformedError, NameAddr, Uri, parse_name_addr, parse_uri
from b2bua.edge.headers import cleaned
from b2bua.edge.limits import Address
from b2bua.edge.message import Request
from b2bua.link import InviteKey
from b2bua.trunks import Trunk


def key_of(request: Request) -> InviteKey:
    """What names the initial INVITE that this request is, cancels or acknowledges."""
    return InviteKey(request.call_id, request.from_.tag)


def new_call(request: Request, trunk: Trunk, source: Address, transport: str) -> NewCall:
    """The call in an initial INVITE that has passed `guard`."""
    asserted = _asserted(request)
    party = asserted or request.from_
    return NewCall(
        trunk=trunk,
        dialled=_user(parse_uri(request.uri)) or _user(request.to.uri),
        caller="" if asserted is None and _anonymous(request.from_.uri) else _user(party.uri),
        display=_utf8(party.display),
        withheld=_withheld(request),
        key=key_of(request),
        max_forwards=guard.hops_left(request),
        source=source,
        transport=transport,
        diversion=_cleaned(request, "diversion") or _cleaned(request, "history-info"),
        session_id=_cleaned(request, "session-id"),
    )


def _cleaned(request: Request, name: str) -> str:
    """The first value of a header field, if it is well formed."""
    line = cleaned(name, request.first(name) or "") or ""
    return line.partition(": ")[2]


def _asserted(request: Request) -> NameAddr | None:
    """The first P-Asserted-Identity with a number in it (RFC 3325, 9.1)."""
    try:
        identities = [parse_name_addr(item) for item in request.listed("p-asserted-identity")]
    except MalformedError:
        return None
    return next((identity for identity in identities if _user(identity.uri)), None)


def _user(uri: Uri) -> str:
    """The user part without the parameters of a telephone-subscriber (RFC 3261, 19.1.6)."""
    return unquote(uri.user.partition(";")[0], encoding="utf-8", errors="replace")


def _anonymous(uri: Uri) -> bool:
    return uri.user.lower() == "anonymous" or uri.host == "anonymous.invalid"


def _withheld(request: Request) -> bool:
    """Privacy asked for by RFC 3323 values, or by an anonymous From (RFC 3323, 4.1)."""
    wishes = {wish.strip().lower() for value in request.fields.get("privacy", ()) for wish in value.split(";")}
    return bool(wishes & {"id", "user", "header", "session"}) or _anonymous(request.from_.uri)


def _utf8(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", errors="replace")
