"""The edge's sockets: UDP and TCP outside on one port, UDP inside on loopback.

Rule: this file moves bytes and decides nothing. One slow peer delays no other: every TCP connection has a writer and a
queue of 200 packets of its own, and names are looked up in tasks of their own.
"""

import contextlib
import select
import socket
from typing import Final

import attrs
import trio

from b2bua.base.accept_loop import accept_forever
from b2bua.edge.core import Edge
from b2bua.edge.dns_cache import DnsCache
from b2bua.edge.grammar import is_ipv4
from b2bua.edge.rate_limit import Address
from b2bua.edge.settings import INSIDE, LOOPBACK, Send
from b2bua.edge.stream import SipFramer, StreamError

RECEIVE_BUFFER_BYTES: Final = 4 * 1024 * 1024
MOST_DATAGRAM_BYTES: Final = 65_535
BURST: Final = 64
"""Datagrams taken from one socket before the others get a turn."""
MOST_CONNECTIONS: Final = 1_000
MOST_UNKNOWN: Final = 100
"""TCP connections of unknown sources; the others are kept free for trunks and gateways."""
UNKNOWN_IDLE_S: Final = 30.0
MOST_LOOKUPS: Final = 200
QUEUE: Final = 200
IDLE_S: Final = 600.0
CONNECT_S: Final = 4.0
WRITE_S: Final = 20.0
RETRY_WAITING_S: Final = 0.02
"""How often INVITEs that wait for a process are tried again; a process that has linked is tried for at once."""
TICK_S: Final = 1.0


@attrs.define
class _Connection:
    """A TCP connection: what waits to be written to it, and whether its source is not known (`Peers.known`)."""

    queue: trio.MemorySendChannel[bytes]
    unknown: bool = False


