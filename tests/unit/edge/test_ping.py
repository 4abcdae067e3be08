"""Pings: who is up, who is down, and when that is said."""

from ipaddress import IPv4Network

import pytest

from b2bua.config.trunks import Gateway, Trunk
from b2bua.edge.core import Edge
from b2bua.edge.ping import Reachability
from b2bua.edge.rate_limit import Address
from b2bua.edge.settings import Send
from routing.ids import TrunkName
from tests.unit.edge.stage import SECRET, SETTINGS, ScriptedAdmission, field, response_to, start

GATEWAY = Gateway("gw", "198.51.100.7", 5070)
TRUNK = Trunk(TrunkName("carrier"), (IPv4Network("192.0.2.0/24"),), ping="192.0.2.10:5060", transport="tcp")


class Watch:
    """An edge whose clock goes by the second, and what it said."""

    def __init__(self, *, trunks: list[Trunk], gateways: list[Gateway]) -> None:
        self.said: list[Reachability] = []
        self.now_s = 100.0
        self.edge = Edge(SETTINGS, SECRET, ScriptedAdmission(), trunks, gateways, self.said.append)

    def seconds(self, count: int) -> list[Send]:
        """What is sent while time goes by."""
        sends: list[Send] = []
        for _ in range(count):
            sends += self.edge.tick(self.now_s)
            self.now_s += 1.0
        return sends


@pytest.mark.req("S5")
def test_any_answer_is_up_with_its_round_trip() -> None:
    """RFC 3261, 11: even 404 shows that somebody is there; the next ping comes 30 s later."""
    watch = Watch(trunks=[], gateways=[GATEWAY])
    (ping,) = watch.seconds(1)
    assert (start(ping), ping.to) == ("OPTIONS sip:198.51.100.7:5070 SIP/2.0", ("198.51.100.7", 5070))
    answer = response_to(ping, 404, "Not Found")
    assert watch.edge.receive(answer, Address("198.51.100.7", 5070), "udp", 100.012) == []
    assert watch.said == [Reachability("gw", True, 12.0)]
    assert watch.seconds(29) == []
    assert len(watch.seconds(2)) == 1


@pytest.mark.req("S5")
def test_two_misses_are_down_and_said_once() -> None:
    """One lost datagram is not believed; the second silence is, once; an answer brings it up again."""
    watch = Watch(trunks=[TRUNK], gateways=[])
    first, second = watch.seconds(13)
    assert first.transport == "tcp"
    assert field(first, "Call-ID") != field(second, "Call-ID")
    assert watch.said == [Reachability("carrier", up=False)]
    watch.seconds(60)
    assert watch.said == [Reachability("carrier", up=False)]
    while not (again := watch.seconds(1)):
        pass
    watch.edge.receive(response_to(again[0], 200, "OK"), Address("192.0.2.10", 5060), "tcp", watch.now_s)
    assert watch.said[-1].up is True


@pytest.mark.req("S5")
def test_a_refused_connection_counts_as_a_miss() -> None:
    """What could not even be sent need not be waited for."""
    watch = Watch(trunks=[TRUNK], gateways=[])
    for _ in range(2):
        (ping,) = watch.seconds(2)
        assert watch.edge.undelivered(ping, watch.now_s) == []
    assert watch.said == [Reachability("carrier", up=False)]


@pytest.mark.req("S5")
def test_a_forged_answer_is_no_answer() -> None:
    """A response with a branch of somebody's own making changes nothing."""
    watch = Watch(trunks=[], gateways=[GATEWAY])
    (ping,) = watch.seconds(1)
    forged = response_to(ping, 200, "OK").replace(b"z9hG4bKping-", b"z9hG4bKping-0")
    watch.edge.receive(forged, Address("198.51.100.7", 5070), "udp", watch.now_s)
    assert watch.said == []
