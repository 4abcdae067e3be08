"""Shows a call, and hangs one up.

Rule: the record of a call that is up is read from the active calls, that of an ended call from the store.
"""

import attrs

from b2bua.api.dispatch import Asker, entry, implements, in_thread
from b2bua.api.requests.calls import CallShown, HangUp, HungUp, ShowCall, SipMessage
from b2bua.base.errors import NotFound
from b2bua.calls.active_calls import ActiveCalls
from b2bua.edge.sip_capture import SipCapture
from b2bua.edge.sip_masking import masked_messages
from b2bua.ipc.protocol import Tell
from b2bua.pool.pool import Pool
from b2bua.records.call_record import CallRecord
from b2bua.store.store import Store
from routing.event import OperatorHungUp
from routing.ids import Number400
from routing.number import print_400, print_address


class CallOperations:
    """Operations on one call."""

    def __init__(self, store: Store, active_calls: ActiveCalls, pool: Pool, capture: SipCapture) -> None:
        self._store = store
        self._active_calls = active_calls
        self._pool = pool
        self._capture = capture

    @implements
    async def show(self, request: ShowCall, _: Asker) -> CallShown:
        """The record, and the captured messages."""
        record = self._active_calls.get(request.call_id)
        if record is None:
            record = await in_thread(lambda: self._store.records.get(request.call_id))
        if record is None:
            raise NotFound(f"there is no call {request.call_id}")
        captured = self._capture.of(request.call_id)
        messages = tuple(
            SipMessage(int(each["at_ms"]), int(each["leg"]), bool(each["ours"]), str(each["text"]))
            for each in masked_messages(captured, record)
        )
        return CallShown(_printed(record), messages, captured.missing.value)

    @implements
    async def hang_up(self, request: HangUp, asker: Asker) -> HungUp:
        """Audited before the process is told: a call that has ended cannot be brought back."""
        record, process = self._active_calls.get(request.call_id), self._pool.holding(request.call_id)
        if record is None or process is None:
            raise NotFound("that call is not up any more")
        step = entry(request, asker, record.number, {"call_id": request.call_id})
        await in_thread(lambda: self._store.note(step))
        self._pool.tell(process, Tell(request.call_id, OperatorHungUp(0.0, asker.name)))
        return HungUp()


def _printed(record: CallRecord) -> CallRecord:
    """The record with its numbers as people write them, and without what only a replay needs."""
    return attrs.evolve(
        record,
        number=print_400(Number400(record.number)),
        caller=print_address(record.caller),
        attempts=tuple(attrs.evolve(each, address=print_address(each.address)) for each in record.attempts),
    )
