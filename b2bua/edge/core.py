"""The edge without sockets: bytes in, bytes out, nothing remembered but where initial INVITEs went.

Rule: `receive` and `receive_inside` never raise and never block. Nothing of a stranger's bytes reaches a call
process: every message is read, checked and written anew. A message that is not for a live process is answered
here or dropped, and every drop is counted under its reason in `counters`.
"""

import logging
from collections import Counter
from collections.abc import Iterable

from b2bua.edge import answer, arrival, body, forward, guard, sdp
from b2bua.edge.answer import Answer
from b2bua.edge.calls import Calls, Entry
from b2bua.edge.desk import Desk, Refused
from b2bua.edge.grammar import MalformedError, parse_uri
from b2bua.edge.limits import Address, Buckets
from b2bua.edge.message import Request, Response, UnreadableError, parse
from b2bua.edge.neighbours import Neighbours
from b2bua.edge.site import Send, Site, Strangers, to_process
from b2bua.edge.token import Place, Tokens
from b2bua.link import InviteKey
from b2bua.trunks import Gateway, Trunk

MOST_INSIDE_BYTES = 4_000
"""PJSIP cuts a datagram here without a word."""
LATEST_RETRANSMISSION_S = 32.0

_log = logging.getLogger(__name__)


class Edge:
    """One edge. `secret` (at least 16 random bytes) must be the same after a restart of the daemon."""

    def __init__(
        self,
        site: Site,
        secret: bytes,
        desk: Desk,
        trunks: Iterable[Trunk] = (),
        gateways: Iterable[Gateway] = (),
    ) -> None:
        self.site = site
        self.counters: Counter[str] = Counter()
        self.neighbours = Neighbours(trunks, gateways)
        self._tokens = Tokens(secret)
        self._forward = forward.Forwarding(site, self._tokens)
        self._desk = desk
        self._calls = Calls()
        self._packets = Buckets(site.packets_per_s, 2 * site.packets_per_s)
        self._stranger_packets = Buckets(site.stranger_packets_per_s, 2 * site.stranger_packets_per_s)
        self._invites = Buckets(site.invites_per_s, 2 * site.invites_per_s)

    def contact_for(self, sip_port: int, incarnation: str) -> str:
        """The SIP URI by which the far ends reach a process. Raises ValueError for an odd incarnation."""
        return self._forward.contact(Place(sip_port, incarnation))

    def restore(self, key: InviteKey, sip_port: int, incarnation: str) -> None:
        """A process that outlived an earlier daemon holds this call."""
        self._calls.put(key, Entry(Place(sip_port, incarnation), None, None))

    def call_ended(self, key: InviteKey, now_s: float) -> None:
        """The call is over; its late messages are still led to its process for 64 s."""
        self._calls.end(key, now_s)

    def receive(self, packet: bytes, source: Address, transport: str, now_s: float) -> list[Send]:
        """A datagram, or a frame of a stream, from outside; `now_s` is any clock that never goes back."""
        buckets = self._packets if self.neighbours.known(source.host) else self._stranger_packets
        if not buckets.take(source.host, now_s):
            return self._dropped("rate-limit")
        try:
            message = parse(packet)
            if isinstance(message, Request):
                return self._request(message, source, transport, now_s)
            return self._response(message)
        except UnreadableError as fault:
            return self._dropped(f"unreadable:{fault}")
        except Exception as fault:  # noqa: BLE001 (one message must never stop the loop)
            return self._failed(fault)

    def receive_inside(self, packet: bytes, source_port: int, now_s: float) -> list[Send]:
        """A datagram that came to the inside socket from a port of 127.0.0.1."""
        incarnation = self._desk.incarnation_at(source_port)
        if incarnation is None:
            return self._dropped("inside-stranger")
        place = Place(source_port, incarnation)
        try:
            message = parse(packet)
            if isinstance(message, Request):
                return self._request_out(message, place)
            return self._response_out(message, place, now_s)
        except (UnreadableError, MalformedError) as fault:
            return self._dropped(f"inside:{fault}")
        except Exception as fault:  # noqa: BLE001 (one message must never stop the loop)
            return self._failed(fault)

    def undelivered(self, send: Send) -> list[Send]:
        """This could not be sent: a process that waits for an answer gets 503 and can try elsewhere."""
        self.counters["undelivered"] += 1
        try:
            request = parse(send.packet)
        except UnreadableError:
            return []
        if not isinstance(request, Request) or request.verb == "ACK":
            return []
        named = self._tokens.read_branch(request.vias[0].branch, request.call_id)
        if named is None or not self._lives(named[0]):
            return []
        return [self._forward.answer_for(request, *named, Answer(503, "Next Hop Unreachable"))]

    def tick(self, now_s: float) -> list[Send]:
        """To be called about once a second."""
        self._calls.forget(now_s)
        return []

    def _dropped(self, reason: str) -> list[Send]:
        self.counters[reason] += 1
        return []

    def _failed(self, fault: Exception) -> list[Send]:
        _log.error("a message could not be dealt with: %s", type(fault).__name__, exc_info=fault)
        return self._dropped("fault")

    def _answered(self, request: Request, how: Answer, source: Address, transport: str) -> list[Send]:
        self.counters[f"answered-{how.status}"] += 1
        if request.verb == "ACK":
            return []
        return [answer.to_outside(request, how, self._tokens, source, transport)]

    def _lives(self, place: Place) -> bool:
        return self._desk.incarnation_at(place.sip_port) == place.incarnation

    def _place_of(self, request: Request) -> Place | None:
        """The process that the Request-URI's token names."""
        try:
            return self._tokens.read_contact(parse_uri(request.uri).user)
        except MalformedError:
            return None

    def _request(self, request: Request, source: Address, transport: str, now_s: float) -> list[Send]:
        if request.verb == "ACK":
            return self._ack(request, source, transport)
        place = self._place_of(request)
        entry = self._calls.get(arrival.key_of(request)) if place is None else None
        if place is None and entry is None and not self.neighbours.known(source.host):
            return self._stranger(request, source, transport)
        if refusal := guard.refusal(request):
            return self._answered(request, refusal, source, transport)
        if request.verb == "INVITE" and not request.to.tag:
            return self._initial(request, entry, source, transport, now_s)
        if place is None and entry is not None and isinstance(entry.outcome, Place):
            place = entry.outcome
        if request.verb == "OPTIONS" and not request.to.tag:
            return self._answered(request, answer.OPTIONS_OK, source, transport)
        if place is None or not self._lives(place) or (not request.to.tag and request.verb != "CANCEL"):
            return self._answered(request, answer.NO_DIALOG, source, transport)
        if request.verb == "OPTIONS":
            # PJSIP answers 500 to it inside a dialog.
            return self._answered(request, answer.OPTIONS_OK, source, transport)
        packet = self._packet_in(request, source, transport)
        if isinstance(packet, Answer):
            return self._answered(request, packet, source, transport)
        return self._to_process(packet, place)

    def _stranger(self, request: Request, source: Address, transport: str) -> list[Send]:
        if self.site.strangers is Strangers.SILENCE or request.verb == "CANCEL":
            return self._dropped("stranger")
        return self._answered(request, answer.FORBIDDEN, source, transport)

    def _to_process(self, packet: bytes, place: Place) -> list[Send]:
        self.counters["forwarded-in"] += 1
        return [to_process(packet, place.sip_port)]

    def _packet_in(self, request: Request, source: Address, transport: str) -> bytes | Answer:
        """The request as a process may see it, or why it cannot."""
        try:
            packet = self._forward.request_in(
                request, source, transport, body.passed_on(request, request=True)
            )
        except body.UnsupportedMediaError as fault:
            return Answer(415, "Unsupported Media Type", (f"Accept: {fault.accept}",))
        except sdp.NothingCommonError:
            return answer.NOT_ACCEPTABLE
        except MalformedError as fault:
            return Answer(400, f"Bad Request ({fault})")
        return packet if len(packet) <= MOST_INSIDE_BYTES else answer.TOO_LARGE

    def _initial(
        self, request: Request, entry: Entry | None, source: Address, transport: str, now_s: float
    ) -> list[Send]:
        """An INVITE without To tag: a new call, the same again, or the same by another way."""
        if entry is not None:
            again = entry.branch is None or entry.branch == request.vias[0].branch
            if again:
                return self._again(request, entry, source, transport, now_s)
            if entry.until_s is None or request.cseq == entry.cseq:
                return self._answered(request, answer.LOOP, source, transport)
        trunk = self.neighbours.trunk_of(source.host)
        if trunk is None:
            return self._stranger(request, source, transport)
        if any(self._is_ours(via.branch, request.call_id) for via in request.vias):
            return self._answered(request, answer.LOOP, source, transport)
        if not self._invites.take(trunk.name, now_s):
            return self._answered(request, answer.TOO_MANY, source, transport)
        packet = self._packet_in(request, source, transport)
        if isinstance(packet, Answer):
            return self._answered(request, packet, source, transport)
        verdict = self._desk.admit(arrival.new_call(request, trunk, source, transport))
        key, top = arrival.key_of(request), request.vias[0].branch
        if isinstance(verdict, Refused):
            self._calls.put(key, Entry(verdict, top, request.cseq, now_s + LATEST_RETRANSMISSION_S))
            return self._answered(request, answer.of_refusal(verdict), source, transport)
        place = Place(verdict.sip_port, verdict.incarnation)
        self._calls.put(key, Entry(place, top, request.cseq))
        return self._to_process(packet, place)

    def _again(
        self, request: Request, entry: Entry, source: Address, transport: str, now_s: float
    ) -> list[Send]:
        """A retransmitted initial INVITE goes where the first went, or is answered as the first was."""
        if isinstance(entry.outcome, Refused):
            return self._answered(request, answer.of_refusal(entry.outcome), source, transport)
        if entry.until_s is not None and now_s > entry.until_s - LATEST_RETRANSMISSION_S:
            # By now PJSIP has forgotten the transaction and would take it for a new call.
            return self._dropped("invite-too-late")
        if not self._lives(entry.outcome):
            return self._answered(request, answer.of_refusal(answer.PROCESS_LOST), source, transport)
        packet = self._packet_in(request, source, transport)
        if isinstance(packet, Answer):
            return self._answered(request, packet, source, transport)
        return self._to_process(packet, entry.outcome)

    def _is_ours(self, branch: str, call_id: str) -> bool:
        return self._tokens.read_branch(branch, call_id) is not None

    def _ack(self, request: Request, source: Address, transport: str) -> list[Send]:
        """An ACK is never answered. One without a To tag kills PJSIP; one for an answer of ours ends here."""
        if not request.to.tag:
            return self._dropped("ack-without-tag")
        place = self._place_of(request)
        if place is None and request.to.tag == answer.to_tag(request, self._tokens):
            return self._dropped("ack-absorbed")
        if (
            place is None
            and (entry := self._calls.get(arrival.key_of(request)))
            and isinstance(entry.outcome, Place)
        ):
            place = entry.outcome
        if place is None or not self._lives(place):
            return self._dropped("ack-astray")
        if guard.refusal(request):
            return self._dropped("ack-refused")
        try:
            passed = body.passed_on(request, request=True)
        except (MalformedError, body.UnsupportedMediaError):
            self.counters["body-dropped"] += 1
            passed = body.NONE
        packet = self._forward.request_in(request, source, transport, passed)
        return (
            self._to_process(packet, place)
            if len(packet) <= MOST_INSIDE_BYTES
            else self._dropped("ack-too-large")
        )

    def _response(self, response: Response) -> list[Send]:
        """A response from outside must carry exactly one Via: ours, with a token that we made."""
        top = response.vias[0]
        if len(response.vias) != 1 or (top.host, top.port) != self.site.public or response.truncated:
            return self._dropped("response-astray")
        named = self._tokens.read_branch(top.branch, response.call_id)
        if named is None:
            return self._dropped("response-forged")
        place, branch = named
        if not self._lives(place):
            return self._dropped("response-late")
        if response.method == "INVITE" and 200 <= response.status < 300 and not response.to.tag:
            return self._dropped("response-without-tag")
        try:
            passed = body.passed_on(response, request=False)
        except (MalformedError, body.UnsupportedMediaError):
            self.counters["body-dropped"] += 1
            passed = body.NONE
        try:
            packet = self._forward.response_in(response, place, branch, passed)
        except MalformedError as fault:
            return self._dropped(f"response:{fault}")
        return (
            self._to_process(packet, place)
            if len(packet) <= MOST_INSIDE_BYTES
            else self._dropped("response-too-large")
        )

    def _request_out(self, request: Request, place: Place) -> list[Send]:
        try:
            send = self._forward.request_out(request, place)
        except MalformedError:
            self.counters["no-next-hop"] += 1
            if request.verb == "ACK":
                return []
            return [answer.to_inside(request, Answer(503, "No Way There"), self._tokens, place.sip_port)]
        self.neighbours.meet(send.to.host)
        self.counters["forwarded-out"] += 1
        return [send]

    def _response_out(self, response: Response, place: Place, now_s: float) -> list[Send]:
        send = self._forward.response_out(response, place)
        if response.method == "INVITE" and response.status >= 300:
            key = InviteKey(response.call_id, response.from_.tag)
            entry = self._calls.get(key)
            if entry is not None and entry.outcome == place and entry.cseq in (None, response.cseq):
                self._calls.end(key, now_s)
        self.counters["forwarded-out"] += 1
        return [send]
