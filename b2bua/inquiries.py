"""What people ask about calls and call processes over the control protocol (`b2bua.verbs`).

Rule: a call that is up is told from the switchboard, one that has ended from the store; both are the same record.
"""

from typing import Any

import attrs
import trio

from b2bua.edge.tape import Tape
from b2bua.feed import plain
from b2bua.found import answer, found_row, query_of
from b2bua.link import Tell
from b2bua.live import shown
from b2bua.pool import Pool
from b2bua.record import CallRecord
from b2bua.signalling import told
from b2bua.store.missed import MissedCalls
from b2bua.store.records import Records
from b2bua.switchboard import Switchboard
from b2bua.verbs import Operator, Refusal, Verb
from routing.event import OperatorHungUp
from routing.ids import CallId, Number400
from routing.number import print_400

Args = dict[str, Any]


class Inquiries:
    """Verbs that look calls up, or end one."""

    def __init__(self, records: Records, missed: MissedCalls, switchboard: Switchboard, pool: Pool, tape: Tape) -> None:
        self._records = records
        self._missed = missed
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
            record = await trio.to_thread.run_sync(self._records.get, call_id)
        if record is None:
            raise Refusal(f"there is no call {call_id}")
        strip = self._tape.of(call_id)
        return {"record": plain(_printed(record)), "messages": told(strip, record), "missing": strip.missing.value}

    async def _find(self, args: Args, _: Operator) -> Any:
        query = query_of(args, missed=bool(args.get("missed")))
        found: list[CallRecord] = await trio.to_thread.run_sync(lambda: list(self._records.find(query)))
        closings = await trio.to_thread.run_sync(self._missed.of, [CallId(each.call_id) for each in found])
        rows = [
            found_row(record, missed=record.call_id in closings, closing=closings.get(CallId(record.call_id)))
            for record in found
        ]
        return answer(rows, query)

    async def _processes(self, _: Args, __: Operator) -> Any:
        await trio.lowlevel.checkpoint()
        return [
            {"pid": process.pid, "sip_port": process.sip_port, "call_id": process.call_id}
            for process in self._pool.all()
        ]

    async def _hang_up(self, args: Args, who: Operator) -> None:
        await trio.lowlevel.checkpoint()
        process = self._pool.holding(str(args.get("call_id", "")))
        if process is None or not process.call_id:
            raise Refusal("that call is not up any more")
        self._pool.tell(process, Tell(process.call_id, OperatorHungUp(0.0, who.name)))


def _printed(record: CallRecord) -> CallRecord:
    """The record with its numbers as people write them."""
    return attrs.evolve(
        record,
        number=print_400(Number400(record.number)),
        caller=shown(record.caller),
        attempts=tuple(attrs.evolve(each, address=shown(each.address)) for each in record.attempts),
    )
