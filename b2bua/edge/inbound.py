"""Requests from outside: which are led to a process, which are answered here, which are dropped.

Rule: in this order: who is it (token or neighbour), is it sound (`guard`), whose is it (token, then table). A
stranger costs one answer at most; the desk is asked last.
"""

from collections import Counter

import attrs

from b2bua.edge import body, guard, invite_info, refer, responses, sdp
from b2bua.edge.admission import Admission, Referral, Refused
from b2bua.edge.dialogs import Dialogs
from b2bua.edge.forward import Forwarding
from b2bua.edge.grammar import MalformedError, parse_uri
from b2bua.edge.invite_table import Entry, InviteTable
from b2bua.edge.message import Request
from b2bua.edge.peers import Peers
from b2bua.edge.rate_limit import Address, Buckets
from b2bua.edge.responses import PlannedResponse
from b2bua.edge.settings import Send, Strangers, to_process
from b2bua.edge.token import ProcessAddress
from b2bua.ipc.protocol import InviteKey

MOST_INSIDE_BYTES = 3_900
"""PJSIP cuts a datagram at 4,000 bytes without a word, and prints its answers into as many."""
LATEST_RETRANSMISSION_S = 32.0
"""Until then PJSIP remembers a transaction (RFC 3261, 17.2.1: timer H)."""


@attrs.frozen
class Origin:
    """Where a packet came from, by which transport, and when."""

    source: Address
    transport: str
    now_s: float


