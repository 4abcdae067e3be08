"""A far end that says exactly what a test wants: SIP by hand over one UDP socket.

Rule: it helps with what every message repeats (Via, tags, CSeq) and decides nothing.
"""

import itertools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import trio

from tests.support.ports import NOBODYS
from tests.support.sip_wire import field, start

_names = itertools.count(1)


@attrs.define
class RawEnd:
    """One SIP end on a loopback `port`. `unread` are messages that came while another was waited for."""

    socket: trio.socket.SocketType
    port: int
    call_id: str = attrs.field(factory=lambda: f"raw-{next(_names)}")
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
            for message in self.unread:
                if what in start(message):
                    self.unread.remove(message)
                    return message
            piece, _ = await self.socket.recvfrom(65535)
            self.unread.append(piece.decode())

    async def send(self, port: int, message: str) -> None:
        """Send a message as it is."""
        await self.socket.sendto(message.encode(), ("127.0.0.1", port))

    async def respond(self, request: str, status: str, body: str = "") -> None:
        """Answer a request where its Via says: `status` is code and phrase."""
        vias = [line for line in request.split("\r\n") if line.lower().startswith("via:")]
        to = field(request, "To")
        tagged = to if ";tag=" in to else f"{to};tag=raw{self.port}"
        lines = [
            f"SIP/2.0 {status}",
            *vias,
            f"From: {field(request, 'From')}",
            f"To: {tagged}",
            f"Call-ID: {field(request, 'Call-ID')}",
            f"CSeq: {field(request, 'CSeq')}",
            f"Contact: <{self.address}>",
        ]
        sent_by = re.search(r"UDP [^:]+:(\d+)", vias[0])
        assert sent_by, request
        await self.send(int(sent_by[1]), _finished(lines, body))

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
        await self.send(port, _finished(lines, body, kind))

    def sdp(
        self, direction: str = "sendrecv", *, version: int = 1, rtp_port: int = NOBODYS, payload: str = "8 0"
    ) -> str:
        """A session description for G.711 audio."""
        return (
            f"v=0\r\no=raw 1 {version} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {rtp_port} RTP/AVP {payload}\r\na={direction}\r\n"
        )


def _finished(lines: list[str], body: str, kind: str = "application/sdp") -> str:
    content = [f"Content-Type: {kind}"] if body else []
    return "\r\n".join([*lines, *content, f"Content-Length: {len(body)}", "", body])


@asynccontextmanager
async def open_raw() -> AsyncIterator[RawEnd]:
    """A far end on a free port."""
    with trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM) as socket:
        await socket.bind(("127.0.0.1", 0))
        yield RawEnd(socket, socket.getsockname()[1])
