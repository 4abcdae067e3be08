"""Whether trunks and gateways can be reached: OPTIONS every 30 s (RFC 3261, 11). Sans-I/O.

Rule: a peer that answers anything, even 4xx, is up; two pings in a row without an answer in 5 s make it down.
"""

from collections.abc import Iterable
from typing import Final

import attrs

from b2bua.config.trunks import Gateway, Trunk
from b2bua.edge.message import print_message
from b2bua.edge.rate_limit import Address
from b2bua.edge.settings import DEFAULT_PORT, EdgeSettings, Send
from b2bua.edge.token import DialogTokens

EVERY_S: Final = 30.0
PATIENCE_S: Final = 5.0
MISSES_TO_DOWN: Final = 2


@attrs.frozen
class Reachability:
    """What is known of a peer: `up` is None before the first answer; `round_trip_ms` is that of the last answer."""

    name: str
    up: bool | None = None
    round_trip_ms: float | None = None


@attrs.define
class _PingTarget:
    """A peer that is pinged: when next, and the ping that waits for its answer."""

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
    """The pings of one edge; `due`, `answered` and `failed` return what they have found out."""

    def __init__(
        self, settings: EdgeSettings, tokens: DialogTokens, trunks: Iterable[Trunk], gateways: Iterable[Gateway]
    ) -> None:
        self._settings = settings
        self._tokens = tokens
        self._targets = [
            _PingTarget(trunk.name, _address(trunk.ping), trunk.transport) for trunk in trunks if trunk.ping
        ]
        self._targets += [
            _PingTarget(gateway.name, Address(gateway.host, gateway.port), gateway.transport)
            for gateway in gateways
            if gateway.ping
        ]
        self._waiting: dict[str, _PingTarget] = {}

    def due(self, now_s: float) -> tuple[list[Send], list[Reachability]]:
        """Pings to be sent now, spread over the first seconds, and the peers that have just been found down."""
        sends: list[Send] = []
        changed: list[Reachability] = []
        for number, target in enumerate(self._targets):
            if target.due_s is None:
                target.due_s = now_s + number % 10
            if target.sent_s is not None and now_s >= target.sent_s + PATIENCE_S:
                changed += self._missed(target, now_s)
            if target.sent_s is None and now_s >= target.due_s:
                sends.append(self._options(target, now_s))
        return sends, changed

    def answered(self, branch: str, now_s: float) -> Reachability | None:
        """A response with this branch has come; None if it is not to a ping that waits."""
        target = self._waiting.pop(branch, None)
        if target is None or target.sent_s is None:
            return None
        target.state = Reachability(target.name, True, round((now_s - target.sent_s) * 1000, 1))
        target.sent_s, target.misses, target.due_s = None, 0, now_s + EVERY_S
        return target.state

    def failed(self, branch: str, now_s: float) -> list[Reachability]:
        """A ping could not be sent at all."""
        target = self._waiting.get(branch)
        return self._missed(target, now_s) if target else []

    def _missed(self, target: _PingTarget, now_s: float) -> list[Reachability]:
        self._waiting.pop(target.branch, None)
        target.misses += 1
        target.sent_s = None
        # A datagram may be lost: ask again at once before believing it.
        target.due_s = now_s + (1.0 if target.misses < MISSES_TO_DOWN else EVERY_S)
        if target.misses < MISSES_TO_DOWN or target.state.up is False:
            return []
        target.state = Reachability(target.name, up=False)
        return [target.state]

    def _options(self, target: _PingTarget, now_s: float) -> Send:
        target.count += 1
        mac = self._tokens.mac("ping", target.name, str(target.count), str(now_s))
        target.branch, target.sent_s = f"z9hG4bKping-{mac}", now_s
        self._waiting[target.branch] = target
        us = f"{self._settings.public_host}:{self._settings.public_port}"
        where = f"{target.to.host}:{target.to.port}"
        lines = [
            f"Via: {self._settings.via(target.transport, target.branch)}",
            "Max-Forwards: 70",
            f"From: <sip:ping@{us}>;tag={mac[:10]}",
            f"To: <sip:{where}>",
            f"Call-ID: ping-{mac}",
            f"CSeq: {target.count} OPTIONS",
            f"Contact: <sip:{us}>",
            "Accept: application/sdp",
        ]
        packet = print_message(f"OPTIONS sip:{where} SIP/2.0", lines)
        return Send(packet, target.to, target.transport)


def _address(text: str) -> Address:
    host, _, port = text.partition(":")
    return Address(host, int(port) if port else DEFAULT_PORT)
