"""Requests from outside: which are forwarded to a process, which are answered here, which are dropped.

Rule: in this order: is the source known, or the token ours; is the request sound (`guard`); for which process is it
(token, then table). An unknown source gets one answer at most; admission is asked last.
"""

from typing import Final

import attrs

from b2bua.edge import body, guard, invite_info, refer, responses, sdp
from b2bua.edge.admission import Admission, Admitted, NoProcess, Referral, Refused, lives
from b2bua.edge.dialogs import Dialogs
from b2bua.edge.drops import Drops
from b2bua.edge.forward import Forwarding
from b2bua.edge.grammar import MalformedError, parse_uri
from b2bua.edge.invite_table import InviteEntry, InviteTable
from b2bua.edge.message import Request
from b2bua.edge.party import inside_call_id, inside_tag
from b2bua.edge.passed_headers import PassedHeaders
from b2bua.edge.peers import Peers
from b2bua.edge.rate_limit import Address, Buckets
from b2bua.edge.responses import PlannedResponse
from b2bua.edge.settings import MOST_INSIDE_BYTES, Send, UnknownSources, to_process
from b2bua.edge.sip_capture import SipCapture
from b2bua.edge.token import ProcessAddress
from b2bua.edge.waiting_invites import WAIT_S, WaitingInvite, WaitingInvites
from b2bua.ipc.protocol import InviteKey

LATEST_RETRANSMISSION_S: Final = 32.0
"""How long PJSIP remembers a server transaction (RFC 3261, 17.2.1: timer H, 64 × T1)."""


NO_ROOM: Final = Refused(503, "Service Unavailable", q850=42)
"""No process was free in time. Without Retry-After: that would stop the whole trunk for its time (RFC 3261, 21.5.4)."""
CANCELLED: Final = Refused(487, "Request Terminated")


@attrs.frozen
class PacketSource:
    """Where a packet came from, by which transport, and when."""

    address: Address
    transport: str
    now_s: float


