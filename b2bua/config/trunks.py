"""Trunks and gateways, the SIP peers of this switch, as the configuration names them.

Rule: each value is checked when the configuration is read, so that no other room checks it again.
"""

import re
from ipaddress import IPv4Network
from typing import Final, Literal

import attrs

from routing.ids import TrunkName

_PING: Final = re.compile(r"[\w.-]+:\d{1,5}")


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
    """

    name: TrunkName
    sources: tuple[IPv4Network, ...]
    capacity: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    early_media: bool = True
    ping: str = attrs.field(default="", validator=_pingable)
    transport: Literal["udp", "tcp"] = "udp"
    mobile_targets: bool = True


@attrs.frozen
class Gateway:
    """Where calls to telephone numbers are sent: `host` (name or IPv4 literal), `port`, `transport` (`udp`, `tcp`)."""

    name: str
    host: str
    port: int = attrs.field(default=5060, validator=attrs.validators.in_(range(1, 65536)))
    transport: Literal["udp", "tcp"] = "udp"
    capacity: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    ping: bool = True
