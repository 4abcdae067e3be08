"""Trunks and gateways: who may bring and take calls, as pings, operators and ended calls have it."""

from ipaddress import IPv4Network

import attrs
import pytest

from b2bua.admission.peer_status import PeerStatus
from b2bua.calls.active_calls import ActiveCalls
from b2bua.config.configuration import Config
from b2bua.config.trunks import Gateway, Trunk
from b2bua.console.feed import Mirror
from b2bua.console.rows import ALARMS, GATEWAYS, TRUNKS, Service
from b2bua.edge.ping import Reachability
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.records.call_record import CallRecord
from routing.cause import BUSY, NETWORK_OUT_OF_ORDER
from routing.ids import TrunkName
from tests.support.samples import ended_record, ending, talking_record

CARRIER = Trunk(TrunkName("carrier"), (IPv4Network("192.0.2.0/24"),), ping="192.0.2.10:5060", capacity=30)
QUIET = Trunk(TrunkName("quiet"), (IPv4Network("198.51.100.1/32"),))
FIRST, SECOND = Gateway("first", "192.0.2.20"), Gateway("second", "192.0.2.21")


@attrs.define
class Street:
    """A neighbourhood with all that it needs, and a console that looks on."""

    live: FeedPublisher = attrs.field(factory=FeedPublisher)
    board: ActiveCalls = attrs.field(init=False)
    all: PeerStatus = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        config = Config(trunk={"carrier": CARRIER, "quiet": QUIET}, gateway={"first": FIRST, "second": SECOND})
        self.board = ActiveCalls(lambda _: None, self._show)
        self.all = PeerStatus(config, self.board)

    def _show(self, record: CallRecord) -> None:
        self.all.ended(record)

    def reached(self, news: Reachability) -> None:
        """An OPTIONS was answered or not, told to the consoles."""
        for change in self.all.reached(news):
            self.live.peer_changed(change)

    def row(self, topic: str, name: str) -> dict[str, object]:
        """A row as a console sees it now."""
        self.live.peers(self.all.rows())
        mirror = Mirror()
        mirror.replace(self.live.feed.snapshot((topic,)))
        return mirror.rows(topic).get(name, {})


@pytest.mark.req("R11", "N7")
def test_a_silent_neighbour_is_an_alarm_until_it_answers() -> None:
    """Falling silent raises one alarm, answering again calms it; who is never pinged counts as up."""
    street = Street()
    assert street.row(TRUNKS, "carrier")["up"] is None
    assert street.row(TRUNKS, "quiet")["up"] is True
    street.reached(Reachability("carrier", up=True, round_trip_ms=3.4))
    street.reached(Reachability("carrier", up=False))
    street.reached(Reachability("carrier", up=False))
    assert list(street.live.feed.snapshot((ALARMS,)).state[ALARMS]) == ["trunk-down/carrier"]
    row = street.row(TRUNKS, "carrier")
    assert (row["up"], row["rtt_ms"]) == (False, 3)
    street.reached(Reachability("quiet", up=False))
    assert street.row(TRUNKS, "quiet")["up"] is True
    street.reached(Reachability("carrier", up=True, round_trip_ms=5.0))
    assert not street.live.feed.snapshot((ALARMS,)).state[ALARMS]


@pytest.mark.req("R11")
def test_a_dead_gateway_is_tried_last_and_one_out_of_service_never() -> None:
    """Calls go to those that answer first; to one that does not only when no other is left."""
    street = Street()
    assert street.all.gateways() == [FIRST, SECOND]
    street.reached(Reachability("first", up=False))
    assert street.all.gateways() == [SECOND, FIRST]
    street.all.set_service(GATEWAYS, "second", Service.OUT)
    assert street.all.gateways() == [FIRST]
    assert street.all.knows(GATEWAYS, "second")
    assert not street.all.knows(GATEWAYS, "third")


@pytest.mark.req("R11", "T4")
def test_a_draining_trunk_is_out_when_its_last_call_has_ended() -> None:
    """Draining refuses new calls at once and lets those that are up go on; then the trunk is out by itself."""
    street = Street()
    street.board.take(talking_record("c-1", 1))
    street.all.set_service(TRUNKS, "carrier", Service.DRAINING)
    assert not street.all.takes_calls(CARRIER)
    row = street.row(TRUNKS, "carrier")
    assert (row["service"], row["live"], row["capacity"]) == ("draining", 1, 30)
    street.board.take(ended_record("c-1", 2))
    assert street.row(TRUNKS, "carrier")["service"] == "out"
    street.all.set_service(TRUNKS, "carrier", Service.IN)
    assert street.all.takes_calls(CARRIER)


@pytest.mark.req("R11")
def test_failures_are_counted_by_cause_and_only_where_the_caller_is_not_to_blame() -> None:
    """Of three calls one ended well, one met a busy target, one failed upstream: what failed is told by its cause."""
    street = Street()
    street.board.take(ended_record("c-1", 1))
    street.board.take(attrs.evolve(ended_record("c-2", 1), ending=ending(NETWORK_OUT_OF_ORDER)))
    street.board.take(attrs.evolve(ended_record("c-3", 1), ending=ending(BUSY), trunk="nobody"))
    row = street.row(TRUNKS, "carrier")
    assert (row["calls"], row["failures"]) == (2, {NETWORK_OUT_OF_ORDER.slug: 1})
