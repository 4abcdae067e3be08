"""REFER (RFC 3515) from a target's telephone: read and checked.

Rule: no REFER reaches a call process as SIP: PJSIP 2.15.1 was seen to abort in `pjsip_dlg_respond` on one that came
while the call was being hung up. A sound one is answered 202 here and sent to the process as an `ipc` message; the
process sends the NOTIFYs and asks the plan whether the transfer is allowed.
"""

import re
from typing import Final
from urllib.parse import unquote

import attrs

from b2bua.edge.grammar import MalformedError, Uri, parse_name_addr
from b2bua.edge.headers import cleaned
from b2bua.edge.message import Request
from b2bua.edge.responses import PlannedResponse

NO_SUBSCRIPTION: Final = "Refer-Sub: false"
DECLINED: Final = PlannedResponse(603, "Decline")
_HEADERS = re.compile(r"([^?]*<[^<>?]*)\?([^<>]{1,1024})(>[^?]*)")
_PART = re.compile(r";\s*(to-tag|from-tag)\s*=\s*([^;\s]+)", re.IGNORECASE)


@attrs.frozen
class Replaces:
    """A dialog that is to be replaced, as named by the peer at its other end (RFC 3891, 3)."""

    call_id: str
    to_tag: str
    from_tag: str

    def __str__(self) -> str:
        return f"{self.call_id};to-tag={self.to_tag};from-tag={self.from_tag}"


@attrs.frozen
class ReferTo:
    """Where a REFER leads; `quiet`: its sender wants no NOTIFY (RFC 4488)."""

    uri: Uri
    replaces: Replaces | None
    quiet: bool

    @property
    def address(self) -> str:
        """The SIP URI, or a telephone number."""
        return self.uri.text if self.uri.scheme == "sip" else self.uri.user


def read(request: Request) -> ReferTo | PlannedResponse:
    """What a REFER asks for, or why it cannot be taken (RFC 3515, 2.4.2)."""
    try:
        values = request.listed("refer-to")
        if len(values) != 1:
            return PlannedResponse(400, "Exactly One Refer-To Is Wanted")
        address, headers = _parted(values[0])
        uri = parse_name_addr(address).uri
        replaces = _replaces(headers)
    except MalformedError as fault:
        return PlannedResponse(400, f"Bad Refer-To ({fault})")
    if uri.scheme not in ("sip", "tel"):
        return PlannedResponse(416, "Unsupported URI Scheme")
    if _method(uri) != "INVITE":
        return DECLINED
    return ReferTo(uri, replaces, (request.first("refer-sub") or "true").lower() == "false")


def _parted(value: str) -> tuple[str, str]:
    """A name-addr without its URI's headers, and the headers: together they may exceed `MOST_URI_BYTES`."""
    found = _HEADERS.fullmatch(value)
    return (found[1] + found[3], found[2]) if found else (value, "")


def _method(uri: Uri) -> str:
    params = dict(param.partition("=")[::2] for param in uri.params.split(";"))
    return params.get("method", "INVITE")


def _replaces(headers: str) -> Replaces | None:
    """The Replaces among a URI's headers; the others are not for us. Raises MalformedError."""
    pairs = (header.partition("=") for header in headers.split("&"))
    values = [value for name, _, value in pairs if name.lower() == "replaces"]
    if not values:
        return None
    text = unquote(values[0], encoding="latin-1")
    if len(values) > 1 or cleaned("replaces", text) is None:
        raise MalformedError("replaces")
    tags = {name.lower(): tag for name, tag in _PART.findall(text)}
    if len(tags) != 2:
        raise MalformedError("replaces-tags")
    return Replaces(text.partition(";")[0].strip(), tags["to-tag"], tags["from-tag"])