@attrs.frozen
class Inbound:
    """The requests' way in."""

    forward: Forwarding
    desk: Admission
    calls: InviteTable
    neighbours: Peers
    orphans: Dialogs
    counters: Counter[str]
    invites: Buckets = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        rate = self.forward.site.invites_per_s
        object.__setattr__(self, "invites", Buckets(rate, 2 * rate))

    def request(self, request: Request, origin: Origin) -> list[Send]:
        """What is to be done about a request from outside."""
        if request.verb == "ACK":
            return self._ack(request, origin)
        place = self._place_of(request)
        if place is None and not self.neighbours.known(origin.source.host):
            return self._stranger(request, origin)
        entry = self.calls.get(invite_info.key_of(request)) if place is None else None
        if refusal := guard.refusal(request):
            return self._answered(request, refusal, origin)
        if request.verb == "INVITE" and not request.to.tag:
            return self._initial(request, entry, origin)
        if request.verb == "OPTIONS" and not request.to.tag:
            return self._answered(request, responses.OPTIONS_OK, origin)
        if entry is not None and isinstance(entry.outcome, ProcessAddress):
            place = entry.outcome
        if place is None or not self.lives(place) or (not request.to.tag and request.verb != "CANCEL"):
            return self._answered(request, responses.NO_DIALOG, origin)
        if request.verb == "OPTIONS":
            # PJSIP answers 500 to it inside a dialog.
            return self._answered(request, responses.OPTIONS_OK, origin)
        if request.verb == "REFER":
            return self._answered(request, self._referred(request, place, origin), origin)
        return self._passed(request, place, origin)

    def sorry(self, request: Request, origin: Origin) -> list[Send]:
        """The answer to a request on which we failed: a neighbour need not wait for nothing."""
        if request.verb == "ACK" or not self.neighbours.known(origin.source.host):
            return []
        return self._answered(request, responses.FAULT, origin)

    def lives(self, place: ProcessAddress) -> bool:
        """Whether this very process still has its port."""
        return self.desk.incarnation_at(place.sip_port) == place.incarnation

    def _dropped(self, reason: str) -> list[Send]:
        self.counters[reason] += 1
        return []

    def _answered(self, request: Request, how: PlannedResponse, origin: Origin) -> list[Send]:
        self.counters[f"answered-{how.status}"] += 1
        return [responses.to_outside(request, how, self.forward.tokens, origin.source, origin.transport)]

    def _place_of(self, request: Request) -> ProcessAddress | None:
        """The process that the Request-URI's token names."""
        try:
            return self.forward.tokens.read_contact(parse_uri(request.uri).user)
        except MalformedError:
            return None

    def _stranger(self, request: Request, origin: Origin) -> list[Send]:
        if self.forward.site.strangers is Strangers.SILENCE:
            return self._dropped("stranger")
        return self._answered(request, responses.FORBIDDEN, origin)

    def _packet(self, request: Request, origin: Origin) -> bytes | PlannedResponse:
        """The request as a process may see it, or why it cannot."""
        try:
            passed = body.passed_on(request, request=True, codecs=self.forward.site.codecs)
            packet = self.forward.request_in(request, origin.source, origin.transport, passed)
        except body.UnsupportedMediaError as fault:
            return PlannedResponse(415, "Unsupported Media Type", (f"Accept: {fault.accept}",))
        except sdp.NothingCommonError:
            return responses.NOT_ACCEPTABLE
        except MalformedError as fault:
            return PlannedResponse(400, f"Bad Request ({fault})")
        return packet if len(packet) <= MOST_INSIDE_BYTES else responses.TOO_LARGE

    def _passed(self, request: Request, place: ProcessAddress, origin: Origin) -> list[Send]:
        packet = self._packet(request, origin)
        if isinstance(packet, PlannedResponse):
            return self._answered(request, packet, origin)
        self.orphans.came_in(place, request, origin.source, origin.transport)
        return self._to_process(packet, place)

    def _referred(self, request: Request, place: ProcessAddress, origin: Origin) -> PlannedResponse:
        """A REFER within a dialog is told to the call; only a target's telephone may send one."""
        wish = refer.read(request)
        if isinstance(wish, PlannedResponse):
            return wish
        if self.calls.get(invite_info.key_of(request)) is not None:
            return refer.DECLINED
        referral = self._referral(request, place, wish)
        if referral is None:
            return refer.DECLINED
        if refused := self.desk.refer(place, referral):
            return responses.of_refusal(refused)
        lines = (f"Contact: <{self.forward.contact(place, origin.transport)}>",)
        return PlannedResponse(202, "Accepted", (*lines, refer.NO_SUBSCRIPTION) if wish.quiet else lines)

    def _referral(self, request: Request, place: ProcessAddress, wish: refer.ReferTo) -> Referral | None:
        """What a REFER asks for. Where a call through us is to be replaced, its far side is what is really meant."""
        referral = Referral(request.call_id, request.cseq, wish.place, "", wish.quiet)
        replaces = wish.replaces
        if replaces is None:
            return referral
        entry = self.calls.get(InviteKey(replaces.call_id, replaces.from_tag))
        met_at = self.forward.tokens.read_contact(wish.uri.user) or (entry.outcome if entry else None)
        if not isinstance(met_at, ProcessAddress):
            return attrs.evolve(referral, replaces=str(replaces))
        far = self.orphans.beside(met_at, replaces.call_id, replaces.to_tag, replaces.from_tag)
        if far is None or met_at == place or not self.lives(met_at):
            return None
        replaced = refer.Replaces(far.call_id, far.remote.tag, far.local.tag)
        return attrs.evolve(referral, to="", replaces=str(replaced), met_at=met_at)

    def _to_process(self, packet: bytes, place: ProcessAddress) -> list[Send]:
        self.counters["forwarded-in"] += 1
        return [to_process(packet, place.sip_port)]

    def _initial(self, request: Request, entry: Entry | None, origin: Origin) -> list[Send]:
        """An INVITE without To tag: a new call, the same again, or the same by another way."""
        if entry is not None:
            if entry.branch is None or entry.branch == request.vias[0].branch:
                return self._again(request, entry, origin)
            if entry.until_s is None or request.cseq == entry.cseq:
                return self._answered(request, responses.LOOP, origin)
        trunk = self.neighbours.trunk_of(origin.source.host)
        if trunk is None:
            return self._stranger(request, origin)
        tokens = self.forward.tokens
        if any(tokens.read_branch(via.branch, request.call_id) for via in request.vias):
            return self._answered(request, responses.LOOP, origin)
        if not self.invites.take(trunk.name, origin.now_s):
            return self._answered(request, responses.TOO_MANY, origin)
        packet = self._packet(request, origin)
        if isinstance(packet, PlannedResponse):
            return self._answered(request, packet, origin)
        verdict = self.desk.admit(invite_info.new_call(request, trunk, origin.source, origin.transport))
        key, top = invite_info.key_of(request), request.vias[0].branch
        if isinstance(verdict, Refused):
            self.calls.put(key, Entry(verdict, top, request.cseq, origin.now_s + LATEST_RETRANSMISSION_S))
            return self._answered(request, responses.of_refusal(verdict), origin)
        place = ProcessAddress(verdict.sip_port, verdict.incarnation)
        self.calls.put(key, Entry(place, top, request.cseq))
        self.orphans.came_in(place, request, origin.source, origin.transport)
        return self._tried(packet, place, request, origin)

    def _tried(self, packet: bytes, place: ProcessAddress, request: Request, origin: Origin) -> list[Send]:
        """An initial INVITE to its process, and 100 to where it came from."""
        return [*self._to_process(packet, place), responses.trying(request, origin.source, origin.transport)]

    def _again(self, request: Request, entry: Entry, origin: Origin) -> list[Send]:
        """A retransmitted initial INVITE goes where the first went, or is answered as the first was."""
        if isinstance(entry.outcome, Refused):
            return self._answered(request, responses.of_refusal(entry.outcome), origin)
        if entry.until_s is not None and origin.now_s > entry.until_s - LATEST_RETRANSMISSION_S:
            # By now PJSIP has forgotten the transaction and would take it for a new call.
            return self._dropped("invite-too-late")
        if not self.lives(entry.outcome):
            return self._answered(request, responses.of_refusal(responses.PROCESS_LOST), origin)
        packet = self._packet(request, origin)
        if isinstance(packet, PlannedResponse):
            return self._answered(request, packet, origin)
        return self._tried(packet, entry.outcome, request, origin)

    def _ack(self, request: Request, origin: Origin) -> list[Send]:
        """An ACK is never answered. One without a To tag kills PJSIP; one for an answer of ours ends here."""
        if not request.to.tag:
            return self._dropped("ack-without-tag")
        place = self._place_of(request)
        if place is None and request.to.tag == responses.to_tag(request, self.forward.tokens):
            return self._dropped("ack-absorbed")
        if place is None and not self.neighbours.known(origin.source.host):
            return self._dropped("stranger")
        if (
            place is None
            and (entry := self.calls.get(invite_info.key_of(request)))
            and isinstance(entry.outcome, ProcessAddress)
        ):
            place = entry.outcome
        if place is None or not self.lives(place):
            return self._dropped("ack-astray")
        if guard.refusal(request):
            return self._dropped("ack-refused")
        try:
            passed = body.passed_on(request, request=True, codecs=self.forward.site.codecs)
        except (MalformedError, body.UnsupportedMediaError):
            self.counters["body-dropped"] += 1
            passed = body.NONE
        packet = self.forward.request_in(request, origin.source, origin.transport, passed)
        return self._to_process(packet, place) if len(packet) <= MOST_INSIDE_BYTES else self._dropped("ack-too-large")
