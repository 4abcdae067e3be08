"""Far ends of calls through the running switch: SIP by hand, audio both ways, any number of calls on one address.

Rule: a far end answers by itself only what every telephone does (ACK, BYE, CANCEL, NOTIFY, INFO, re-INVITE); what a
test is about, the test says. Everything that came is kept in `log`.
"""

import itertools
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import trio

from tests.support.rtp_end import Audio, open_audio
from tests.support.sip_text import audio_sdp, field, message, response, start

_serial = itertools.count(1)
_BY_ITSELF = ("BYE", "NOTIFY", "INFO", "UPDATE", "OPTIONS", "PRACK")


@attrs.define
class Line:
    """One call of a far end; `us` and `them` are From and To of our own requests, `target` where they go.

    Unless it answers `by_itself`, what comes within the call is for the test. `answers_late`: the ACK has our answer.
    """

    end: "Far"
    call_id: str
    us: str
    them: str
    target: str
    audio: Audio
    codecs: str = "8 101"
    invite: str = ""
    cseq: int = 100
    log: list[str] = attrs.field(factory=list)
    times: list[float] = attrs.field(factory=list)
    answered: bool = False
    gone: bool = False
    by_itself: bool = True
    answers_late: bool = False
    sent: str = ""

    def sdp(self, direction: str = "sendrecv") -> str:
        """Our session description."""
        if self.end.media:
            return audio_sdp(self.end.media, version=self.cseq, direction=direction)
        events = self.audio.events
        keys = [f"a=rtpmap:{events} telephone-event/8000", f"a=fmtp:{events} 0-15"] if "101" in self.codecs else []
        media = f"{self.audio.port} RTP/AVP {self.codecs.replace('101', str(events))}"
        return audio_sdp(media, version=self.cseq, direction=direction, attributes=keys)

    async def respond(self, status: str, body: str = "", *, request: str = "", headers: tuple[str, ...] = ()) -> None:
        """Answer a request, the INVITE if none is given."""
        tag, contact = f"far{self.end.port}", self.end.uri
        await self.end.send(response(request or self.invite, status, body, tag=tag, contact=contact, headers=headers))

    async def answer(self) -> None:
        """Take the call, unless it is gone, and wait for the ACK."""
        if self.gone:
            return
        self.answered = True
        self.audio.to = media_of(self.invite)
        await self.respond("200 OK", self.sdp())
        await self.until("ACK")

    async def request(
        self, method: str, body: str = "", *, headers: tuple[str, ...] = (), kind: str = "application/sdp"
    ) -> None:
        """Send a request within the call."""
        self.cseq += 1
        lines = [
            f"{method} {self.target} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.end.port};rport;branch=z9hG4bK{method}{self.cseq}{self.call_id}",
            "Max-Forwards: 70",
            f"From: {self.us}",
            f"To: {self.them}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self.cseq} {method}",
            f"Contact: <{self.end.uri}>",
            *headers,
        ]
        self.sent = message(lines, body, kind)
        await self.end.send(self.sent)

    async def repeat(self) -> None:
        """Send the last request within the call again, as it was (RFC 3261, 17.1.2.2)."""
        await self.end.send(self.sent)

    async def hang_up(self) -> None:
        """BYE, and its answer."""
        self.gone = True
        self.audio.stop()
        await self.request("BYE")
        await self.until("SIP/2.0 200", lambda answer: "BYE" in field(answer, "CSeq"))

    async def cancel(self, *headers: str) -> None:
        """Give our INVITE up (RFC 3261, 9.1)."""
        first = start(self.invite).replace("INVITE", "CANCEL")
        same = [f"{name}: {field(self.invite, name)}" for name in ("Via", "Max-Forwards", "From", "To", "Call-ID")]
        await self.end.send(message([first, *same, "CSeq: 1 CANCEL", *headers]))

    async def until(
        self, what: str, wanted: Callable[[str], bool] = lambda _: True, *, times: int = 1, timeout_s: float = 30
    ) -> str:
        """The newest message whose start line begins so and that fits, once so many have come; fails if none does."""

        def found() -> list[str]:
            return [one for one in self.log if start(one).startswith(what) and wanted(one)]

        with trio.move_on_after(timeout_s):
            async with self.end.news:
                while len(found()) < times:
                    await self.end.news.wait()
            return found()[-1]
        raise AssertionError(f"no {what} in {timeout_s} s, but {[start(one) for one in self.log]}")

    def came(self, what: str) -> list[str]:
        """Every message so far whose start line begins so."""
        return [one for one in self.log if start(one).startswith(what)]

    async def take(self, came: str) -> None:
        """A message of this call came."""
        self.log.append(came)
        self.times.append(trio.current_time())
        method = start(came).split(" ")[0]
        if method == "SIP/2.0":
            await self._answered(came)
        elif method == "CANCEL":
            await self.respond("200 OK", request=came)
            if not self.answered:  # or it came too late
                await self.respond("487 Request Terminated")
                self.gone = True
        elif not self.by_itself:
            pass
        elif method == "INVITE" and ";tag=" in field(came, "To"):
            self.audio.to = media_of(came) or self.audio.to
            await self.respond("200 OK", self.sdp(), request=came)
        elif method in _BY_ITSELF:
            self.gone |= method == "BYE"
            await self.respond("200 OK", request=came)
        if self.gone:
            self.audio.stop()

    async def _answered(self, answer: str) -> None:
        """A response to a request of ours: an INVITE's is acknowledged, and its audio is for us."""
        number, method = field(answer, "CSeq").split()
        if method != "INVITE":
            return
        self.audio.to = media_of(answer) or self.audio.to
        if self.answers_late:  # keys are sent as the offer wants them (RFC 3264, 6.1)
            self.audio.events = _events(answer) or self.audio.events
        status = int(start(answer).split(" ")[1])
        failed = status >= 300
        self.gone |= failed
        if ";tag=" in field(answer, "To"):
            self.them = field(answer, "To")
            self.target = field(answer, "Contact").partition("<")[2].partition(">")[0] or self.target
        if status < 200:
            return
        own = f"SIP/2.0/UDP 127.0.0.1:{self.end.port};branch=z9hG4bKa{number}{self.call_id}"
        via = field(self.invite, "Via") if failed else own
        uri = start(self.invite).split(" ")[1] if failed else self.target
        lines = [f"ACK {uri} SIP/2.0", f"Via: {via}", "Max-Forwards: 70", f"From: {self.us}", f"To: {self.them}"]
        body = self.sdp() if self.answers_late and not failed else ""
        await self.end.send(message([*lines, f"Call-ID: {self.call_id}", f"CSeq: {number} ACK"], body))