class EdgeSockets:
    """All sockets of one edge. `send` may be called from any task of the same loop; it never blocks."""

    def __init__(self, edge: Edge, nursery: trio.Nursery, outside: socket.socket, inside: socket.socket) -> None:
        self._edge = edge
        self._nursery = nursery
        self._outside = outside
        self._inside = inside
        self._connections: dict[Address, _Connection] = {}
        self._names = DnsCache()
        self._lookups = 0
        self._waiting = trio.Event()

    def send(self, sends: list[Send]) -> None:
        """Put packets on their way."""
        for send in sends:
            if send.transport == INSIDE:
                self._datagram(self._inside, send)
            elif send.transport == "tcp" and (connection := self._connections.get(send.to)):
                self._queued(connection, send)
            elif not is_ipv4(send.to.host):
                if host := self._names.known(send.to.host):
                    self._resolved(send, host)
                else:
                    self._looked_up(send)
            elif send.transport == "udp":
                self._datagram(self._outside, send)
            else:
                self._connected(send)

    def _datagram(self, udp: socket.socket, send: Send) -> None:
        try:
            udp.sendto(send.packet, send.to)
        except BlockingIOError:
            self._edge.counters["send-buffer-full"] += 1
        except OSError:
            self._undelivered(send)

    def _undelivered(self, send: Send) -> None:
        if send.transport != INSIDE:
            self.send(self._edge.undelivered(send, trio.current_time()))

    def _queued(self, connection: _Connection, send: Send) -> None:
        try:
            connection.queue.send_nowait(send.packet)
        except (trio.WouldBlock, trio.BrokenResourceError, trio.ClosedResourceError):
            self._edge.counters["tcp-peer-slow"] += 1
            self._undelivered(send)

    def _looked_up(self, send: Send) -> None:
        if self._lookups >= MOST_LOOKUPS:
            self._undelivered(send)
            return
        self._lookups += 1
        self._nursery.start_soon(self._look_up, send)

    async def _look_up(self, send: Send) -> None:
        try:
            host = await self._names.address_of(send.to.host)
        finally:
            self._lookups -= 1
        if host is None:
            self._undelivered(send)
        else:
            self._resolved(send, host)

    def _resolved(self, send: Send, host: str) -> None:
        self._edge.peers.meet(host)
        self.send([attrs.evolve(send, to=Address(host, send.to.port))])

    def _connected(self, send: Send) -> None:
        to = send.otherwise or send.to
        connection = self._connections.get(to)
        if connection is None:
            if len(self._connections) >= MOST_CONNECTIONS:
                self._undelivered(send)
                return
            sender, receiver = trio.open_memory_channel[bytes](QUEUE)
            connection = self._connections[to] = _Connection(sender)
            self._nursery.start_soon(self._open, to, connection, receiver)
        self._queued(connection, send)

    async def _open(self, to: Address, connection: _Connection, queue: trio.MemoryReceiveChannel[bytes]) -> None:
        stream: trio.SocketStream | None = None
        with trio.move_on_after(CONNECT_S):
            try:
                stream = await trio.open_tcp_stream(*to)
            except OSError:
                stream = None
        if stream is None:
            self._forget(to, connection, queue)
        else:
            await self._converse(stream, to, connection, queue)

    async def accept(self, stream: trio.SocketStream) -> None:
        """A connection from outside."""
        try:
            host, port = stream.socket.getpeername()[:2]
        except OSError:
            await trio.aclose_forcefully(stream)
            return
        unknown = not self._edge.peers.known(host)
        unknowns = sum(connection.unknown for connection in self._connections.values()) if unknown else 0
        if len(self._connections) >= MOST_CONNECTIONS or unknowns >= MOST_UNKNOWN:
            self._edge.counters["tcp-too-many"] += 1
            await trio.aclose_forcefully(stream)
            return
        sender, receiver = trio.open_memory_channel[bytes](QUEUE)
        connection = self._connections[Address(host, port)] = _Connection(sender, unknown)
        await self._converse(stream, Address(host, port), connection, receiver)

    def _forget(self, address: Address, connection: _Connection, queue: trio.MemoryReceiveChannel[bytes]) -> None:
        """The connection is over or could not be made: what waited for it is undelivered."""
        if self._connections.get(address) is connection:
            del self._connections[address]
        connection.queue.close()
        with contextlib.suppress(trio.WouldBlock, trio.EndOfChannel):
            while True:
                self._undelivered(Send(queue.receive_nowait(), address, "tcp"))

    async def _converse(
        self,
        stream: trio.SocketStream,
        address: Address,
        connection: _Connection,
        queue: trio.MemoryReceiveChannel[bytes],
    ) -> None:
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_write, stream, queue)
                await self._read(stream, address, connection)
                nursery.cancel_scope.cancel()
        except* (OSError, trio.TooSlowError, trio.BrokenResourceError, trio.ClosedResourceError):
            self._edge.counters["tcp-broken"] += 1
        finally:
            self._forget(address, connection, queue)
            await trio.aclose_forcefully(stream)

    async def _read(self, stream: trio.SocketStream, address: Address, connection: _Connection) -> None:
        framer = SipFramer()
        while True:
            octets = b""
            with trio.move_on_after(UNKNOWN_IDLE_S if connection.unknown else IDLE_S):
                octets = await stream.receive_some()
            if not octets:
                return
            try:
                packets = framer.feed(octets)
            except StreamError as fault:
                self._edge.counters[f"stream:{fault}"] += 1
                return
            if framer.pings:
                framer.pings = 0
                self._queued(connection, Send(b"\r\n", address, "tcp"))
            for packet in packets:
                self.send(self._edge.receive(packet, address, "tcp", trio.current_time()))
            if self._edge.has_waiting:
                self._waiting.set()

    async def listen_outside(self) -> None:
        """Take datagrams from outside for ever."""
        poller = _poller(self._outside)
        while True:
            await trio.lowlevel.wait_readable(self._outside)
            now_s = trio.current_time()
            for packet, source in _burst(self._outside, poller):
                self.send(self._edge.receive(packet, Address(*source), "udp", now_s))
            if self._edge.has_waiting:
                self._waiting.set()

    async def listen_inside(self) -> None:
        """Take datagrams from call processes for ever."""
        poller = _poller(self._inside)
        while True:
            await trio.lowlevel.wait_readable(self._inside)
            now_s = trio.current_time()
            for packet, (host, port) in _burst(self._inside, poller):
                if host == LOOPBACK:
                    self.send(self._edge.receive_inside(packet, port, now_s))

    async def retry_waiting(self) -> None:
        """While INVITEs wait for a process, let the edge ask again and again, for ever."""
        while True:
            await self._waiting.wait()
            while self._edge.has_waiting:
                await trio.sleep(RETRY_WAITING_S)
                self.send(self._edge.retry_waiting(trio.current_time()))
            self._waiting = trio.Event()

    async def tick(self) -> None:
        """Let the edge look at the clock for ever, and tell it which processes of the daemon before are dead."""
        while True:
            now_s = trio.current_time()
            for process in self._edge.missing_processes():
                if is_port_free(process.sip_port):
                    self.send(self._edge.process_died(process.sip_port, process.incarnation, now_s))
            self.send(self._edge.tick(now_s))
            await trio.sleep(TICK_S)


