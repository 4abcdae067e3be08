"""The edge with real sockets on loopback; carrier, process and target are plain sockets."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Network

import attrs
import pytest
import trio

from b2bua.config.trunks import Trunk
from b2bua.edge.admission import Admitted
from b2bua.edge.core import Edge
from b2bua.edge.dialog_journal import DialogJournal
from b2bua.edge.settings import EdgeSettings
from b2bua.edge.sockets import serve, udp_socket
from routing.ids import TrunkName
from tests.unit.edge.stage import CALL_ID, INCARNATION, OFFER, SECRET, ScriptedAdmission, sip_bytes

HOST = "127.0.0.1"


@attrs.define
class ServingEdge:
    """An edge that serves, and the UDP socket of one process behind it."""

    edge: Edge
    port: int
    inside_port: int
    process: trio.socket.SocketType
    process_port: int


@asynccontextmanager
async def serving_edge(
    networks: str = "127.0.0.0/8", journal: DialogJournal | None = None
) -> AsyncIterator[ServingEdge]:
    """An edge on a free port, with one process and a trunk in these networks."""
    with udp_socket(HOST, 0) as inside, trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as process:
        await process.bind((HOST, 0))
        process_port = process.getsockname()[1]
        admission = ScriptedAdmission(Admitted(process_port, INCARNATION, CALL_ID), {process_port: INCARNATION})
        with udp_socket(HOST, 0) as probe:
            port = probe.getsockname()[1]
        inside_port = inside.getsockname()[1]
        trunk = Trunk(TrunkName("loopback"), (IPv4Network(networks),))
        edge = Edge(EdgeSettings(HOST, port, inside_port), SECRET, admission, [trunk], journal=journal)
        async with trio.open_nursery() as nursery:
            await nursery.start(serve, edge, (HOST, port), inside)
            with trio.fail_after(30):
                yield ServingEdge(edge, port, inside_port, process, process_port)
            nursery.cancel_scope.cancel()


async def udp_peer() -> trio.socket.SocketType:
    """A carrier's or target's UDP socket."""
    peer = trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    await peer.bind((HOST, 0))
    return peer


def invite(via: str, contact: str, port: int) -> bytes:
    """An INVITE with this Via."""
    return sip_bytes(
        f"""
INVITE sip:4006001234@127.0.0.1:{port} SIP/2.0
Via: {via}
Max-Forwards: 70
From: <sip:02112345678@carrier.example>;tag=c1
To: <sip:4006001234@127.0.0.1>
Call-ID: sockets-1
CSeq: 1 INVITE
Contact: <{contact}>
""",
        OFFER,
    )


def answer(request: bytes, status: str, contact: str = "", tag: str = "t1") -> bytes:
    """The response that copies what must be copied."""
    head = request.decode().split("\r\n\r\n")[0].split("\r\n")[1:]
    lines = [f"SIP/2.0 {status}"]
    for line in head:
        if line.split(":")[0] in ("Via", "Record-Route", "From", "Call-ID", "CSeq"):
            lines.append(line)
        elif line.startswith("To: "):
            lines.append(line if ";tag=" in line or status.startswith("100") else f"{line};tag={tag}")
    return sip_bytes("\n".join([*lines, *([f"Contact: <{contact}>"] if contact else [])]))


def contact_of(message: bytes) -> str:
    """The URI in Contact."""
    return message.split(b"Contact: <")[1].split(b">")[0].decode()


@pytest.mark.req("S1", "S5")
async def test_a_call_over_udp_both_ways() -> None:
    """INVITE, 200, ACK, BYE, and the process's own INVITE to a target with its 200, over real sockets."""
    async with serving_edge() as serving:
        with await udp_peer() as carrier, await udp_peer() as target:
            at = carrier.getsockname()[1]
            await carrier.sendto(
                invite(f"SIP/2.0/UDP {HOST}:{at};branch=z9hG4bKa;rport", f"sip:c@{HOST}:{at}", serving.port),
                (HOST, serving.port),
            )
            into, edge_inside = await serving.process.recvfrom(4000)
            assert edge_inside == (HOST, serving.inside_port)
            await serving.process.sendto(answer(into, "200 OK", f"sip:x@{HOST}"), edge_inside)
            tried, edge_outside = await carrier.recvfrom(4000)
            assert tried.startswith(b"SIP/2.0 100 Trying\r\n")
            ok, edge_outside = await carrier.recvfrom(4000)
            assert edge_outside == (HOST, serving.port)
            assert ok.startswith(b"SIP/2.0 200 OK\r\n")
            token = contact_of(ok)
            for method in ("ACK", "BYE"):
                await carrier.sendto(dialog_request(method, token, at), edge_outside)
                got, _ = await serving.process.recvfrom(4000)
                assert got.startswith(f"{method} {token} SIP/2.0\r\n".encode())
            target_at = target.getsockname()[1]
            await serving.process.sendto(process_invite(serving, f"sip:m@localhost:{target_at}"), edge_inside)
            rings, _ = await target.recvfrom(4000)
            assert b"127.0.0.1:%d" % serving.process_port not in rings
            await target.sendto(answer(rings, "200 OK", f"sip:m@{HOST}:{target_at}"), (HOST, serving.port))
            back, _ = await serving.process.recvfrom(4000)
            assert back.startswith(
                b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;rport;branch=z9hG4bKPj-9" % serving.process_port
            )


