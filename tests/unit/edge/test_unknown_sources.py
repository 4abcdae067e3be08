"""Who gets in: unknown, forgers, floods."""

import attrs
import pytest

from b2bua.edge.rate_limit import Buckets
from b2bua.edge.settings import UnknownSources
from tests.unit.edge.stage import SETTINGS, UNKNOWN, Stage, invite, request, start
from tests.unit.edge.test_call import in_dialog, outbound, same_hop


@pytest.mark.req("S5")
@pytest.mark.parametrize(("setting", "status"), [(UnknownSources.SILENCE, None), (UnknownSources.FORBID, 403)])
def test_a_stranger_costs_no_process(setting: UnknownSources, status: int | None) -> None:
    """Who is neither trunk nor gateway and holds no token gets silence or 403; the admission never hears of it."""
    stage = Stage(attrs.evolve(SETTINGS, unknown_sources=setting))
    for packet in (invite(), request("OPTIONS"), request("REGISTER"), request("BYE", to_tag=";tag=1")):
        sends = stage.outside(packet, UNKNOWN)
        assert [int(start(send)[8:11]) for send in sends] == ([] if status is None else [status])
    assert stage.admission.calls == []


@pytest.mark.req("S5")
def test_a_stranger_cannot_cancel_or_acknowledge_a_call_it_has_heard_of() -> None:
    """Call-ID and From tag alone are no proof: only what a peer sends goes by the table."""
    stage = Stage()
    stage.one(invite())
    for packet in (
        same_hop("CANCEL"),
        same_hop("ACK", ";tag=callee-1"),
        invite(),
        same_hop("BYE", ";tag=callee-1"),
    ):
        assert stage.outside(packet, UNKNOWN) == []
    assert stage.edge.counters["unknown-source"] == 4


@pytest.mark.req("S5")
def test_only_live_processes_are_heard_inside() -> None:
    """A datagram on the inside socket from any other port of the machine is dropped."""
    stage = Stage()
    assert stage.edge.receive_inside(outbound(), 40002, stage.now_s) == []
    assert stage.edge.counters == {"inside-unknown": 1}


@pytest.mark.req("S5")
def test_a_forged_token_or_response_goes_nowhere() -> None:
    """Nobody can make the edge send to a port on loopback: tokens and branches carry a MAC."""
    stage = Stage()
    token = stage.token()
    forged = token[:-1] + ("0" if token[-1] != "0" else "1")
    assert stage.outside(in_dialog("BYE", forged), UNKNOWN) == []
    assert start(stage.one(in_dialog("BYE", forged))).startswith("SIP/2.0 481")
    response = request("INVITE").replace(b"INVITE sip:4006001234@192.0.2.1 SIP/2.0", b"SIP/2.0 200 OK")
    assert stage.outside(response) == []
    ours = response.replace(b"192.0.2.10:5060;branch=z9hG4bKg", b"192.0.2.1:5060;branch=z9hG4bKinc1.9c41.00.x")
    assert stage.outside(ours) == []
    assert (stage.edge.counters["response-astray"], stage.edge.counters["response-forged"]) == (1, 1)


@pytest.mark.req("S5")
def test_a_flood_of_invites_is_cut_and_the_rest_goes_on() -> None:
    """Over the trunk's rate new calls get 503; calls that are up and OPTIONS are served."""
    stage = Stage(attrs.evolve(SETTINGS, invites_per_s=10.0))
    starts = [start(stage.one(invite(f"flood-{number}"))) for number in range(200)]
    assert sum(line.startswith("INVITE") for line in starts) == 20
    assert set(starts[20:]) == {"SIP/2.0 503 Too Many Calls"}
    assert start(stage.one(in_dialog("BYE", stage.token()))).startswith("BYE")
    assert start(stage.one(request("OPTIONS"))) == "SIP/2.0 200 OK"
    stage.now_s += 1.0
    assert start(stage.one(invite("later"))).startswith("INVITE")


@pytest.mark.req("S5")
def test_a_flood_of_packets_from_a_stranger_is_not_even_read() -> None:
    """Over its rate an unknown source's datagrams are dropped unread, whatever they hold."""
    stage = Stage(attrs.evolve(SETTINGS, unknown_sources=UnknownSources.FORBID))
    answered = sum(len(stage.outside(request("OPTIONS"), UNKNOWN)) for _ in range(1000))
    assert answered == 100
    assert stage.edge.counters["rate-limit"] == 900


def test_buckets_stay_within_their_memory() -> None:
    """However many sources there are, the oldest are forgotten; one that is known gets its rate."""
    buckets = Buckets(rate=2, burst=3, most=100)
    for number in range(1_000):
        assert buckets.take(f"source-{number}", 0.0)
    assert len(buckets) == 100
    assert [buckets.take("one", 0.0) for _ in range(4)] == [True, True, True, False]
    assert [buckets.take("one", 1.0) for _ in range(3)] == [True, True, False]
