"""What a call asks of the daemon, because only the daemon sees all calls: places in line, busy targets, queues.

Rule: an answer is an event for the call's flow. A place is on disk before it is told, so that no two calls ever get the
same one, whatever crashes (R3).
"""

from collections.abc import Callable

import trio
from sqlalchemy import Engine

from b2bua.base.clock import now_ms
from b2bua.calls.active_calls import ActiveCalls
from b2bua.calls.line_reservations import LineReservations
from b2bua.calls.queues import Move, Queues, Standing
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
    """Answers the questions of all calls: `tell` brings an event to the one that asked; `feed` shows who stands in
    line."""

    def __init__(
        self, engine: Engine, switchboard: ActiveCalls, tell: Callable[[CallId, Event], None], feed: Feed
    ) -> None:
        self._places = PlaceCounter(engine)
        self._switchboard = switchboard
        self._tell = tell
        self._feed = feed
        self._queues = Queues()
        self._lines = LineReservations()
        self._refusals = Refusals()
        self._settled = trio.Event()

    async def ask(self, ask: Ask) -> None:
        """Answer one question, to the process that holds the call. A call that is over gets no answer."""
        record = self._switchboard.get(ask.call_id)
        if record is None:
            return
        number, call_id = Number400(record.number), CallId(ask.call_id)
        match ask.question:
            case TakePlace(node):
                # A write waits for the disk; the call's other questions do not.
                place = await self._places.take(number, node)
                if place is not None:
                    self._tell(call_id, PlaceTaken(0.0, node, place))
            case LookAtTargets():
                await self._settled.wait()
                self._tell(call_id, self._looked(ask.question, number, call_id, len(record.attempts)))
            case _:
                raise ValueError(f"{type(ask.question).__name__} is not a question")

    def line_up(self, ask: Ask) -> None:
        """A call stands in line, or leaves it: at once, so that what it does next cannot come before."""
        record = self._switchboard.get(ask.call_id)
        if record is None:
            return
        number, call_id = Number400(record.number), CallId(ask.call_id)
        match ask.question:
            case JoinQueue(node, priority, waited_before_s):
                waited_s = waited_before_s + ask.waited_s
                since_ms = now_ms() - round(1000 * waited_s)
                new = Standing(call_id, priority, trio.current_time() - waited_s, since_ms)
                self._moved(self._queues.join(number, node, new))
            case LeaveQueue(node):
                self._left(call_id, self._queues.leave(number, node, call_id))

    def _looked(self, look: LookAtTargets, number: Number400, call_id: CallId, attempts: int) -> TargetsLooked:
        """How busy the targets are, counting what other calls are about to ring; the first free ones are promised."""
        now_s = trio.current_time()
        live = {
            target: self._switchboard.on_target(number, target) + self._lines.promised(number, target, call_id, now_s)
            for target in look.targets
        }
        free = [target for target in look.targets if target not in look.lines or live[target] < look.lines[target]]
        limited = [target for target in free[: look.rings] if target in look.lines]
        self._lines.promise(number, call_id, limited, attempts, now_s)
        so_far = {target: self._switchboard.had(number, target) for target in look.targets}
        refused = tuple(one for one in look.targets if self._refusals.is_recent(number, one, now_s))
        return TargetsLooked(0.0, look.node, live, so_far, {}, refused)

    def shown(self, record: CallRecord) -> None:
        """A call's record is newer now: what it was promised may be taken, and a target may have refused it."""
        self._refusals.note(record, trio.current_time())
        self._lines.rang(CallId(record.call_id), len(record.attempts))

    def gone(self, call_id: CallId) -> None:
        """The call is over, however it ended: it stands in no queue, and nothing is kept for it."""
        self._lines.gone(call_id)
        self._left(call_id, self._queues.gone(call_id))

    def settle(self) -> None:
        """Whoever outlived an earlier daemon has come back by now: tell everybody where they stand."""
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
            return  # an older caller may be about to come back
        for move in moves:
            self._tell(move.call.call_id, QueueMoved(0.0, move.node, move.place))