@pytest.mark.req("S5")
async def test_a_call_over_tcp_is_answered_on_its_connection() -> None:
    """RFC 3261, 18.2.2: the response goes over the request's connection; the Contact says transport=tcp."""
    async with serving_edge() as serving:
        stream = await trio.open_tcp_stream(HOST, serving.port)
        async with stream:
            whole = invite(f"SIP/2.0/TCP {HOST}:9;branch=z9hG4bKt", f"sip:c@{HOST}:9;transport=tcp", serving.port)
            await stream.send_all(b"\r\n\r\n" + whole[:100])
            assert await stream.receive_some(100) == b"\r\n"
            await stream.send_all(whole[100:])
            into, edge_inside = await serving.process.recvfrom(4000)
            assert (await stream.receive_some(4000)).startswith(b"SIP/2.0 100 Trying\r\nVia: SIP/2.0/TCP")
            await serving.process.sendto(answer(into, "200 OK", f"sip:x@{HOST}"), edge_inside)
            ok = await stream.receive_some(4000)
            assert ok.startswith(b"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP")
            assert contact_of(ok).endswith(";transport=tcp")


@pytest.mark.req("S5")
async def test_an_outbound_call_opens_a_tcp_connection() -> None:
    """A Request-URI with transport=tcp makes the edge connect; the answer there reaches the process."""
    async with serving_edge() as serving:
        (listener,) = await trio.open_tcp_listeners(0, host=HOST)
        async with listener:
            at = listener.socket.getsockname()[1]
            await serving.process.sendto(
                process_invite(serving, f"sip:m@{HOST}:{at};transport=tcp"), (HOST, serving.inside_port)
            )
            async with await listener.accept() as stream:
                rings = await stream.receive_some(8000)
                assert b"\r\nVia: SIP/2.0/TCP 127.0.0.1:%d;" % serving.port in rings
                await stream.send_all(answer(rings, "486 Busy Here"))
                back, _ = await serving.process.recvfrom(4000)
                assert back.startswith(b"SIP/2.0 486 Busy Here\r\n")


