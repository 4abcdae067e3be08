"""Far ends that say exactly what a test wants, also what no well-behaved telephone sends.

Rule: they help with what every message repeats (Via, tags, CSeq) and decide nothing. `Raw` blocks, for tests whose
other ends are SIPp; `RawEnd` is for tests on trio.
"""

import itertools
import os
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import attrs
import trio

from tests.support.ports import NOBODYS
from tests.support.sip_text import audio_sdp, field, message, response, start
from tests.support.sipp import SDP

_serial = itertools.count(1)


class Raw:
    """One UDP address on `host` that talks to the switch."""

    def __init__(self, address: str, host: str = "127.0.0.1") -> None:
        switch, port = address.split(":")
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self._socket.connect((switch, int(port)))
        self._socket.settimeout(20)
        self._to = address
        self.me = "{}:{}".format(*self._socket.getsockname())

    def fileno(self) -> int:
        """For `select`."""
        return self._socket.fileno()

    def send(self, packet: str | bytes) -> None:
        """Send as it stands (line ends of a str become CRLF)."""
        self._socket.send(packet if isinstance(packet, bytes) else packet.replace("\n", "\r\n").encode())

    def receive(self, timeout_s: float = 20) -> str:
        """The next packet; TimeoutError if none comes."""
        self._socket.settimeout(timeout_s)
        return self._socket.recv(65535).decode(errors="replace").replace("\r\n", "\n")

    def final(self, timeout_s: float = 20) -> str:
        """The next final response."""
        while (answer := self.receive(timeout_s)).startswith("SIP/2.0 1"):
            pass
        return answer

    def drain(self) -> None:
        """Forget what has come."""
        self._socket.setblocking(False)
        try:
            while True:
                self._socket.recv(65535)
        except BlockingIOError:
            pass

    def request(
        self,
        method: str,
        user: str = "4006001234",
        *,
        call: str = "",
        headers: str = "",
        body: str = "",
        hops: int = 70,
        tag: str = "",
    ) -> str:
        """A request as text. `call` names the call (Call-ID and From tag), a new one if empty."""
        call = call or f"{os.getpid()}-{next(_serial)}"
        content = body.replace("[local_ip]", "127.0.0.1").replace("[media_ip]", "127.0.0.1")
        content = content.replace("[media_port]", str(NOBODYS))
        length = len(content.replace("\n", "\r\n").encode())
        kind = "Content-Type: application/sdp\n" if body else ""
        return (
            f"{method} sip:{user}@{self._to} SIP/2.0\n"
            f"Via: SIP/2.0/UDP {self.me};branch=z9hG4bK{call}\n"
            f"From: <sip:02112345678@{self.me}>;tag=f{call}\n"
            f"To: <sip:{user}@{self._to}>{f';tag={tag}' if tag else ''}\n"
            f"Call-ID: {call}\n"
            f"CSeq: 1 {method}\n"
            f"Contact: <sip:02112345678@{self.me}>\n"
            f"Max-Forwards: {hops}\n"
            f"{headers}{kind}Content-Length: {length}\n\n{content}"
        )

    def invite(self, user: str, *, sdp: bool = True, **wishes: str) -> str:
        """An INVITE as text."""
        return self.request("INVITE", user, body=SDP if sdp else "", **wishes)  # type: ignore[arg-type]  # the test names them

    @staticmethod
    def cancel(invite: str) -> str:
        """The CANCEL of an INVITE (RFC 3261 §9.1)."""
        start, *lines = invite.split("\n\n", maxsplit=1)[0].split("\n")
        kept = [line for line in lines if not line.startswith(("Content-", "Contact", "CSeq"))]
        return "\n".join([start.replace("INVITE", "CANCEL", 1), *kept, "CSeq: 1 CANCEL", "Content-Length: 0", "", ""])

    def give_up(self, invite: str) -> None:
        """CANCEL an INVITE and acknowledge its final response, so that the call is over on the other side too."""
        call = re.search("^Call-ID: .*", invite, re.MULTILINE)
        assert call
        self.send(self.cancel(invite))
        ended = self.final()
        while f"{call[0]}\nCSeq: 1 INVITE" not in ended:
            ended = self.final()
        to = re.search("^To: .*", ended, re.MULTILINE)
        assert to
        ack = self.cancel(invite).replace("CANCEL", "ACK")
        self.send(re.sub("^To: .*", to[0], ack, flags=re.MULTILINE))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()


@attrs.define
class RawEnd:
    """One SIP end on a loopback `port`. `unread` are messages that came while another was waited for."""

    socket: trio.socket.SocketType
    port: int
    call_id: str = attrs.field(factory=lambda: f"raw-{next(_serial)}")
    us: str = ""
    to: str = ""
    cseq: int = 1
    unread: list[str] = attrs.field(factory=list)

    @property
    def address(self) -> str:
        """Its SIP URI."""
        return f"sip:raw@127.0.0.1:{self.port}"

    async def receive(self, what: str) -> str:
        """The next message whose start line holds `what`; others are kept. Retransmissions count as messages."""
        while True:
            for one in self.unread:
                if what in start(one):
                    self.unread.remove(one)
                    return one
            piece, _ = await self.socket.recvfrom(65535)
            self.unread.append(piece.decode())

    async def send(self, port: int, packet: str) -> None:
        """Send a message as it is."""
        await self.socket.sendto(packet.encode(), ("127.0.0.1", port))

    async def respond(self, request: str, status: str, body: str = "") -> None:
        """Answer a request where its Via says: `status` is code and phrase."""
        sent_by = re.search(r"UDP [^:]+:(\d+)", field(request, "Via"))
        assert sent_by, request
        answer = response(request, status, body, tag=f"raw{self.port}", contact=self.address)
        await self.send(int(sent_by[1]), answer)

    async def request(
        self,
        port: int,
        method: str,
        uri: str,
        body: str = "",
        *,
        branch: str = "",
        headers: tuple[str, ...] = (),
        kind: str = "application/sdp",
    ) -> None:
        """Send a request within this end's one call as the caller. `branch` repeats one (ACK, CANCEL)."""
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{branch or f'{method}{self.cseq}{self.call_id}'}",
            "Max-Forwards: 70",
            f"From: {self.us or f'<sip:02112345678@127.0.0.1>;tag=from{self.port}'}",
            f"To: {self.to or f'<{uri}>'}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self.cseq} {method}",
            f"Contact: <{self.address}>",
            *headers,
        ]
        await self.send(port, message(lines, body, kind))

    def sdp(
        self, direction: str = "sendrecv", *, version: int = 1, rtp_port: int = NOBODYS, payload: str = "8 0"
    ) -> str:
        """A session description for G.711 audio."""
        return audio_sdp(f"{rtp_port} RTP/AVP {payload}", version=version, direction=direction)


@asynccontextmanager
async def open_raw() -> AsyncIterator[RawEnd]:
    """A far end on a free port."""
    with trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM) as socket:
        await socket.bind(("127.0.0.1", 0))
        yield RawEnd(socket, socket.getsockname()[1])