async def _write(stream: trio.SocketStream, queue: trio.MemoryReceiveChannel[bytes]) -> None:
    """Write what is queued; raises TooSlowError when the peer takes nothing for `WRITE_S`."""
    async for packet in queue:
        with trio.fail_after(WRITE_S):
            await stream.send_all(packet)


def _burst(udp: socket.socket, poller: select.poll) -> list[tuple[bytes, tuple[str, int]]]:
    """What has come, at most `BURST` datagrams; to ask `poller` for more is cheaper than to receive in vain."""
    packets: list[tuple[bytes, tuple[str, int]]] = []
    for _ in range(BURST):
        try:
            packets.append(udp.recvfrom(MOST_DATAGRAM_BYTES))
        except BlockingIOError:
            break
        except OSError:
            # An ICMP answer to something sent earlier (ECONNREFUSED) comes up here; it says nothing about
            # what follows.
            pass
        if not poller.poll(0):
            break
    return packets


def _poller(udp: socket.socket) -> select.poll:
    poller = select.poll()
    poller.register(udp, select.POLLIN)
    return poller


def udp_socket(host: str, port: int) -> socket.socket:
    """A bound UDP socket with a large receive buffer. Raises OSError, for one if the port is in use."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        udp.setblocking(False)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        udp.bind((host, port))
    except OSError:
        udp.close()
        raise
    return udp


def is_port_free(sip_port: int) -> bool:
    """Whether nobody has this UDP port on loopback; a call process that lives has its own."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((LOOPBACK, sip_port))
    except OSError:  # also when no descriptor is left: then the process is taken to live
        return False
    return True


async def serve(
    edge: Edge,
    listen: tuple[str, int],
    inside: socket.socket,
    *,
    task_status: trio.TaskStatus[EdgeSockets] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until cancelled. `inside` is bound to `127.0.0.1:settings.inside_port` and stays the caller's to
    close.

    `started` gives the `EdgeSockets`, through which other outputs of the edge can be sent. Raises OSError if
    `listen` cannot be had for UDP and TCP both.
    """
    inside.setblocking(False)
    outside = udp_socket(*listen)
    with outside:
        (listener,) = await trio.open_tcp_listeners(listen[1], host=listen[0])
        async with listener, trio.open_nursery() as nursery:
            edge_sockets = EdgeSockets(edge, nursery, outside, inside)
            nursery.start_soon(edge_sockets.listen_outside)
            nursery.start_soon(edge_sockets.listen_inside)
            nursery.start_soon(edge_sockets.tick)
            nursery.start_soon(edge_sockets.retry_waiting)
            task_status.started(edge_sockets)
            await accept_forever(
                listener.accept, lambda stream: nursery.start_soon(edge_sockets.accept, stream), "the SIP port over TCP"
            )
