"""Answers what only the daemon knows, because it sees all calls: round-robin positions, busy targets, queue positions.

Rule: an answer is an event for the call's flow. A round-robin position is on disk before it is sent, so that no two
calls ever get the same one, whatever crashes (R3).
"""

from collections.abc import Callable

import trio
from sqlalchemy import Engine

from b2bua.base.clock import now_ms
from b2bua.calls.active_calls import ActiveCalls
from b2bua.calls.line_reservations import LineReservations
from b2bua.calls.queues import Move, QueuedCall, Queues
from b2bua.calls.refusals import Refusals
from b2bua.console.feed import Feed
from b2bua.console.rows import QUEUES, QueueRow
from b2bua.ipc.protocol import Ask
from b2bua.records.call_record import CallRecord
from b2bua.store.round_robin import PlaceCounter
from routing.command import JoinQueue, LeaveQueue, LookAtTargets, TakePlace
from routing.event import Event, PlaceTaken, QueueMoved, TargetsLooked
from routing.ids import CallId, Number400


class CallQueries:
    """Answers the questions of all calls. `send_event` sends an event to a call; `feed` shows the queues."""

    def __init__(
        self, engine: Engine, active_calls: ActiveCalls, send_event: Callable[[CallId, Event], None], feed: Feed
    ) -> None:
        self._places = PlaceCounter(engine)
        self._active_calls = active_calls
        self._send_event = send_event
        self._feed = feed
        self._queues = Queues()
        self._lines = LineReservations()
        self._refusals = Refusals()
        self._settled = trio.Event()

    async def ask(self, ask: Ask) -> None:
        """Answer one question. A call that is over gets no answer. Raises ValueError for what is not a question."""
        record = self._active_calls.get(ask.call_id)
        if record is None:
            return
        number, call_id = Number400(record.number), CallId(ask.call_id)
        match ask.question:
            case TakePlace(node):
                # A write waits for the disk; the call's other questions do not.
                place = await self._places.take(number, node)
                if place is not None:
                    self._send_event(call_id, PlaceTaken(0.0, node, place))
            case LookAtTargets():
                await self._settled.wait()
                self._send_event(call_id, self._targets_looked(ask.question, number, call_id, len(record.attempts)))
            case _:
                raise ValueError(f"{type(ask.question).__name__} is not a question")

    def line_up(self, ask: Ask) -> None:
        """Put a call into a queue, or take it out; done at once, so that its next message finds it done."""
        record = self._active_calls.get(ask.call_id)
        if record is None:
            return
        number, call_id = Number400(record.number), CallId(ask.call_id)
        match ask.question:
            case JoinQueue(node, priority, waited_before_s):
                waited_s = waited_before_s + ask.waited_s
                since_ms = now_ms() - round(1000 * waited_s)
                new = QueuedCall(call_id, priority, trio.current_time() - waited_s, since_ms)
                self._moved(self._queues.join(number, node, new))
            case LeaveQueue(node):
                self._left(call_id, self._queues.leave(number, node, call_id))

    def _targets_looked(self, look: LookAtTargets, number: Number400, call_id: CallId, attempts: int) -> TargetsLooked:
        """How busy the targets are, with the lines reserved for other calls; reserves lines of the first free ones."""
        now_s = trio.current_time()
        live = {
            target: self._active_calls.on_target(number, target) + self._lines.promised(number, target, call_id, now_s)
            for target in look.targets
        }
        free = [target for target in look.targets if target not in look.lines or live[target] < look.lines[target]]
        limited = [target for target in free[: look.rings] if target in look.lines]
        self._lines.promise(number, call_id, limited, attempts, now_s)
        so_far = {target: self._active_calls.attempts_at(number, target) for target in look.targets}
        refused = tuple(one for one in look.targets if self._refusals.is_recent(number, one, now_s))
        return TargetsLooked(0.0, look.node, live, so_far, {}, refused)

    def shown(self, record: CallRecord) -> None:
        """A call has a newer record: its reservations may be used up, and a target may have refused it."""
        self._refusals.note(record, trio.current_time())
        self._lines.rang(CallId(record.call_id), len(record.attempts))

    def gone(self, call_id: CallId) -> None:
        """The call is over: remove it from all queues, and drop its reservations."""
        self._lines.gone(call_id)
        self._left(call_id, self._queues.gone(call_id))

    def settle(self) -> None:
        """All calls of an earlier daemon have reconnected by now: send every queued call its position."""
        self._settled.set()
        self._moved(self._queues.every())

    def _left(self, call_id: CallId, moves: list[Move]) -> None:
        self._feed.change(QUEUES, call_id, None)
        self._moved(moves)

    def _moved(self, moves: list[Move]) -> None:
        for move in moves:
            row = QueueRow(move.number, move.node, move.place + 1, move.call.priority, move.call.since_ms)
            self._feed.change(QUEUES, move.call.call_id, row)
        if not self._settled.is_set():
            return  # a call of an earlier daemon, which came before, may still reconnect
        for move in moves:
            self._send_event(move.call.call_id, QueueMoved(0.0, move.node, move.place))
