"""Call admission: admits a new call or refuses it, by its number, its trunk and the free capacity.

Rule: a call is refused before a process is taken for it. A call that is admitted has a process, an assignment and an
open record, in that order.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from b2bua.admission.admission_state import AdmissionState
from b2bua.admission.caller_lookup import caller_of
from b2bua.admission.holidays import with_days
from b2bua.admission.peer_status import PeerStatus
from b2bua.admission.served_numbers import Served, barred
from b2bua.admission.usage import MonthUsage
from b2bua.base.clock import now_ms
from b2bua.calls.active_calls import ActiveCalls
from b2bua.config.configuration import Config
from b2bua.edge.admission import Admitted, NewCall, NoProcess, Referral, Refused
from b2bua.edge.token import ContactUris, ProcessAddress
from b2bua.ipc.protocol import Assign, Refer, Route
from b2bua.pool.pool import Pool
from b2bua.pool.process import Process
from b2bua.records.call_record import CallRecord, CallState
from b2bua.store.numbers import NumberState
from routing.cause import NOT_ALLOWED
from routing.facts import Caller, Facts
from routing.ids import CallId, Number400
from routing.number import NumberFault, is_400, parse_400

RETRY_AFTER_S: Final = 5
"""What a carrier is told to wait while no calls are taken at all (RFC 3261, 20.33); never for want of room, since it
may then send nothing at all for so long."""


class CallAdmission:
    """The edge's interface to call admission (`b2bua.edge.admission.Admission`).

    `numbers` are those served, `contacts` prints the SIP URI that leads to a process from outside, `now_ms` is wall
    time (UTC epoch milliseconds).
    """

    def __init__(
        self,
        config: Config,
        numbers: dict[Number400, Served],
        state: AdmissionState,
        pool: Pool,
        active_calls: ActiveCalls,
        peers: PeerStatus,
        usage: MonthUsage,
        contacts: ContactUris,
        now_ms: Callable[[], int] = now_ms,
    ) -> None:
        self._config = config
        self.numbers = numbers
        self._state = state
        self._pool = pool
        self._active_calls = active_calls
        self._peers = peers
        self._usage = usage
        self._contacts = contacts
        self._now_ms = now_ms

    def incarnation_at(self, sip_port: int) -> str | None:
        """The incarnation of the live call process with this SIP port; None if there is none."""
        return self._pool.incarnation_at(sip_port)

    def admit(self, call: NewCall) -> Admitted | Refused | NoProcess:
        """Admit a new call, or return the final response that refuses it."""
        served = self._served(call.dialled)
        if isinstance(served, Refused):
            return served
        trunk = call.trunk
        if self._state.why_closed() or not self._peers.takes_calls(trunk):
            return Refused(503, "Service Unavailable", RETRY_AFTER_S, q850=41)
        if trunk.capacity and self._active_calls.of_trunk(trunk.name) >= trunk.capacity:
            return Refused(503, "Service Unavailable", q850=34)
        caller = caller_of(call.caller, category=call.category, display=call.display, withheld=call.withheld)
        if is_400(caller.number):  # it never dials out (N3)
            return Refused(NOT_ALLOWED.sip, "Forbidden", q850=NOT_ALLOWED.q850)
        accepted_ms = self._now_ms()
        call_id = CallId(f"{accepted_ms:011x}{secrets.token_hex(5)}")
        process = self._pool.assign(partial(self._assignment, call_id, call, served, caller, accepted_ms))
        if process is None:
            return NoProcess() if self._pool.expects_free else Refused(503, "Service Unavailable", q850=42)
        self._active_calls.take(
            CallRecord(
                call_id=call_id,
                seq=0,
                sip_call_id=call.key.sip_call_id,
                number=served.number,
                caller=caller.number,
                place=caller.place,
                area=caller.area,
                trunk=trunk.name,
                plan_hash=served.plan_hash,
                state=CallState.ROUTING,
                accepted_ms=accepted_ms,
            )
        )
        return Admitted(process.sip_port, process.incarnation, call_id)

    def refer(self, place: ProcessAddress, referral: Referral) -> Refused | None:
        """Send a REFER to the call that it is about; returns the refusal if that is not possible."""
        process = self._pool.at(place.incarnation)
        if process is None or not process.call_id or not process.linked:
            return Refused(481, "Call/Transaction Does Not Exist")
        to = referral.to if referral.met_at is None else self._talks_with(referral.met_at)
        if to is None:
            return Refused(603, "Decline")
        refer = Refer(process.call_id, referral.sip_call_id, referral.cseq, to, referral.replaces, referral.quiet)
        self._pool.tell(process, refer)
        return None

    def _talks_with(self, address: ProcessAddress) -> str | None:
        """The address of the target that the call in a process talks with; None if it talks with none."""
        process = self._pool.at(address.incarnation)
        record = self._active_calls.get(process.call_id) if process is not None else None
        if record is None:
            return None
        talking = [each.address for each in record.attempts if each.answered_ms is not None and each.ended_ms is None]
        return talking[0] if len(talking) == 1 else None

    def _served(self, dialled: str) -> Served | Refused:
        try:
            served = self.numbers.get(parse_400(dialled))
        except NumberFault:
            return Refused(404, "Not Found", q850=28)
        if served is None:
            return Refused(404, "Not Found", q850=1)
        if served.state is NumberState.SUSPENDED:
            return Refused(480, "Temporarily Unavailable", q850=31)
        return served

    def _assignment(
        self, call_id: CallId, call: NewCall, served: Served, caller: Caller, accepted_ms: int, process: Process
    ) -> Assign:
        facts = Facts(
            call_id=call_id,
            dialled=served.number,
            caller=caller,
            trunk=call.trunk.name,
            arrived=datetime.fromtimestamp(accepted_ms / 1000, served.zone),
            seed=int(call_id[-10:], 16),
            usage=self._usage.count(served.number, accepted_ms),
            live_calls=self._active_calls.of_number(served.number),
            down=barred(call.trunk, served.mobiles),
        )
        return Assign(
            call_id=call_id,
            invite=call.key,
            accepted_ms=accepted_ms,
            facts=with_days(facts),
            plan_hash=served.plan_hash,
            plan=None if process.last_plan == served.plan_hash else served.plain(),
            routes=self._routes(),
            contact=self._contacts.of(ProcessAddress(process.sip_port, process.incarnation)),
            identity=self._config.identity,
            media_host=self._config.media.address,
            max_forwards=call.max_forwards,
            early_media=call.trunk.early_media,
            codecs=self._config.media.codecs,
        )

    def _routes(self) -> tuple[Route, ...]:
        gateways = self._peers.gateways()
        return tuple(Route(gateway.name, gateway.host, gateway.port, gateway.transport) for gateway in gateways)
