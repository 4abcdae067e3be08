"""The edge's sockets where something is missing: room, an address, a process, sense in what came."""

import socket
from pathlib import Path

import pytest
import trio
import trio.testing

from b2bua.edge import dns_cache, sockets
from b2bua.edge.dialog_journal import DialogJournal, Entry, Key
from b2bua.edge.dns_cache import KEEP_FAILED_S, KEEP_S, DnsCache
from b2bua.edge.rate_limit import Address
from b2bua.edge.settings import INSIDE, Send
from b2bua.edge.sockets import EdgeSockets, is_port_free, udp_socket
from b2bua.edge.token import ProcessAddress
from tests.unit.edge.test_sockets import HOST, ServingEdge, process_invite, serving_edge, udp_peer

UNAVAILABLE = b"SIP/2.0 503 Next Hop Unreachable\r\n"


async def refused(serving: ServingEdge, uri: str) -> None:
    """The process's INVITE to this URI is answered with 503."""
    await serving.process.sendto(process_invite(serving, uri), (HOST, serving.inside_port))
    assert (await serving.process.recvfrom(4000))[0].startswith(UNAVAILABLE)


@pytest.mark.req("S1")
async def test_dialogs_of_a_process_whose_port_is_free_get_bye_at_once(tmp_path: Path) -> None:
    """Nobody has the port that the daemon before knew the process by: it is dead; one whose port is in use is not."""
    with await udp_peer() as target, await udp_peer() as living:
        with udp_socket(HOST, 0) as probe:
            dead = probe.getsockname()[1]
            assert not is_port_free(dead)
        assert is_port_free(dead)
        before = DialogJournal(tmp_path / "dialogs")
        before.open()
        at = target.getsockname()[1]
        for port in (living.getsockname()[1], dead):
            parties = (f"<sip:us@{HOST}>;tag=u", f"<sip:t@{HOST}>;tag=t", f"sip:t{port}@{HOST}:{at}")
            before.put(Entry(Key("dialog", ProcessAddress(port, "inc"), f"c{port} u"), (*parties, f"c{port}", "3")))
        before.close()
        async with serving_edge(journal=DialogJournal(tmp_path / "dialogs")) as serving:
            bye, _ = await target.recvfrom(4000)
            assert bye.startswith(b"BYE sip:t%d@" % dead)
            assert b"\r\nCSeq: 4 BYE\r\n" in bye
            assert [each.sip_port for each in serving.edge.missing_processes()] == [living.getsockname()[1]]


@pytest.mark.req("S5")
async def test_a_stream_that_is_no_sip_is_closed() -> None:
    """Without a length nobody could say where the next message begins."""
    async with serving_edge() as serving, await trio.open_tcp_stream(HOST, serving.port) as stream:
        await stream.send_all(b"GET / HTTP/1.1\r\n\r\n")
        assert await stream.receive_some(100) == b""
        assert serving.edge.counters["stream:content-length"] == 1


@pytest.mark.req("S5")
async def test_unknown_sources_have_few_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is closed and counted; a connection that says nothing is closed after its time."""
    monkeypatch.setattr(sockets, "MOST_UNKNOWN", 1)
    monkeypatch.setattr(sockets, "UNKNOWN_IDLE_S", 0.5)
    async with serving_edge("192.0.2.0/24") as serving, await trio.open_tcp_stream(HOST, serving.port) as first:
        async with await trio.open_tcp_stream(HOST, serving.port) as second:
            assert await second.receive_some(100) == b""
            assert serving.edge.counters["tcp-too-many"] == 1
        assert await first.receive_some(100) == b""


@pytest.mark.req("S5")
async def test_no_room_for_a_connection_or_a_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process gets 503 and may try elsewhere."""
    monkeypatch.setattr(sockets, "MOST_CONNECTIONS", 0)
    monkeypatch.setattr(sockets, "MOST_LOOKUPS", 0)
    async with serving_edge() as serving:
        await refused(serving, f"sip:m@{HOST}:9;transport=tcp")
        await refused(serving, "sip:m@localhost:9")