@attrs.define
class Far:
    """A far end at `port` of loopback that talks to the switch at `switch`.

    `media`, if given, stands in its session descriptions after `m=audio`, in place of what would be true.
    """

    socket: trio.socket.SocketType
    port: int
    switch: int
    nursery: trio.Nursery
    tone_hz: int
    codecs: str
    media: str = ""
    events: int = 101
    lines: dict[str, Line] = attrs.field(factory=dict)
    news: trio.Condition = attrs.field(factory=trio.Condition)
    _rang: list[Line] = attrs.field(factory=list)
    _ring: trio.Semaphore = attrs.field(factory=lambda: trio.Semaphore(0))

    @property
    def uri(self) -> str:
        """Its SIP URI, as a target's address."""
        return f"sip:far@127.0.0.1:{self.port}"

    async def send(self, packet: str) -> None:
        """Send a message to the switch."""
        await self.socket.sendto(packet.encode(), ("127.0.0.1", self.switch))

    async def call(
        self, number: str, *, caller: str = "02112345678", headers: tuple[str, ...] = (), offer: bool = True
    ) -> Line:
        """Call a number, with or without an offer in the INVITE; what comes of it is for `Line.until`."""
        name = f"far{next(_serial)}-{self.port}"
        uri = f"sip:{number}@127.0.0.1:{self.switch}"
        us = f"<sip:{caller}@127.0.0.1:{self.port}>;tag=f{name}"
        line = self._line(name, us, f"<{uri}>", uri)
        lines = [
            f"INVITE {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};rport;branch=z9hG4bK{name}",
            "Max-Forwards: 70",
            f"From: {us}",
            f"To: <{uri}>",
            f"Call-ID: {name}",
            "CSeq: 1 INVITE",
            f"Contact: <{self.uri}>",
            *headers,
        ]
        line.answers_late = not offer
        line.invite = message(lines, line.sdp() if offer else "")
        await self.send(line.invite)
        return line

    async def rang(self, timeout_s: float = 30) -> Line:
        """The next call that reaches this end; fails the test if none does."""
        with trio.move_on_after(timeout_s):
            await self._ring.acquire()
            return self._rang.pop(0)
        raise AssertionError(f"nobody rang {self.port} in {timeout_s} s")

    async def run(self) -> None:
        """Take messages until cancelled."""
        while True:
            packet, _ = await self.socket.recvfrom(65535)
            try:
                came = packet.decode()
            except UnicodeDecodeError:
                continue  # RTCP to the port beside one of audio, which the system gave to this end
            line = self.lines.get(field(came, "Call-ID"))
            fresh = start(came).startswith("INVITE") and ";tag=" not in field(came, "To")
            if fresh and line is None:
                line = self._incoming(came)
                self._rang.append(line)
                self._ring.release()
                await line.respond("100 Trying")
            elif line is not None and not (fresh and line.invite):
                await line.take(came)
            async with self.news:
                self.news.notify_all()

    def _incoming(self, invite: str) -> Line:
        us = f"{field(invite, 'To')};tag=far{self.port}"
        target = field(invite, "Contact").partition("<")[2].partition(">")[0]
        line = self._line(field(invite, "Call-ID"), us, field(invite, "From"), target)
        line.invite = invite
        line.audio.events = _events(invite) or line.audio.events
        return line

    def _line(self, call_id: str, us: str, them: str, target: str) -> Line:
        audio = open_audio(self.tone_hz)
        audio.events = self.events
        line = self.lines[call_id] = Line(self, call_id, us, them, target, audio, self.codecs)
        self.nursery.start_soon(audio.run)
        return line


def media_of(text: str) -> tuple[str, int] | None:
    """Where the session description in a message wants audio."""
    found = re.search(r"^m=audio ([1-9]\d*) ", text, re.MULTILINE)
    return ("127.0.0.1", int(found[1])) if found else None


def _events(text: str) -> int | None:
    """The payload type that a session description has for keys."""
    found = re.search(r"^a=rtpmap:(\d+) telephone-event/8000", text, re.MULTILINE)
    return int(found[1]) if found else None


@asynccontextmanager
async def open_far(switch: int, tone_hz: int = 0, *, codecs: str = "8 101") -> AsyncIterator[Far]:
    """A far end on a free port; every line of it sends `tone_hz` and offers `codecs`."""
    with trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM) as socket:
        await socket.bind(("127.0.0.1", 0))
        async with trio.open_nursery() as nursery:
            far = Far(socket, socket.getsockname()[1], switch, nursery, tone_hz, codecs)
            nursery.start_soon(far.run)
            try:
                yield far
            finally:
                nursery.cancel_scope.cancel()