@pytest.mark.req("S5")
@pytest.mark.parametrize("uri", ["sip:m@127.0.0.1:1;transport=tcp", "sip:m@no-such-host.invalid"])
async def test_what_cannot_be_delivered_is_answered_at_once(uri: str) -> None:
    """A gateway that refuses the connection, or has no address, costs the process no time-out: 503."""
    async with serving_edge() as serving:
        await serving.process.sendto(process_invite(serving, uri), (HOST, serving.inside_port))
        back, _ = await serving.process.recvfrom(4000)
        assert back.startswith(
            b"SIP/2.0 503 Next Hop Unreachable\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;" % serving.process_port
        )


@pytest.mark.req("S5")
async def test_a_slow_tcp_peer_holds_up_nobody() -> None:
    """One connection that never reads and one that sends half a message; UDP is still answered."""
    async with (
        serving_edge() as serving,
        await trio.open_tcp_stream(HOST, serving.port) as half,
        # Of its own address: it sends more than is taken from one.
        await trio.open_tcp_stream(HOST, serving.port, local_address="127.0.0.2") as silent,
    ):
        await half.send_all(b"INVITE sip:4006001234@h SIP/2.0\r\nVia: ")
        options = options_request("SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKo")
        with trio.move_on_after(0.5):
            await silent.send_all(options * 20_000)
        with await udp_peer() as carrier:
            await carrier.sendto(options_request("SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKo;rport"), (HOST, serving.port))
            assert (await carrier.recvfrom(4000))[0].startswith(b"SIP/2.0 200 OK\r\n")


@pytest.mark.req("S5")
async def test_a_burst_of_datagrams_is_taken_whole() -> None:
    """500 requests sent without a pause are all answered: the receive buffer holds them."""
    async with serving_edge() as serving:
        with await udp_peer() as carrier:
            carrier.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
            for _ in range(500):
                await carrier.sendto(
                    options_request("SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKo;rport"), (HOST, serving.port)
                )
            for _ in range(500):
                assert (await carrier.recvfrom(4000))[0].startswith(b"SIP/2.0 200 OK\r\n")


@pytest.mark.req("S5")
async def test_a_port_in_use_is_said_at_once() -> None:
    """Where the address is taken, for UDP or for TCP, `serve` raises OSError and leaves nothing open."""
    async with serving_edge() as serving:
        with udp_socket(HOST, 0) as inside, pytest.raises(OSError, match="in use"):
            await serve(serving.edge, (HOST, serving.port), inside)
    with socket.socket() as taken, udp_socket(HOST, 0) as inside:
        taken.bind((HOST, 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            await serve(serving.edge, taken.getsockname(), inside)


def options_request(via: str) -> bytes:
    """OPTIONS outside a dialog."""
    return sip_bytes(f"""
OPTIONS sip:127.0.0.1 SIP/2.0
Via: {via}
Max-Forwards: 70
From: <sip:ping@carrier.example>;tag=p
To: <sip:127.0.0.1>
Call-ID: ping-1
CSeq: 1 OPTIONS
""")


def dialog_request(method: str, uri: str, at: int) -> bytes:
    """A request in the dialog of `invite`."""
    return sip_bytes(f"""
{method} {uri} SIP/2.0
Via: SIP/2.0/UDP {HOST}:{at};branch=z9hG4bK{method};rport
Max-Forwards: 70
From: <sip:02112345678@carrier.example>;tag=c1
To: <sip:4006001234@127.0.0.1>;tag=t1
Call-ID: sockets-1
CSeq: 2 {method}
""")


def process_invite(serving: ServingEdge, uri: str) -> bytes:
    """The process's INVITE to a target."""
    return sip_bytes(
        f"""
INVITE {uri} SIP/2.0
Via: SIP/2.0/UDP {HOST}:{serving.process_port};rport;branch=z9hG4bKPj-9
Max-Forwards: 70
From: <sip:02112345678@127.0.0.1>;tag=o1
To: <{uri}>
Contact: <sip:x@{HOST}>
Call-ID: out-9
CSeq: 9 INVITE
Route: <sip:{HOST}:{serving.inside_port};lr>
""",
        OFFER,
    )
