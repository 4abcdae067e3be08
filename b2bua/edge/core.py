"""The edge without sockets: bytes in, bytes out, nothing remembered but where initial INVITEs went.

Rule: `receive` and `receive_inside` never raise and never block. Nothing of an unknown source's bytes reaches a call
process: every message is read, checked and written anew. A message that is not for a live process is answered
here or dropped, and every drop is counted under its reason in `counters`.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

import attrs

from b2bua.config.trunks import Gateway, Trunk
from b2bua.edge import body, responses, sdp
from b2bua.edge.admission import Admission
from b2bua.edge.dialogs import Dialogs
from b2bua.edge.forward import Forwarding
from b2bua.edge.grammar import MalformedError
from b2bua.edge.inbound import MOST_INSIDE_BYTES, Inbound, PacketSource
from b2bua.edge.invite_table import InviteEntry, InviteTable
from b2bua.edge.message import Request, Response, UnreadableError, is_token, parse
from b2bua.edge.peers import Peers
from b2bua.edge.ping import Pings, Reachability
from b2bua.edge.rate_limit import Address, Buckets
from b2bua.edge.responses import PlannedResponse
from b2bua.edge.settings import EdgeSettings, Send, to_process
from b2bua.edge.sip_capture import SipCapture
from b2bua.edge.token import COOKIE, DialogTokens, ProcessAddress
from b2bua.ipc.protocol import InviteKey

_TRYING: Final = b"SIP/2.0 100 "
"""What PJSIP answers an initial INVITE with, and nothing else: we have said it already (`answer.trying`)."""

_log = logging.getLogger(__name__)


class Edge:
    """One edge.

    `secret` (at least 16 random bytes) must be the same after a restart of the daemon. `on_reachability` is
    told each answer to a ping and each peer that falls silent. `capture` keeps what passes; it is to be told
    which call a process has.
    """

    def __init__(
        self,
        settings: EdgeSettings,
        secret: bytes,
        admission: Admission,
        trunks: Iterable[Trunk] = (),
        gateways: Iterable[Gateway] = (),
        on_reachability: Callable[[Reachability], None] = lambda _: None,
    ) -> None:
        self.settings = settings
        self.capture = SipCapture()
        self.counters: Counter[str] = Counter()
        self.peers = Peers(trunks, gateways)
        self._on_reachability = on_reachability
        self._tokens = DialogTokens(secret)
        self._forward = Forwarding(settings, self._tokens)
        self._admission = admission
        self._calls = InviteTable()
        self._dialogs = Dialogs(settings, self._tokens)
        self._pings = Pings(settings, self._tokens, self.peers.trunks, self.peers.gateways)
        self._packets = Buckets(settings.packets_per_s, 2 * settings.packets_per_s)
        self._unknown_packets = Buckets(settings.unknown_packets_per_s, 2 * settings.unknown_packets_per_s)
        self._inbound = Inbound(self._forward, admission, self._calls, self.peers, self._dialogs, self.counters)

    def contact_for(self, sip_port: int, incarnation: str) -> str:
        """The SIP URI by which the far ends reach a process. Raises ValueError for an odd incarnation."""
        return self._forward.contact(ProcessAddress(sip_port, incarnation))

    def restore(self, key: InviteKey, sip_port: int, incarnation: str) -> None:
        """A process that outlived an earlier daemon holds this call."""
        self._calls.put(key, InviteEntry(ProcessAddress(sip_port, incarnation), None, None))

    def call_ended(self, key: InviteKey, now_s: float) -> None:
        """The call is over; its late messages are still led to its process for 64 s."""
        self._calls.end(key, now_s)

    def process_died(self, sip_port: int, incarnation: str, now_s: float) -> list[Send]:
        """End on its behalf what a dead process held; the admission must not name it any more."""
        process = ProcessAddress(sip_port, incarnation)
        for key in self._calls.of(process):
            self._calls.end(key, now_s, responses.PROCESS_LOST)
        sends = self._dialogs.died(process, now_s)
        self.capture.said(sip_port, sends)
        self.capture.end(sip_port)
        return sends

    def receive(self, packet: bytes, source: Address, transport: str, now_s: float) -> list[Send]:
        """A datagram, or a frame of a stream, from outside; `now_s` is any clock that never goes back."""
        buckets = self._packets if self.peers.known(source.host) else self._unknown_packets
        if not buckets.take(source.host, now_s):
            return self._dropped("rate-limit")
        try:
            message = parse(packet)
        except UnreadableError as fault:
            return self._dropped(f"unreadable:{fault}")
        origin = PacketSource(source, transport, now_s)
        try:
            if isinstance(message, Request):
                sends = self._inbound.request(message, origin)
            else:
                sends = self._response(message, now_s)
        except Exception as fault:  # noqa: BLE001 (one message must never stop the loop)
            self._failed(fault)
            return self._inbound.fault_answer(message, origin) if isinstance(message, Request) else []
        self.capture.heard(packet, sends)
        return sends

    def receive_inside(self, packet: bytes, source_port: int, now_s: float) -> list[Send]:
        """A datagram that came to the inside socket from a port of 127.0.0.1."""
        incarnation = self._admission.incarnation_at(source_port)
        if incarnation is None:
            return self._dropped("inside-unknown")
        if packet.startswith(_TRYING):
            return []
        process = ProcessAddress(source_port, incarnation)
        try:
            message = parse(packet)
            if isinstance(message, Request):
                sends = self._request_out(message, process)
            else:
                sends = self._response_out(message, process, now_s)
        except (UnreadableError, MalformedError) as fault:
            return self._dropped(f"inside:{fault}")
        except Exception as fault:  # noqa: BLE001 (one message must never stop the loop)
            return self._failed(fault)
        self.capture.said(source_port, sends)
        return sends

    def undelivered(self, send: Send, now_s: float) -> list[Send]:
        """This could not be sent: a process that waits for an answer gets 503 and can try elsewhere."""
        self.counters["undelivered"] += 1
        try:
            request = parse(send.packet)
        except UnreadableError:
            return []
        if not isinstance(request, Request) or request.verb == "ACK":
            return []
        self._told(self._pings.failed(request.vias[0].branch, now_s))
        named = self._tokens.read_branch(request.vias[0].branch, request.call_id)
        if named is None or not self._inbound.lives(named[0]):
            return []
        return [self._forward.answer_for(request, *named, PlannedResponse(503, "Next Hop Unreachable"))]

    def tick(self, now_s: float) -> list[Send]:
        """To be called about once a second."""
        self._calls.forget(now_s)
        self._dialogs.forget(now_s)
        sends, silent = self._pings.due(now_s)
        self._told(silent)
        for send in sends:
            self.peers.meet(send.to.host)
        return sends

    def _told(self, changes: Iterable[Reachability]) -> None:
        for change in changes:
            self._on_reachability(change)

    def _dropped(self, reason: str) -> list[Send]:
        self.counters[reason] += 1
        return []

    def _failed(self, fault: Exception) -> list[Send]:
        _log.error("a message could not be dealt with: %s", type(fault).__name__, exc_info=fault)
        return self._dropped("fault")

    def _response(self, response: Response, now_s: float) -> list[Send]:
        """A response from outside must carry exactly one Via: ours, with a token that we made."""
        top = response.vias[0]
        if len(response.vias) != 1 or (top.host, top.port) != self.settings.public or response.truncated:
            return self._dropped("response-astray")
        if pinged := self._pings.answered(top.branch, now_s):
            self._told([pinged])
            return []
        named = self._tokens.read_branch(top.branch, response.call_id)
        if named is None:
            return self._dropped("response-forged")
        if response.method == "INVITE" and 200 <= response.status < 300 and not response.to.tag:
            return self._dropped("response-without-tag")
        process, branch = named
        if not self._inbound.lives(process):
            return self._dialogs.late(process, branch, response) or self._dropped("response-late")
        return self._response_in(response, process, branch)

    def _response_in(self, response: Response, process: ProcessAddress, branch: str) -> list[Send]:
        if response.method == "NOTIFY" and response.status >= 300:
            # Only the telephone's interest in its transfer has ended (RFC 5057, 5.1); PJSIP would end the whole call.
            response = attrs.evolve(response, status=200, phrase="OK")
        try:
            passed = body.passed_on(response, request=False, codecs=self.settings.codecs)
        except (MalformedError, body.UnsupportedMediaError):
            self.counters["body-dropped"] += 1
            passed = body.NONE
        ended: list[Send] = []
        if passed.declines and response.method == "INVITE":
            ended = self._dialogs.declined(process, branch, response)
            response, passed = _with_audio(response, passed, over=bool(ended))
        try:
            packet = self._forward.response_in(response, process, branch, passed)
        except MalformedError as fault:
            return self._dropped(f"response:{fault}")
        if len(packet) > MOST_INSIDE_BYTES:
            return self._dropped("response-too-large")
        self._dialogs.answered_in(process, branch, response)
        self.counters["forwarded-in"] += 1
        return [*ended, to_process(packet, process.sip_port)]

    def _request_out(self, request: Request, process: ProcessAddress) -> list[Send]:
        branch = request.vias[0].branch
        if len(request.vias) != 1 or not branch.startswith(COOKIE) or not is_token(branch):
            raise UnreadableError("via")
        try:
            send = self._forward.request_out(request, process)
        except MalformedError:
            self.counters["no-next-hop"] += 1
            if request.verb == "ACK":
                return []
            return [self._forward.answer_for(request, process, branch, PlannedResponse(503, "No Way There"))]
        self._dialogs.went_out(process, request, send)
        self.peers.meet(send.to.host)
        self.counters["forwarded-out"] += 1
        return [send]

    def _response_out(self, response: Response, process: ProcessAddress, now_s: float) -> list[Send]:
        send = self._forward.response_out(response, process)
        self._dialogs.answered_out(process, response)
        if response.method == "INVITE" and response.status >= 300:
            key = InviteKey(response.call_id, response.from_.tag)
            entry = self._calls.get(key)
            if entry is not None and entry.outcome == process and entry.cseq in (None, response.cseq):
                self._calls.end(key, now_s)
        self.counters["forwarded-out"] += 1
        return [send]


def _with_audio(response: Response, declining: body.Body, *, over: bool) -> tuple[Response, body.Body]:
    """An answer to an INVITE that declines its audio as PJSIP can bear it (docs/pjsua2.md).

    `over`: we have ended the call with the one who answered.
    """
    if over:
        return attrs.evolve(response, status=488, phrase="Not Acceptable Here"), body.NONE
    if response.status < 200:
        return response, body.NONE
    return response, body.Body(sdp.on_hold(declining.octets))
