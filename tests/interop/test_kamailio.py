"""Kamailio as the carrier's proxy, which stays in every dialog."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from b2bua.records.call_record import CallRecord, Party
from tests.interop.peers import kamailio
from tests.support.sipp import SDP, Caller, Sipp, Target, pause, recv, sipp
from tests.support.switch import Switch, sip_uri

pytestmark = [pytest.mark.interop, pytest.mark.req("S5", "K1")]

TRANSPORTS = pytest.mark.parametrize("transport", ["udp", "tcp"])
STRICT = 'append_hf("Record-Route: <sip:127.0.0.1:PORT>\\r\\n");'
TO_ITSELF = 'if ($rm == "BYE" && $ru != "sip:127.0.0.1:PORT") { sl_send_reply("400", "For another"); exit; }'
"""What a strict router asks for (RFC 3261, 12.2.1.1: its own URI is the Request-URI); Kamailio itself is lenient."""
BARE = 'append_hf("Record-Route: sip:127.0.0.1:PORT;lr\\r\\n");'
LOOSE = 'if ($rm == "BYE" && !($hdr(Route) =~ ";lr>")) { sl_send_reply("400", "No lr"); exit; }'
SET_UP = [
    recv(100, optional=True),
    recv(180, optional=True),
    recv(183, optional=True),
    recv(200, rrs=True),
    Caller.ack(),
]
BYE_COMES = [recv("BYE"), Target.respond(200, "OK", tag=False)]


@contextmanager
def carrier(folder: Path, proxy: int, number: str, steps: list[str], *options: str) -> Iterator[Sipp]:
    """SIPp behind the proxy, calling a number."""
    options = ("-s", number, "-key", "caller", "02112345678", *options)
    with sipp(folder / "carrier", steps, to=f"127.0.0.1:{proxy}", options=options) as running:
        yield running


def one_call(
    switch: Switch,
    folder: Path,
    steps: list[str],
    phone: tuple[str, ...],
    *,
    transport: str = "udp",
    record_route: str = "record_route();",
    within: str = "",
) -> CallRecord:
    """One call through the proxy to a test telephone; its record."""
    proxy = kamailio(folder / "kamailio", switch.address, transport=transport, record_route=record_route, within=within)
    with proxy as port, switch.phone(*phone) as target:
        number = switch.publish(f'a = "{sip_uri(target)}"')
        with carrier(folder, port, number, steps) as calling:
            calling.wait()
    (record,) = switch.closed(number)
    return record


@TRANSPORTS
def test_a_call_through_a_proxy_that_records_its_route(switch: Switch, tmp_path: Path, transport: str) -> None:
    """A call, its audio both ways and the caller's BYE pass through Kamailio; the record says who hung up."""
    with (
        kamailio(tmp_path / "kamailio", switch.address, transport=transport) as port,
        switch.phone("--tone", "440") as target,
    ):
        number = switch.publish(f'a = "{sip_uri(target)}"')
        assert switch.test_call(number, "--to", f"127.0.0.1:{port}") == 0
    (record,) = switch.closed(number)
    assert record.hung_up_by is Party.CALLER


@TRANSPORTS
def test_the_target_hangs_up(switch: Switch, tmp_path: Path, transport: str) -> None:
    """The target's BYE reaches the caller by Kamailio's Record-Route, of which there are two from UDP to TCP."""
    phone = ("--tone", "440", "--hang-up-after", "1")
    record = one_call(switch, tmp_path, [Caller.invite(), *SET_UP, *BYE_COMES], phone, transport=transport)
    assert record.hung_up_by is Party.TARGET


@pytest.mark.parametrize(
    ("record_route", "within"),
    [
        pytest.param(STRICT, TO_ITSELF, id="strict, without lr"),
        pytest.param(BARE, LOOSE, id="lr without brackets"),
    ],
)
@pytest.mark.xfail(reason="F26: a strict router is taken for a loose one; without brackets lr is no longer the URI's")
def test_an_odd_record_route(switch: Switch, tmp_path: Path, record_route: str, within: str) -> None:
    """The target's BYE goes to a proxy with such a Record-Route as RFC 3261, 12.2.1.1, has it."""
    phone = ("--tone", "440", "--hang-up-after", "1")
    steps = [Caller.invite(), *SET_UP, recv("BYE", timeout_ms=10_000), Target.respond(200, "OK", tag=False)]
    record = one_call(switch, tmp_path, steps, phone, record_route=record_route, within=within)
    assert record.hung_up_by is Party.TARGET


@TRANSPORTS
def test_the_caller_holds_and_resumes(switch: Switch, tmp_path: Path, transport: str) -> None:
    """The caller's re-INVITEs pass through Kamailio: hold is answered with recvonly, resumption with sendrecv."""
    held = [Caller.request("INVITE", 2, sdp=SDP.replace("sendrecv", "sendonly")), recv(100, optional=True)]
    held += [recv(200, check="a=(recvonly|inactive)"), Caller.ack(cseq=2), pause(500)]
    resumed = [Caller.request("INVITE", 3, sdp=SDP), recv(100, optional=True), recv(200, check="a=sendrecv")]
    resumed += [Caller.ack(cseq=3), pause(500), Caller.request("BYE", 4), recv(200)]
    steps = [Caller.invite(), *SET_UP, pause(500), *held, *resumed]
    record = one_call(switch, tmp_path, steps, ("--tone", "440"), transport=transport)
    assert record.hung_up_by is Party.CALLER


@TRANSPORTS
def test_the_switch_refreshes_the_session(switch: Switch, tmp_path: Path, transport: str) -> None:
    """The switch's own request within the dialog (the session timer's) reaches the caller through Kamailio."""
    timer = "Supported: timer\nSession-Expires: 90;refresher=uas\n"
    refreshed = [recv("INVITE", timeout_ms=60_000), Target.respond(200, "OK", sdp=SDP, tag=False), recv("ACK")]
    steps = [Caller.invite(extra=timer), *SET_UP, *refreshed, Caller.request("BYE", 2), recv(200)]
    record = one_call(switch, tmp_path, steps, ("--tone", "440"), transport=transport)
    assert record.hung_up_by is Party.CALLER


@TRANSPORTS
def test_the_caller_cancels(switch: Switch, tmp_path: Path, transport: str) -> None:
    """CANCEL passes through Kamailio while the target rings: 200, then 487; the target stops ringing."""
    steps = [Caller.invite(), recv(100, optional=True), recv(180), pause(300), Caller.cancel()]
    steps += [recv(200), recv(487), Caller.ack(ok=False)]
    record = one_call(switch, tmp_path, steps, ("--never",), transport=transport)
    assert record.hung_up_by is Party.CALLER
    assert record.answered_ms is None


@pytest.mark.xfail(reason="F26: 400 (uri) where a parameter of Record-Route is no URI's")
def test_a_tag_that_no_uri_may_have(switch: Switch, tmp_path: Path) -> None:
    """Kamailio copies the caller's tag into its Record-Route as it is (`ftag=…`), `%` and all; the call is taken."""
    steps = [Caller.invite(), *SET_UP, pause(300), Caller.request("BYE", 2), recv(200)]
    steps = [step.replace("tag=c[pid]", "tag=c%w`[pid]") for step in steps]
    record = one_call(switch, tmp_path, steps, ("--tone", "440"))
    assert record.hung_up_by is Party.CALLER
