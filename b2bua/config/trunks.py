"""Trunks and gateways, the SIP peers of this switch, as the configuration names them.

Rule: each value is checked when the configuration is read, so that no other room checks it again.
"""

import re
from ipaddress import IPv4Network
from typing import Final, Literal

import attrs

from routing.ids import TrunkName

_PING: Final = re.compile(r"[\w.-]+:\d{1,5}")


IMS_HEADERS: Final = (
    "User-to-User", "Session-ID", "History-Info", "Diversion", "P-Early-Media", "P-Asserted-Identity",
)  # fmt: skip
"""What IMS peers expect to go through: RFC 7433, 7989, 7044, 5806, 5009; RFC 3325 for the connected identity."""

_HEADER: Final = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]{1,64}")
_OF_EACH_LEG: Final = frozenset(
    ("via", "route", "record-route", "max-forwards", "from", "to", "call-id", "cseq", "contact", "content-length",
     "content-type", "content-encoding", "content-disposition", "mime-version", "allow", "supported", "require",
     "proxy-require", "unsupported", "session-expires", "min-se", "rack", "rseq", "replaces", "refer-to", "referred-by",
     "event", "allow-events", "subscription-state", "expires", "authorization", "proxy-authorization",
     "www-authenticate", "proxy-authenticate", "authentication-info", "reason", "retry-after", "privacy",
     "s400-max-forwards", "v", "f", "t", "i", "m", "l", "c", "e", "k", "o", "u", "r", "b", "x")
)  # fmt: skip


def _passable(_: object, __: object, names: tuple[str, ...]) -> None:
    for name in names:
        if not _HEADER.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a SIP header field")
        if name.lower() in _OF_EACH_LEG:
            raise ValueError(f"{name} is written anew for each leg and cannot be passed on")


def _pingable(_: object, __: object, text: str) -> None:
    if text and not _PING.fullmatch(text):
        raise ValueError(f"{text!r} should be HOST:PORT, such as 192.0.2.1:5060")


@attrs.frozen
class Trunk:
    """A carrier's SIP trunk, from which calls to 400 numbers come.

    `sources` are the networks it sends from. `capacity` is the most calls up at once (0: no limit of its own).
    `early_media`: the carrier plays to the caller what is sent before the answer. `ping` is the `host:port` that
    OPTIONS go to, empty for none; `transport` is how. `mobile_targets`: the carrier lets calls to its 400 numbers go on
    to mobiles (W1).
    `pass_headers` are the header fields that go on between its callers and their targets as they came
    (`b2bua.edge.passed_headers`).
    """

    name: TrunkName
    sources: tuple[IPv4Network, ...]
    capacity: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    early_media: bool = True
    ping: str = attrs.field(default="", validator=_pingable)
    transport: Literal["udp", "tcp"] = "udp"
    mobile_targets: bool = True
    pass_headers: tuple[str, ...] = attrs.field(default=IMS_HEADERS, validator=_passable)


@attrs.frozen
class Gateway:
    """Where calls to telephone numbers are sent: `host` (name or IPv4 literal), `port`, `transport` (`udp`, `tcp`)."""

    name: str
    host: str
    port: int = attrs.field(default=5060, validator=attrs.validators.in_(range(1, 65536)))
    transport: Literal["udp", "tcp"] = "udp"
    capacity: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    ping: bool = True
