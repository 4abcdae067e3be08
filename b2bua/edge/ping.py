"""Are the neighbours there? OPTIONS to trunks and gateways (RFC 3261, 11), and what their answers say.

Rule: whoever answers anything at all, even 4xx, is up; two pings in a row without an answer make it down.
Sans-I/O.
"""

from collections.abc import Iterable
from typing import Final

import attrs

from b2bua.config.trunks import Gateway, Trunk
from b2bua.edge.message import print_message
from b2bua.edge.rate_limit import Address
from b2bua.edge.settings import DEFAULT_PORT, EdgeSettings, Send
from b2bua.edge.token import Tokens

EVERY_S: Final = 30.0
PATIENCE_S: Final = 5.0
MISSES_TO_DOWN: Final = 2


@attrs.frozen
class Reachability:
    """What is known of a neighbour: `up` is None before the first answer, `round_trip_ms` the last one's."""

    name: str
    up: bool | None = None
    round_trip_ms: float | None = None


@attrs.define
class _Peer:
    name: str
    to: Address
    transport: str
    due_s: float | None = None
    sent_s: float | None = None
    branch: str = ""
    count: int = 0
    misses: int = 0
    state: Reachability = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.state = Reachability(self.name)


class Pings:
    """The pings of one edge. What becomes known comes out of `due`, `answered` and `failed` as values."""

    def __init__(
        self, site: EdgeSettings, tokens: Tokens, trunks: Iterable[Trunk], gateways: Iterable[Gateway]
    ) -> None:
        self._site = site
        self._tokens = tokens
        self._peers = [_Peer(trunk.name, _address(trunk.ping), trunk.transport) for trunk in trunks if trunk.ping]
        self._peers += [
            _Peer(gateway.name, Address(gateway.host, gateway.port), gateway.transport)
            for gateway in gateways
            if gateway.ping
        ]
        self._waiting: dict[str, _Peer] = {}

    def due(self, now_s: float) -> tuple[list[Send], list[Reachability]]:
        """Pings to be sent now, spread over the first seconds, and who has just been found silent."""
        sends: list[Send] = []
        changed: list[Reachability] = []
        for number, peer in enumerate(self._peers):
            if peer.due_s is None:
                peer.due_s = now_s + number % 10
            if peer.sent_s is not None and now_s >= peer.sent_s + PATIENCE_S:
                changed += self._missed(peer, now_s)
            if peer.sent_s is None and now_s >= peer.due_s:
                sends.append(self._options(peer, now_s))
        return sends, changed

    def answered(self, branch: str, now_s: float) -> Reachability | None:
        """A response with this branch has come; None if it is not to a ping that waits."""
        peer = self._waiting.pop(branch, None)
        if peer is None or peer.sent_s is None:
            return None
        peer.state = Reachability(peer.name, True, round((now_s - peer.sent_s) * 1000, 1))
        peer.sent_s, peer.misses, peer.due_s = None, 0, now_s + EVERY_S
        return peer.state

    def failed(self, branch: str, now_s: float) -> list[Reachability]:
        """A ping could not be sent at all."""
        peer = self._waiting.get(branch)
        return self._missed(peer, now_s) if peer else []

    def _missed(self, peer: _Peer, now_s: float) -> list[Reachability]:
        self._waiting.pop(peer.branch, None)
        peer.misses += 1
        peer.sent_s = None
        # A datagram may be lost: ask again at once before believing it.
        peer.due_s = now_s + (1.0 if peer.misses < MISSES_TO_DOWN else EVERY_S)
        if peer.misses < MISSES_TO_DOWN or peer.state.up is False:
            return []
        peer.state = Reachability(peer.name, up=False)
        return [peer.state]

    def _options(self, peer: _Peer, now_s: float) -> Send:
        peer.count += 1
        mac = self._tokens.mac("ping", peer.name, str(peer.count), str(now_s))
        peer.branch, peer.sent_s = f"z9hG4bKping-{mac}", now_s
        self._waiting[peer.branch] = peer
        us = f"{self._site.public_host}:{self._site.public_port}"
        where = f"{peer.to.host}:{peer.to.port}"
        lines = [
            f"Via: {self._site.via(peer.transport, peer.branch)}",
            "Max-Forwards: 70",
            f"From: <sip:ping@{us}>;tag={mac[:10]}",
            f"To: <sip:{where}>",
            f"Call-ID: ping-{mac}",
            f"CSeq: {peer.count} OPTIONS",
            f"Contact: <sip:{us}>",
            "Accept: application/sdp",
        ]
        packet = print_message(f"OPTIONS sip:{where} SIP/2.0", lines)
        return Send(packet, peer.to, peer.transport)


def _address(text: str) -> Address:
    host, _, port = text.partition(":")
    return Address(host, int(port) if port else DEFAULT_PORT)
