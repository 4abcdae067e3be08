"""The smallest SIP forwarder that a call process can live behind, in place of the real edge.

Rule: it forwards by Route, Contact token and request URI, one Via more on the way there and one less on the way back,
and keeps everything it saw, so that tests assert what was on the wire.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable

import attrs
import trio

from tests.support.sip_text import field, start

_URI = re.compile(r"sips?:(?:([^@;>]*)@)?([^:;>\s]+)(?::(\d+))?")


def _below(above: re.Match[str]) -> str:
    return "Via:" if above[0].endswith(",") else ""


@attrs.frozen
class Seen:
    """One message that passed: where it went, and its text."""

    to_port: int
    text: str

    def is_request(self, method: str) -> bool:
        """Whether it is a request of this method."""
        return self.text.startswith(method + " ")


@attrs.define
class Forwarder:
    """A forwarder on a loopback `port`. `doors` leads from Contact tokens to call processes, `calls` from Call-IDs.

    `announce` is called with each new INVITE to a 400 number and gives the port of the process that takes it.
    """

    socket: trio.socket.SocketType
    port: int
    announce: Callable[[str], Awaitable[int]] | None = None
    doors: dict[str, int] = attrs.field(factory=dict)
    calls: dict[str, int] = attrs.field(factory=dict)
    seen: list[Seen] = attrs.field(factory=list)
    news: trio.Condition = attrs.field(factory=trio.Condition)

    async def run(self) -> None:
        """Forward until cancelled."""
        while True:
            piece, (_, source) = await self.socket.recvfrom(65535)
            text = piece.decode()
            if not text.strip():
                continue
            response = text.startswith("SIP/2.0")
            port, text = self._back(text) if response else await self._onward(text, source)
            async with self.news:
                self.seen.append(Seen(port, text))
                self.news.notify_all()
            await self.socket.sendto(text.encode(), ("127.0.0.1", port))

    async def wait_for(self, wanted: Callable[[Seen], bool], *, times: int = 1) -> Seen:
        """The message that fits, once so many have passed."""
        async with self.news:
            while len(found := [seen for seen in self.seen if wanted(seen)]) < times:
                await self.news.wait()
            return found[-1]

    def requests(self, method: str, port: int) -> list[str]:
        """Every request of a method that was forwarded to a port."""
        return [seen.text for seen in self.seen if seen.to_port == port and seen.is_request(method)]

    def _back(self, text: str) -> tuple[int, str]:
        # SIPp puts every Via on one line, and answers here even what came straight to it.
        if f":{self.port};" in field(text, "Via").partition(",")[0]:
            text = re.sub(r"^Via:[^,\r]*(?:,|\r\n)", _below, text, count=1, flags=re.MULTILINE | re.IGNORECASE)
        sent_by = re.search(r"SIP/2\.0/UDP\s+[^:;\s]+:(\d+)", field(text, "Via"))
        assert sent_by, text
        return int(sent_by[1]), text

    async def _onward(self, text: str, source: int) -> tuple[int, str]:
        if f"127.0.0.1:{self.port}" in field(text, "Route"):
            text = re.sub(r"^Route:.*\r\n", "", text, count=1, flags=re.MULTILINE | re.IGNORECASE)
        uri = _URI.search(start(text))
        assert uri, text
        user, port = uri[1] or "", int(uri[3] or 5060)
        call_id = field(text, "Call-ID")
        if user in self.doors:
            port = self.doors[user]
        elif port == self.port:
            if text.startswith("INVITE ") and call_id not in self.calls:
                assert self.announce is not None
                self.calls[call_id] = await self.announce(text)
            port = self.calls[call_id]
        above = re.search(r"branch=([^;\s]+)", field(text, "Via"))
        assert above, text
        branch = "z9hG4bK" + hashlib.sha256(above[1].encode()).hexdigest()[:24]
        line, _, rest = text.partition("\r\n")
        via = f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch={branch}"
        if line.startswith("INVITE ") and source in self.doors.values():
            via += f"\r\nRecord-Route: <sip:127.0.0.1:{self.port};lr>"  # what the process sends later comes by here too
        return port, f"{line}\r\n{via}\r\n{rest}"
