"""What a process's requests in a dialog need to reach the far side, and PJSIP must not see or cannot keep.

It travels packed in a parameter of the URIs that a process gets from us, our Route and the far side's Contact, which
PJSIP puts into each request of the dialog (RFC 3261, 12.2.1.1). So nothing is remembered here, and a restarted edge
still knows it. A dialog that needs none of this (the usual one) has no parameter.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest
from typing import Final

import attrs

from b2bua.edge.grammar import MalformedError, NameAddr, Uri, parse_name_addr, parse_uri
from b2bua.edge.rate_limit import Address
from b2bua.edge.token import DialogTokens
from routing.sip_uri import MOST_URI_BYTES

MOST_UNPACKED_BYTES: Final = 32_000
_COMPRESSED_FROM: Final = 900
"""Shorter text is not worth the time."""
PARAM: Final = "s4"


def pack(text: str, tokens: DialogTokens) -> str:
    """Text as a token that only we can make, compressed where that is worth it."""
    octets, mark = text.encode("latin-1"), "-"
    if len(octets) > _COMPRESSED_FROM:
        octets, mark = zlib.compress(octets), "z"
    packed = mark + urlsafe_b64encode(octets).decode("ascii").rstrip("=")
    return f"{packed}.{tokens.mac('packed', packed)}"


def unpack(token: str, tokens: DialogTokens) -> str:
    """The text of `pack`. Raises MalformedError for what we did not make."""
    packed, _, mac = token.partition(".")
    if not packed.isascii() or not compare_digest(mac.encode("latin-1"), tokens.mac("packed", packed).encode()):
        raise MalformedError("not-packed-by-us")
    try:
        octets = urlsafe_b64decode(packed[1:] + "=" * (-len(packed[1:]) % 4))
        if packed[:1] == "z":
            octets = zlib.decompressobj().decompress(octets, MOST_UNPACKED_BYTES)
    except (ValueError, zlib.error):
        raise MalformedError("not-packed-by-us") from None
    return octets.decode("latin-1")


@attrs.frozen
class Connection:
    """Where the far side's messages come from; on TCP its own connection is used (RFC 5923)."""

    transport: str
    address: Address

    def __str__(self) -> str:
        return f"{self.transport} {self.address.host} {self.address.port}"


def parse_connection(text: str) -> Connection | None:
    """What `str` made of one, None of an empty text. Raises ValueError."""
    if not text:
        return None
    transport, host, port = text.split(" ")
    return Connection(transport, Address(host, int(port)))


@attrs.frozen
class FarSide:
    """`call_id` and `remote` (From or To) as the far side writes them, empty where PJSIP writes them right; the route
    set, next hop first; and the far side's connection, if it is known."""

    call_id: str = ""
    remote: str = ""
    routes: tuple[str, ...] = ()
    connection: Connection | None = None

    def packed(self, tokens: DialogTokens) -> str:
        """As a parameter of a URI of ours, with its mark; empty if there is nothing to say."""
        if self == FarSide():
            return ""
        lines = (self.call_id, self.remote, str(self.connection or ""), *self.routes)
        return f";{PARAM}={pack(chr(10).join(lines), tokens)}"


def far_side_of(ours: Uri, tokens: DialogTokens) -> FarSide:
    """What a URI of ours says. Raises MalformedError."""
    token = ours.param(PARAM)
    if token is None:
        return FarSide()
    call_id, remote, connection, *routes = unpack(token, tokens).split("\n")
    return FarSide(call_id, remote, tuple(routes), parse_connection(connection))


def is_usual(uri: Uri) -> bool:
    """Whether PJSIP can bear it as a Contact or Route: short, IPv4 or a name, UDP or TCP."""
    return bool(
        uri.scheme == "sip"
        and not uri.headers
        and not uri.host.startswith("[")
        and uri.transport in ("udp", "tcp")
        and uri.param("maddr") is None
        and len(uri.text) <= MOST_URI_BYTES
    )


def parse_route(text: str) -> NameAddr:
    """A Record-Route or Route value. Raises MalformedError.

    One without angle brackets, which RFC 3261, 20.30 has not, means its parameters for the URI: it would lose its `lr`.
    """
    bare = text.strip()
    return parse_name_addr(f"<{bare}>" if "<" not in bare else bare)


def is_loose(route: NameAddr) -> bool:
    """Whether a route is a loose router's (RFC 3261, 19.1.1: the `lr` parameter)."""
    return route.uri.param("lr") is not None


def stand_in(uri: Uri, host: str, port: int, tokens: DialogTokens) -> str:
    """A URI of ours in place of one that PJSIP cannot bear; `target_of` reads it."""
    return f"sip:far@{host}:{port};{PARAM}={pack(uri.text, tokens)}"


def target_of(ours: Uri, tokens: DialogTokens) -> Uri:
    """The URI behind `stand_in`. Raises MalformedError."""
    return parse_uri(unpack(ours.param(PARAM) or "", tokens))
