"""What an INVITE says about the call it brings, for admission.

Rule: numbers are passed on as sent, only unescaped; what they mean is decided by `admission` and `routing`.
"""

import re
from contextlib import suppress
from typing import Final
from urllib.parse import unquote

from b2bua.config.trunks import Trunk
from b2bua.edge import guard
from b2bua.edge.admission import NewCall
from b2bua.edge.grammar import MalformedError, Uri, parse_uri, split_list
from b2bua.edge.headers import cleaned
from b2bua.edge.message import Request
from b2bua.edge.party import Party, parse_party
from b2bua.edge.rate_limit import Address
from b2bua.ipc.protocol import InviteKey

_CATEGORY: Final = re.compile(r"[a-z0-9\-]{1,32}")


def key_of(request: Request) -> InviteKey:
    """The name of the initial INVITE that this request is, cancels or acknowledges."""
    return InviteKey(request.call_id, request.from_.tag)


def new_call(request: Request, trunk: Trunk, source: Address, transport: str) -> NewCall:
    """The call in an initial INVITE that has passed `guard`."""
    identities = _identities(request, "p-asserted-identity")
    is_known = bool(_user(request.from_.uri)) and not _anonymous(request.from_.uri)
    parties = identities or ([] if is_known else _identities(request, "remote-party-id"))
    asserted = next(iter(parties), None)
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
        category=_category(parties or [request.from_]),
    )


def _cleaned(request: Request, name: str) -> str:
    """The first value of a header field, if it is well formed."""
    line = cleaned(name, request.first(name) or "") or ""
    return line.partition(": ")[2]


def _identities(request: Request, name: str) -> list[Party]:
    """The values with a number in them of P-Asserted-Identity (RFC 3325, 9.1), or of the older Remote-Party-ID
    (draft-ietf-sip-privacy-04). A value that cannot be read takes nothing from the others."""
    found: list[Party] = []
    for value in request.fields.get(name, ()):
        with suppress(MalformedError):
            for item in split_list(value):
                with suppress(MalformedError):
                    found.append(parse_party(item))
    return [party for party in found if _user(party.uri) and dict(party.params).get("party", "calling") == "calling"]


def _category(parties: list[Party]) -> str:
    """The first `cpc` of these parties (draft-mahy-iptel-cpc; 3GPP TS 24.229, 7.2A.12), in lower case.

    It belongs to the telephone-subscriber: a parameter of a tel URI, or of a SIP URI's user part. Carriers also write
    it among the SIP URI's own, and after an address without angle brackets it reads as the field's (RFC 3261, 20.10).
    """
    for party in parties:
        own = [f"{name}={value}" for name, value in party.params]
        for param in (*party.uri.user.split(";")[1:], *party.uri.params.split(";"), *own):
            name, _, value = param.lower().partition("=")
            if name == "cpc" and _CATEGORY.fullmatch(value):
                return value
    return ""


def _user(uri: Uri) -> str:
    """The user part without the parameters of a telephone-subscriber (RFC 3261, 19.1.6)."""
    return unquote(uri.user.partition(";")[0], encoding="utf-8", errors="replace")


def _anonymous(uri: Uri) -> bool:
    return uri.user.lower() == "anonymous" or uri.host == "anonymous.invalid"


def _withheld(request: Request) -> bool:
    """Privacy asked for by RFC 3323 values, by Remote-Party-ID's, or by an anonymous From (RFC 3323, 4.1)."""
    wishes = {wish.strip().lower() for value in request.fields.get("privacy", ()) for wish in value.split(";")}
    wishes |= {dict(party.params).get("privacy") or "" for party in _identities(request, "remote-party-id")}
    return bool(wishes & {"id", "user", "header", "session", "full", "uri"}) or _anonymous(request.from_.uri)


def _utf8(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", errors="replace")
