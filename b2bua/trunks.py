"""The neighbours that calls come from and go to, as the configuration names them."""

from ipaddress import IPv4Network

import attrs

from routing.ids import TrunkName


@attrs.frozen
class Trunk:
    """A carrier's SIP trunk: whom we take calls from.

    `sources` are the networks it sends from. `capacity` is the most calls up at once (0: no limit of its own).
    `early_media`: its side plays audio sent before the answer. `ping` is the `host:port` that OPTIONS go to, empty for
    none; `transport` is how.
    """

    name: TrunkName
    sources: tuple[IPv4Network, ...]
    capacity: int = 0
    early_media: bool = True
    ping: str = ""
    transport: str = "udp"


@attrs.frozen
class Gateway:
    """Where calls to telephone numbers are sent: `host` (name or IPv4 literal), `port`, `transport` (`udp`, `tcp`)."""

    name: str
    host: str
    port: int = 5060
    transport: str = "udp"
    capacity: int = 0
    ping: bool = True
