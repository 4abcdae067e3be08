"""Which source addresses the edge knows."""

from ipaddress import IPv4Network

import pytest

from b2bua.config.trunks import Gateway, Trunk
from b2bua.edge import peers
from b2bua.edge.peers import Peers
from routing.ids import TrunkName

WIDE = Trunk(TrunkName("wide"), (IPv4Network("192.0.2.0/24"),))
NARROW = Trunk(TrunkName("narrow"), (IPv4Network("192.0.2.8/29"),))


@pytest.mark.req("S5")
def test_the_narrowest_network_names_the_trunk() -> None:
    """Where trunks overlap; what is no IPv4 literal belongs to none."""
    known = Peers([WIDE, NARROW], [Gateway("gw", "198.51.100.7")])
    assert [known.trunk_of(host) for host in ("192.0.2.9", "192.0.2.1", "198.51.100.7", "pbx", "::1")] == [
        NARROW, WIDE, None, None, None,
    ]  # fmt: skip
    assert [known.known(host) for host in ("192.0.2.1", "198.51.100.7", "203.0.113.1")] == [True, True, False]


@pytest.mark.req("S5")
def test_hosts_that_were_sent_something_are_known_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one met longest ago is forgotten; to meet it again keeps it; no number of sources makes memory grow."""
    monkeypatch.setattr(peers, "MOST_MET", 2)
    known = Peers([WIDE], [])
    for host in ("203.0.113.1", "203.0.113.2", "203.0.113.1", "203.0.113.3"):
        known.meet(host)
    assert [known.known(f"203.0.113.{n}") for n in (1, 2, 3)] == [True, False, True]
    for n in range(9):
        known.trunk_of(f"203.0.113.{n}")
    assert len(known._found) == 2
