"""The edge without sockets: bytes in, bytes out.

Rule: `receive` and `receive_inside` never raise and never block. Nothing of an unknown source's bytes reaches a call
process: every message is read, checked and written anew. A message that is not for a live process is answered
here or dropped, and every drop is counted under its reason in `counters`.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from b2bua.config.trunks import Gateway, Trunk
from b2bua.edge import invite_info, responses
from b2bua.edge.admission import Admission, lives
from b2bua.edge.dialog_journal import DialogJournal, Entry
from b2bua.edge.dialogs import Dialogs
from b2bua.edge.drops import Drops
from b2bua.edge.forward import Forwarding
from b2bua.edge.grammar import MalformedError
from b2bua.edge.inbound import Inbound, PacketSource
from b2bua.edge.inbound_responses import InboundResponses
from b2bua.edge.invite_table import InviteEntry, InviteTable
from b2bua.edge.message import Request, Response, UnreadableError, parse
from b2bua.edge.outbound import Outbound
from b2bua.edge.passed_headers import PassedHeaders
from b2bua.edge.peers import Peers
from b2bua.edge.ping import Pings, Reachability
from b2bua.edge.rate_limit import Address, Buckets
from b2bua.edge.responses import PlannedResponse
from b2bua.edge.restart import HeldMessage, Restart
from b2bua.edge.settings import EdgeSettings, Send
from b2bua.edge.sip_capture import Missing, SipCapture
from b2bua.edge.token import DialogTokens, ProcessAddress
from b2bua.ipc.protocol import Hello, InviteKey

_TRYING: Final = b"SIP/2.0 100 "
"""PJSIP answers 100 to an initial INVITE only; the edge has sent its own already (`responses.trying`)."""

_log = logging.getLogger(__name__)


class Edge:
    """One edge.

    `secret` (at least 16 random bytes) must be the same after a restart of the daemon. `on_reachability` is called with
    each answer to a ping and each peer that falls silent. `journal` keeps for the next daemon what is remembered of the
    calls that are up. `capture` has the messages of each call.
    """

    def __init__(
        self,
        settings: EdgeSettings,
        secret: bytes,
        admission: Admission,
        trunks: Iterable[Trunk] = (),
        gateways: Iterable[Gateway] = (),
        on_reachability: Callable[[Reachability], None] = lambda _: None,
        journal: DialogJournal | None = None,
    ) -> None:
        self.settings = settings
        self.capture = SipCapture()
        self.counters: Counter[str] = Counter()
        self.peers = Peers(trunks, gateways)
        self.drops = Drops(self.counters, self.peers)
        self._on_reachability = on_reachability
        self._tokens = DialogTokens(secret)
        self._forward = Forwarding(settings, self._tokens)
        self._admission = admission
        self._calls = InviteTable()
        self._pings = Pings(settings, self._tokens, self.peers.trunks, self.peers.gateways)
        self._packets = Buckets(settings.packets_per_s, 2 * settings.packets_per_s)
        self._unknown_packets = Buckets(settings.unknown_packets_per_s, 2 * settings.unknown_packets_per_s)
        journal = journal or DialogJournal()
        self._dialogs = Dialogs(settings, self._tokens, journal)
        self._restart = Restart(self._restored(journal.open()))
        self._passed = PassedHeaders(self.peers)
        self._inbound = Inbound(
            self._forward, admission, self._calls, self.peers, self._dialogs, self.capture, self.drops, self._passed
        )
        self._responses = InboundResponses(self._forward, admission, self._dialogs, self.drops, self._passed)
        self._outbound = Outbound(self._forward, self._calls, self.peers, self._dialogs, self.counters, self._passed)

    def _restored(self, entries: Iterable[Entry]) -> Iterable[ProcessAddress]:
        """Take over what the daemon before remembered; the processes that it knew of a call."""
        callers = self._dialogs.restore(entries)
        for process, caller in callers.items():
            if caller is not None:
                invite = caller.request
                entry = InviteEntry(process, invite.vias[0].branch, invite.cseq)
                self._calls.put(invite_info.key_of(invite), entry)
        for host in self._dialogs.hosts():
            self.peers.meet(host)
        return callers

    def process_linked(self, hello: Hello, now_s: float) -> list[Send]:
        """A process said Hello: a new one, or one that outlived an earlier daemon. What waited for it goes to it.

        `Admission.incarnation_at` must name it already.
        """
        process = ProcessAddress(hello.sip_port, hello.incarnation)
        sends: list[Send] = []
        if hello.invite is not None and hello.call_id:
            entry = self._calls.get(hello.invite)
            if entry is None or entry.outcome != process:
                self._calls.put(hello.invite, InviteEntry(process, None, None))
            self.capture.begin(process.sip_port, hello.call_id, Missing.RESTARTED)
        elif process in self._restart.missing:  # its call ended without a daemon; the far ends may not know
            sends = self._ended(process, now_s)
        return sends + self._let_go(self._restart.linked(process), now_s) + self.retry_waiting(now_s)

    @property
    def has_waiting(self) -> bool:
        """Whether INVITEs wait for a process: `retry_waiting` is to be called soon."""
        return len(self._inbound.waiting) > 0

    def retry_waiting(self, now_s: float) -> list[Send]:
        """Give the calls that wait to processes that are free by now; refuse those that have waited too long."""
        return self._inbound.retry_waiting(now_s) if self.has_waiting else []

    def missing_processes(self) -> list[ProcessAddress]:
        """The processes that an earlier daemon knew of a call and that have not linked to this one yet."""
        return list(self._restart.missing)

    def call_ended(self, key: InviteKey, now_s: float) -> None:
        """The call is over; its late messages are still forwarded to its process for 64 s."""
        self._calls.end(key, now_s)

    def process_died(self, sip_port: int, incarnation: str, now_s: float) -> list[Send]:
        """End in its name what a dead process held; `Admission.incarnation_at` must not name it any more."""
        process = ProcessAddress(sip_port, incarnation)
        sends = self._ended(process, now_s)
        self.capture.sent(sip_port, sends)
        self.capture.end(sip_port)
        return sends + self._let_go(self._restart.died(process), now_s)

    def _ended(self, process: ProcessAddress, now_s: float) -> list[Send]:
        for key in self._calls.of(process):
            self._calls.end(key, now_s, responses.PROCESS_LOST)
        self._passed.end(process)
        return self._dialogs.died(process, now_s)

    def receive(self, packet: bytes, source: Address, transport: str, now_s: float) -> list[Send]:
        """A datagram, or a frame of a stream, from outside; `now_s` is any clock that never goes back."""
        buckets = self._packets if self.peers.known(source.host) else self._unknown_packets
        if not buckets.take(source.host, now_s):
            return self.drops.note("rate-limit", source.host, now_s)
        try:
            message = parse(packet)
        except UnreadableError as fault:
            return self._unreadable(fault, PacketSource(source, transport, now_s))
        if self._restart.is_holding and self._is_held(message, packet, source, transport):
            return []
        return self._received(message, packet, PacketSource(source, transport, now_s))

    def _received(self, message: Request | Response, packet: bytes, source: PacketSource) -> list[Send]:
        try:
            if isinstance(message, Request):
                sends = self._inbound.request(message, source)
            else:
                sends = self._response(message, source)
        except Exception as fault:  # noqa: BLE001 (one message must never stop the loop)
            self._failed(fault)
            return self._inbound.fault_answer(message, source) if isinstance(message, Request) else []
        self.capture.received(packet, sends)
        return sends

    def _unreadable(self, fault: UnreadableError, source: PacketSource) -> list[Send]:
        """A peer's request is answered 400, 505 or 513, its final answer acknowledged; others get nothing."""
        self.drops.note(f"unreadable:{fault}", source.address.host, source.now_s)
        if fault.unread is None or not self.peers.known(source.address.host):
            return []
        if not fault.unread.verb:
            return self._responses.unread(fault.unread)
        answer = responses.to_unread(fault.unread, str(fault), self._tokens, source.address, source.transport)
        return [answer] if answer else []

    def _response(self, response: Response, source: PacketSource) -> list[Send]:
        now_s = source.now_s
        if pinged := self._pings.answered(response.vias[0].branch, now_s):
            self._report([pinged])
            return []
        return self._responses.response(response, source.address.host, source.now_s)

    def _is_held(self, message: Request | Response, packet: bytes, source: Address, transport: str) -> bool:
        """Whether a message waits for a process that has not linked yet; True too where it found no room to wait."""
        if isinstance(message, Request):
            process = self._inbound.process_of(message)
        else:
            named = self._tokens.read_branch(message.vias[0].branch, message.call_id)
            process = named[0] if named else None
        if process is None or not self._restart.awaits(process):
            return False
        held = HeldMessage(process, message, packet, source, transport)
        if lives(self._admission, process) and not held.is_refer:
            return False
        self.counters["held" if self._restart.hold(held) else "held-too-many"] += 1
        return True

    def _let_go(self, messages: Iterable[HeldMessage], now_s: float) -> list[Send]:
        sends: list[Send] = []
        for held in messages:
            sends += self._received(held.message, held.packet, PacketSource(held.source, held.transport, now_s))
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
                sends = self._outbound.request(message, process)
            else:
                sends = self._outbound.response(message, process, now_s)
        except (UnreadableError, MalformedError) as fault:
            return self._dropped(f"inside:{fault}")
        except Exception as fault:  # noqa: BLE001 (one message must never stop the loop)
            return self._failed(fault)
        self.capture.sent(source_port, sends)
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
        self._report(self._pings.failed(request.vias[0].branch, now_s))
        named = self._tokens.read_branch(request.vias[0].branch, request.call_id)
        if named is None or not lives(self._admission, named[0]):
            return []
        return [self._forward.answer_for(request, *named, PlannedResponse(503, "Next Hop Unreachable"))]

    def tick(self, now_s: float) -> list[Send]:
        """To be called about once a second, and first when the edge begins to serve."""
        self._calls.forget(now_s)
        byes = self._dialogs.tick(now_s)
        pings, silent = self._pings.due(now_s)
        self._report(silent)
        for send in pings:
            self.peers.meet(send.to.host)
        return pings + byes + self._after_restart(now_s)

    def _after_restart(self, now_s: float) -> list[Send]:
        sends: list[Send] = []
        gone = set(self._restart.given_up(now_s))
        for process in self.missing_processes():
            # A port has one process: where another is, this one is dead.
            if process in gone or self._admission.incarnation_at(process.sip_port) not in (None, process.incarnation):
                sends += self.process_died(process.sip_port, process.incarnation, now_s)
        return sends + self._let_go(self._restart.due(now_s), now_s)

    def _report(self, changes: Iterable[Reachability]) -> None:
        for change in changes:
            self._on_reachability(change)

    def _dropped(self, reason: str) -> list[Send]:
        self.counters[reason] += 1
        return []

    def _failed(self, fault: Exception) -> list[Send]:
        _log.error("a message met a fault of ours: %s", type(fault).__name__, exc_info=fault)
        return self._dropped("fault")
