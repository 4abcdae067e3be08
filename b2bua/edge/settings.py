"""The edge's settings: its outside and inside addresses, rates and codecs; and a packet to be sent.

Rule: the far ends only ever see `public`; the call processes only ever see `inside`.
"""

from enum import StrEnum
from typing import Final

import attrs

from b2bua.edge.grammar import Uri
from b2bua.edge.rate_limit import Address
from b2bua.edge.sdp import USUAL

DEFAULT_PORT: Final = 5060
LOOPBACK: Final = "127.0.0.1"
MOST_INSIDE_BYTES: Final = 3_900
"""Of a message to a call process: PJSIP cuts a datagram at 4,000 bytes, and prints its answers into as many."""
INSIDE: Final = "inside"
"""The transport name of what goes to a call process."""


class UnknownSources(StrEnum):
    """What a request gets whose source is not known (`Peers.known`) and which carries no token: nothing, or 403."""

    SILENCE = "silence"
    FORBID = "forbid"


@attrs.frozen
class EdgeSettings:
    """`public_host` is the IPv4 literal that others reach us by, `public_port` the port of both UDP and TCP.

    `inside_port` is the UDP port on loopback that call processes send to; the same over restarts of the
    daemon. `invites_per_s` is how many new calls a trunk may bring each second, `packets_per_s` and
    `unknown_packets_per_s` how many datagrams are looked at from one address at all; bursts of twice that
    are allowed. `codecs` are those that call processes are set to, by name.
    """

    public_host: str
    public_port: int
    inside_port: int
    unknown_sources: UnknownSources = UnknownSources.SILENCE
    invites_per_s: float = 200.0
    packets_per_s: float = 5_000.0
    unknown_packets_per_s: float = 50.0
    codecs: tuple[str, ...] = USUAL

    @property
    def public(self) -> Address:
        """Our outside address."""
        return Address(self.public_host, self.public_port)

    def via(self, transport: str, branch: str) -> str:
        """Our Via on what goes outside."""
        return f"SIP/2.0/{transport.upper()} {self.public_host}:{self.public_port};rport;branch={branch}"

    def is_us(self, uri: Uri) -> bool:
        """Whether a Route names our inside address."""
        return uri.host == LOOPBACK and uri.port == self.inside_port


@attrs.frozen
class Send:
    """A packet to be sent. `transport` is `udp`, `tcp` or `inside` (the inside socket, to loopback).

    On TCP it goes over the connection with the peer `to` if there is one, else over a new one to `otherwise`
    or, without one, to `to` itself. `to.host` may be a name where `to` came out of a URI.
    """

    packet: bytes
    to: Address
    transport: str
    otherwise: Address | None = None


def to_process(packet: bytes, sip_port: int) -> Send:
    """For a call process."""
    return Send(packet, Address(LOOPBACK, sip_port), INSIDE)
