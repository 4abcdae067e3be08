"""What people ask about calls and call processes over the control protocol (`b2bua.api.verbs`).

Rule: a call that is up is told from the switchboard, one that has ended from the store; both are the same record.
"""

from typing import Any

import attrs
import trio

from b2bua.api.call_search import answer, found_row, query_of
from b2bua.api.verbs import Operator, Refusal, Verb
from b2bua.base.clock import now_ms
from b2bua.calls.active_calls import ActiveCalls
from b2bua.console.feed import plain
from b2bua.edge.sip_capture import SipCapture
from b2bua.edge.sip_masking import masked_messages
from b2bua.ipc.protocol import Tell
from b2bua.pool.pool import Pool
from b2bua.records.call_record import CallRecord
from b2bua.store.audit import AuditEntry
from b2bua.store.store import Store
from routing.event import OperatorHungUp
from routing.ids import CallId, Number400
from routing.number import print_400, print_address

Args = dict[str, Any]


class Inquiries:
    """Verbs that look calls up, or end one."""

    def __init__(self, store: Store, switchboard: ActiveCalls, pool: Pool, tape: SipCapture) -> None:
        self._store = store
        self._switchboard = switchboard
        self._pool = pool
        self._tape = tape

    def verbs(self) -> dict[str, Verb]:
        """These verbs."""
        return {
            "call.detail": self._detail,
            "record.detail": self._detail,
            "record.find": self._find,
            "pool.show": self._processes,
            "call.hangup": self._hang_up,
        }

    async def _detail(self, args: Args, _: Operator) -> Any:
        call_id = CallId(str(args.get("call_id", "")))
        record = self._switchboard.get(call_id)
        if record is None:
            record = await trio.to_thread.run_sync(self._store.records.get, call_id)
        if record is None:
            raise Refusal(f"there is no call {call_id}")
        strip = self._tape.of(call_id)
        return {
            "record": plain(_printed(record)),
            "messages": masked_messages(strip, record),
            "missing": strip.missing.value,
        }

    async def _find(self, args: Args, _: Operator) -> Any:
        query = query_of(args, missed=bool(args.get("missed")))
        found: list[CallRecord] = await trio.to_thread.run_sync(lambda: list(self._store.records.find(query)))
        closings = await trio.to_thread.run_sync(self._store.missed.of, [CallId(each.call_id) for each in found])
        rows = [
            found_row(record, missed=record.call_id in closings, closing=closings.get(CallId(record.call_id)))
            for record in found
        ]
        return answer(rows, query)

    async def _processes(self, _: Args, __: Operator) -> Any:
        await trio.lowlevel.checkpoint()
        return [
            {"pid": process.pid, "sip_port": process.sip_port, "call_id": process.call_id, "ready": process.ready}
            for process in self._pool.all()
        ]

    async def _hang_up(self, args: Args, who: Operator) -> None:
        call_id = str(args.get("call_id", ""))
        record, process = self._switchboard.get(call_id), self._pool.holding(call_id)
        if record is None or process is None:
            raise Refusal("that call is not up any more")
        entry = AuditEntry(
            now_ms(), who.name, "call.hangup", record.number, f"call {call_id} of {print_address(record.caller)}"
        )
        await trio.to_thread.run_sync(self._store.note, entry)
        self._pool.tell(process, Tell(call_id, OperatorHungUp(0.0, who.name)))


def _printed(record: CallRecord) -> CallRecord:
    """The record with its numbers as people write them."""
    return attrs.evolve(
        record,
        number=print_400(Number400(record.number)),
        caller=print_address(record.caller),
        attempts=tuple(attrs.evolve(each, address=print_address(each.address)) for each in record.attempts),
    )