@pytest.mark.req("S5")
async def test_a_peer_whose_queue_is_full_is_answered_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What no longer fits into a connection's queue is undelivered, and the process hears so."""
    monkeypatch.setattr(sockets, "QUEUE", 0)
    async with serving_edge() as serving:
        await refused(serving, f"sip:m@{HOST}:9;transport=tcp")
        assert serving.edge.counters["tcp-peer-slow"] == 1


@pytest.mark.req("S5")
async def test_a_name_that_is_known_is_not_looked_up_again() -> None:
    """The second request to a name goes out at once."""
    async with serving_edge() as serving:
        with await udp_peer() as target:
            uri = f"sip:m@localhost:{target.getsockname()[1]}"
            for _ in range(2):
                await serving.process.sendto(process_invite(serving, uri), (HOST, serving.inside_port))
                assert (await target.recvfrom(4000))[0].startswith(b"INVITE ")


@pytest.mark.req("S5")
async def test_a_datagram_that_cannot_be_sent() -> None:
    """To an address that the kernel refuses: undelivered outside, without effect inside; a full buffer is counted."""
    async with serving_edge() as serving:
        await refused(serving, "sip:m@255.255.255.255")
        async with trio.open_nursery() as nursery:
            with _Full() as full, udp_socket(HOST, 0) as inside:
                edge_sockets = EdgeSockets(serving.edge, nursery, full, inside)
                undelivered = serving.edge.counters["undelivered"]
                edge_sockets.send([Send(b"x" * 70_000, Address(HOST, 9), INSIDE)])
                assert serving.edge.counters["undelivered"] == undelivered
                edge_sockets.send([Send(b"x", Address(HOST, 9), "udp")])
                assert serving.edge.counters["send-buffer-full"] == 1


class _Full(socket.socket):
    """A socket whose send buffer is full."""

    def sendto(self, *_: object) -> int:
        """Never takes anything."""
        raise BlockingIOError


class _Refused(socket.socket):
    """A socket on which an ICMP error comes up once, before what else there is."""

    errors = 1

    def recvfrom(self, *sizes: int) -> tuple[bytes, object]:
        """Raises the error, then reads."""
        if self.errors:
            self.errors = 0
            raise ConnectionRefusedError
        return super().recvfrom(*sizes)


def test_an_icmp_error_hides_no_datagram() -> None:
    """What follows the error (recv(2)) is read; without anything to follow the burst ends."""
    with _Refused(socket.AF_INET, socket.SOCK_DGRAM) as wire, udp_socket(HOST, 0) as carrier:
        wire.bind((HOST, 0))
        wire.setblocking(False)
        look = sockets._poller(wire)
        assert sockets._burst(wire, look) == []
        wire.errors = 1
        carrier.sendto(b"x", wire.getsockname())
        assert sockets._burst(wire, look) == [(b"x", carrier.getsockname())]
        assert sockets._burst(wire, look) == []


async def test_names_are_kept_for_a_minute_failures_for_seconds(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is asked for again before; the cache forgets the oldest name beyond its bound."""
    asked: list[str] = []

    class Resolver(trio.abc.HostnameResolver):
        async def getaddrinfo(self, host: bytes | str | None, *_: object, **__: object) -> list[object]:  # type: ignore[override]  # narrower than trio's
            name = host.decode() if isinstance(host, bytes) else str(host)
            asked.append(name)
            if name == "slow":
                await trio.sleep_forever()
            if name == "none":
                raise OSError
            return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("192.0.2.7", 0))]

        async def getnameinfo(self, sockaddr: object, flags: int) -> tuple[str, str]:
            raise NotImplementedError

    trio.socket.set_custom_hostname_resolver(Resolver())
    names = DnsCache()
    assert await names.address_of("pbx") == await names.address_of("pbx") == names.known("pbx") == "192.0.2.7"
    assert await names.address_of("none") is await names.address_of("none") is None
    assert await names.address_of("slow") is None
    assert asked == ["pbx", "none", "slow"]
    await trio.sleep(KEEP_FAILED_S)
    await names.address_of("none")
    await trio.sleep(KEEP_S)
    assert names.known("pbx") is None
    await names.address_of("pbx")
    assert asked == ["pbx", "none", "slow", "none", "pbx"]
    monkeypatch.setattr(dns_cache, "MOST_NAMES", 3)
    for name in ("other", "another"):
        await names.address_of(name)
    assert len(names._known) == 3