@attrs.frozen
class Inbound:
    """What becomes of requests from outside."""

    forward: Forwarding
    admission: Admission
    calls: InviteTable
    peers: Peers
    dialogs: Dialogs
    capture: SipCapture
    drops: Drops
    passed: PassedHeaders
    waiting: WaitingInvites = attrs.field(factory=WaitingInvites)
    invites: Buckets = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        rate = self.forward.settings.invites_per_s
        object.__setattr__(self, "invites", Buckets(rate, 2 * rate))

    def request(self, request: Request, source: PacketSource) -> list[Send]:
        """What is sent for a request from outside."""
        if request.verb == "ACK":
            return self._ack(request, source)
        process = self._named_in_uri(request)
        if process is None and not self.peers.known(source.address.host):
            return self._unknown_source(request, source)
        entry = self.calls.get(invite_info.key_of(request)) if process is None else None
        if refusal := guard.refusal(request):
            return self._answered(request, refusal, source)
        if request.verb == "INVITE" and not request.to.tag:
            return self._initial(request, entry, source)
        if request.verb == "OPTIONS" and not request.to.tag:
            return self._answered(request, responses.OPTIONS_OK, source)
        if entry is not None and isinstance(entry.outcome, ProcessAddress):
            process = entry.outcome
        if entry is not None and isinstance(entry.outcome, WaitingInvite) and request.verb == "CANCEL":
            return self._cancelled(request, entry.outcome, source)
        if process is None:
            process = self.dialogs.holder_of(request)
        if process is None or not lives(self.admission, process) or (not request.to.tag and request.verb != "CANCEL"):
            return self._answered(request, responses.NO_DIALOG, source)
        if request.verb == "OPTIONS" or (request.verb == "INFO" and not request.body):
            # PJSIP answers 500 to either; an INFO without body is 200 (RFC 2976, 2.2).
            is_up = self.dialogs.may_hold(process, request)
            return self._answered(request, _in_dialog_ok(request) if is_up else responses.NO_DIALOG, source)
        if request.verb == "REFER":
            return self._answered(request, self._referred(request, process, source), source)
        return self._passed(request, process, source)

    def fault_answer(self, request: Request, source: PacketSource) -> list[Send]:
        """500 to a request that a fault of ours has stopped, so that a peer need not wait for its timer."""
        if request.verb == "ACK" or not self.peers.known(source.address.host):
            return []
        return self._answered(request, responses.FAULT, source)

    def process_of(self, request: Request) -> ProcessAddress | None:
        """The process that a request is for: by the token in its Request-URI, or as the INVITE that it goes with."""
        if process := self._named_in_uri(request):
            return process
        entry = self.calls.get(invite_info.key_of(request))
        return entry.outcome if entry is not None and isinstance(entry.outcome, ProcessAddress) else None

    def _dropped(self, reason: str, source: PacketSource) -> list[Send]:
        return self.drops.note(reason, source.address.host, source.now_s)

    def _answered(self, request: Request, how: PlannedResponse, source: PacketSource) -> list[Send]:
        self.drops.counters[f"answered-{how.status}"] += 1
        return [responses.to_outside(request, how, self.forward.tokens, source.address, source.transport)]

    def _named_in_uri(self, request: Request) -> ProcessAddress | None:
        """The process that the Request-URI's token names."""
        try:
            return self.forward.tokens.read_contact(parse_uri(request.uri).user)
        except MalformedError:
            return None

    def _unknown_source(self, request: Request, source: PacketSource) -> list[Send]:
        if self.forward.settings.unknown_sources is UnknownSources.SILENCE:
            return self._dropped("unknown-source", source)
        return self._answered(request, responses.FORBIDDEN, source)

    def _packet(self, request: Request, source: PacketSource) -> bytes | PlannedResponse:
        """The request as a process may see it, or why it cannot."""
        try:
            passed = body.passed_on(request, request=True, codecs=self.forward.settings.codecs)
            packet = self.forward.request_in(request, source.address, source.transport, passed)
        except body.UnsupportedMediaError as fault:
            return PlannedResponse(415, "Unsupported Media Type", (f"Accept: {fault.accept}",))
        except sdp.NothingCommonError:
            return responses.NOT_ACCEPTABLE
        except MalformedError as fault:
            return PlannedResponse(400, f"Bad Request ({fault})")
        return packet if len(packet) <= MOST_INSIDE_BYTES else responses.TOO_LARGE

    def _passed(self, request: Request, process: ProcessAddress, source: PacketSource) -> list[Send]:
        packet = self._packet(request, source)
        if isinstance(packet, PlannedResponse):
            return self._answered(request, packet, source)
        self.dialogs.came_in(process, request, source.address, source.transport)
        return self._to_process(packet, process)

    def _referred(self, request: Request, process: ProcessAddress, source: PacketSource) -> PlannedResponse:
        """The answer to a REFER within a dialog, which goes to the call; only a target's telephone may send one."""
        wish = refer.read(request)
        if isinstance(wish, PlannedResponse):
            return wish
        if self.calls.get(invite_info.key_of(request)) is not None:
            return refer.DECLINED
        referral = self._referral(request, process, wish)
        if referral is None:
            return refer.DECLINED
        if refused := self.admission.refer(process, referral):
            return responses.of_refusal(refused)
        lines = (f"Contact: <{self.forward.contact(process, source.transport)}>",)
        return PlannedResponse(202, "Accepted", (*lines, refer.NO_SUBSCRIPTION) if wish.quiet else lines)

    def _referral(self, request: Request, process: ProcessAddress, wish: refer.ReferTo) -> Referral | None:
        """What a REFER asks for. Where a call through us is to be replaced, its far side is what is really meant."""
        referral = Referral(request.call_id, request.cseq, wish.address, "", wish.quiet)
        replaces = wish.replaces
        if replaces is None:
            return referral
        entry = self.calls.get(InviteKey(inside_call_id(replaces.call_id), inside_tag(replaces.from_tag)))
        met_at = self.forward.tokens.read_contact(wish.uri.user) or (entry.outcome if entry else None)
        if not isinstance(met_at, ProcessAddress):
            return attrs.evolve(referral, replaces=str(replaces))
        tags = (inside_tag(replaces.to_tag), inside_tag(replaces.from_tag))
        far = self.dialogs.other_dialog(met_at, inside_call_id(replaces.call_id), *tags)
        if far is None or met_at == process or not lives(self.admission, met_at):
            return None
        replaced = refer.Replaces(far.written_call_id, far.remote.written_tag, far.local.tag)
        return attrs.evolve(referral, to="", replaces=str(replaced), met_at=met_at)

    def _to_process(self, packet: bytes, process: ProcessAddress) -> list[Send]:
        self.drops.counters["forwarded-in"] += 1
        return [to_process(packet, process.sip_port)]

    def _initial(self, request: Request, entry: InviteEntry | None, source: PacketSource) -> list[Send]:
        """An INVITE without To tag: a new call, the same again, or the same by another way."""
        if entry is not None:
            if entry.branch is None or entry.branch == request.vias[0].branch:
                return self._again(request, entry, source)
            if entry.until_s is None or request.cseq == entry.cseq:
                return self._answered(request, responses.LOOP, source)
        trunk = self.peers.trunk_of(source.address.host)
        if trunk is None:
            return self._unknown_source(request, source)
        tokens = self.forward.tokens
        if any(tokens.read_branch(via.branch, request.call_id) for via in request.vias):
            return self._answered(request, responses.LOOP, source)
        if not self.invites.take(trunk.name, source.now_s):
            return self._answered(request, responses.TOO_MANY, source)
        packet = self._packet(request, source)
        if isinstance(packet, PlannedResponse):
            return self._answered(request, packet, source)
        key, until_s = invite_info.key_of(request), source.now_s + WAIT_S
        invite = WaitingInvite(key, request, packet, trunk, source.address, source.transport, until_s)
        verdict = NoProcess() if self.waiting.has(trunk) else self._admit(invite)
        if not isinstance(verdict, NoProcess):
            return self._decided(invite, verdict, source.now_s, waited=False)
        if not self.waiting.add(invite):
            return self._decided(invite, NO_ROOM, source.now_s, waited=False)
        self.calls.put(key, InviteEntry(invite, request.vias[0].branch, request.cseq))
        return [responses.trying(request, source.address, source.transport)]

    def retry_waiting(self, now_s: float) -> list[Send]:
        """Ask again for the calls that wait for a process; refuse those that have waited too long."""
        sends: list[Send] = []
        for invite in self.waiting.expired(now_s):
            self.waiting.remove(invite)
            sends += self._decided(invite, NO_ROOM, now_s, waited=True)
        while (next_invite := self.waiting.next()) is not None:
            verdict = self._admit(next_invite)
            if isinstance(verdict, NoProcess):
                break
            self.waiting.remove(next_invite)
            sends += self._decided(next_invite, verdict, now_s, waited=True)
        return sends

    def _admit(self, invite: WaitingInvite) -> Admitted | Refused | NoProcess:
        return self.admission.admit(
            invite_info.new_call(invite.request, invite.trunk, invite.address, invite.transport)
        )

    def _decided(self, invite: WaitingInvite, verdict: Admitted | Refused, now_s: float, *, waited: bool) -> list[Send]:
        """What a new call's INVITE leads to; 100 was sent already to one that has waited."""
        request, top = invite.request, invite.request.vias[0].branch
        source = PacketSource(invite.address, invite.transport, now_s)
        if isinstance(verdict, Refused):
            self.calls.put(invite.key, InviteEntry(verdict, top, request.cseq, now_s + LATEST_RETRANSMISSION_S))
            return self._answered(request, responses.of_refusal(verdict), source)
        process = ProcessAddress(verdict.sip_port, verdict.incarnation)
        self.capture.begin(verdict.sip_port, verdict.call_id)
        self.calls.put(invite.key, InviteEntry(process, top, request.cseq))
        self.passed.begin(process, invite.trunk, request)
        self.dialogs.came_in(process, request, source.address, source.transport)
        if waited:
            sends = self._to_process(invite.packet, process)
            self.capture.received(invite.packet, sends)
            return sends
        return self._tried(invite.packet, process, request, source)

    def _cancelled(self, request: Request, invite: WaitingInvite, source: PacketSource) -> list[Send]:
        """A CANCEL for an INVITE that waits: the INVITE is over (RFC 3261, 9.2)."""
        self.waiting.remove(invite)
        ended = self._decided(invite, CANCELLED, source.now_s, waited=True)
        return [*self._answered(request, PlannedResponse(200, "OK"), source), *ended]

    def _tried(self, packet: bytes, process: ProcessAddress, request: Request, source: PacketSource) -> list[Send]:
        """An initial INVITE to its process, and 100 to where it came from."""
        return [*self._to_process(packet, process), responses.trying(request, source.address, source.transport)]

    def _again(self, request: Request, entry: InviteEntry, source: PacketSource) -> list[Send]:
        """A retransmitted initial INVITE goes where the first went, or is answered as the first was."""
        if isinstance(entry.outcome, Refused):
            return self._answered(request, responses.of_refusal(entry.outcome), source)
        if isinstance(entry.outcome, WaitingInvite):
            return [responses.trying(request, source.address, source.transport)]
        if entry.until_s is not None and source.now_s > entry.until_s - LATEST_RETRANSMISSION_S:
            # By now PJSIP has forgotten the transaction and would take it for a new call.
            return self._dropped("invite-too-late", source)
        if not lives(self.admission, entry.outcome):
            return self._answered(request, responses.of_refusal(responses.PROCESS_LOST), source)
        packet = self._packet(request, source)
        if isinstance(packet, PlannedResponse):
            return self._answered(request, packet, source)
        return self._tried(packet, entry.outcome, request, source)

    def _ack(self, request: Request, source: PacketSource) -> list[Send]:
        """An ACK is never answered. One without a To tag kills PJSIP; one for an answer of ours ends here."""
        if not request.to.tag:
            return self._dropped("ack-without-tag", source)
        process = self._named_in_uri(request)
        if process is None and request.to.tag == responses.to_tag(request, self.forward.tokens):
            return self._dropped("ack-absorbed", source)
        if process is None and not self.peers.known(source.address.host):
            return self._dropped("unknown-source", source)
        if (
            process is None
            and (entry := self.calls.get(invite_info.key_of(request)))
            and isinstance(entry.outcome, ProcessAddress)
        ):
            process = entry.outcome
        if process is None:
            process = self.dialogs.holder_of(request)
        if process is None or not lives(self.admission, process):
            return self._dropped("ack-astray", source)
        if guard.refusal(request):
            return self._dropped("ack-refused", source)
        try:
            passed = body.passed_on(request, request=True, codecs=self.forward.settings.codecs)
        except (MalformedError, body.UnsupportedMediaError):
            self.drops.counters["body-dropped"] += 1
            passed = body.NONE
        packet = self.forward.request_in(request, source.address, source.transport, passed)
        return (
            self._to_process(packet, process)
            if len(packet) <= MOST_INSIDE_BYTES
            else self._dropped("ack-too-large", source)
        )


def _in_dialog_ok(request: Request) -> PlannedResponse:
    return responses.OPTIONS_OK if request.verb == "OPTIONS" else PlannedResponse(200, "OK")
