"""The source addresses that the edge knows: trunks, gateways, and hosts that it has sent something to.

Rule: only a trunk's address may bring a call. The others are only limited less in rate and connections than unknown
sources are, and get an answer to what is refused. Bounded to the 4,096 addresses met last.
"""

from collections import OrderedDict
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address
from typing import Final

from b2bua.config.trunks import Gateway, Trunk

MOST_MET: Final = 4_096


class Peers:
    """Looks up source addresses. Where trunks' networks overlap, the narrowest wins, then the first."""

    def __init__(self, trunks: Iterable[Trunk], gateways: Iterable[Gateway]) -> None:
        self.trunks = tuple(trunks)
        self.gateways = tuple(gateways)
        self._networks = sorted(
            ((network, trunk) for trunk in self.trunks for network in trunk.sources),
            key=lambda pair: -pair[0].prefixlen,
        )
        self._found: OrderedDict[str, Trunk | None] = OrderedDict()
        self._gateways = frozenset(gateway.host for gateway in self.gateways)
        self._met: OrderedDict[str, None] = OrderedDict()

    def trunk_of(self, host: str) -> Trunk | None:
        """The trunk that has this IPv4 address among its sources."""
        if host not in self._found:
            self._found[host] = self._search(host)
            if len(self._found) > MOST_MET:
                self._found.popitem(last=False)
        return self._found[host]

    def _search(self, host: str) -> Trunk | None:
        try:
            address = IPv4Address(host)
        except AddressValueError:
            return None
        return next((trunk for network, trunk in self._networks if address in network), None)

    def is_gateway(self, host: str) -> bool:
        """Whether this is a gateway's host as the configuration has it."""
        return host in self._gateways

    def known(self, host: str) -> bool:
        """Whether this address is a trunk's, a gateway's, or one that we have sent something to."""
        return host in self._met or host in self._gateways or self.trunk_of(host) is not None

    def meet(self, host: str) -> None:
        """We send to this address now, so an answer is to be expected from it."""
        if host in self._met:
            self._met.move_to_end(host)
            return
        self._met[host] = None
        if len(self._met) > MOST_MET:
            self._met.popitem(last=False)
