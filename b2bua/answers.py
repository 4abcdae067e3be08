"""What a call asks of the daemon, because only the daemon sees all calls: places in line, busy targets, queues.

Rule: an answer is an event for the call's flow. A place is on disk before it is told, so that no two calls ever get the
same one, whatever crashes (R3).
"""

import trio
from sqlalchemy import Engine

from b2bua.link import Ask, Tell
from b2bua.pool import Pool
from b2bua.queues import Move, Queues
from b2bua.store.places import take_place
from b2bua.switchboard import Switchboard
from routing.command import JoinQueue, LeaveQueue, LookAtTargets, TakePlace
from routing.event import Event, PlaceTaken, QueueMoved, TargetsLooked
from routing.ids import CallId, Number400


class Answers:
    """Answers the questions of all calls."""

    def __init__(self, engine: Engine, switchboard: Switchboard, pool: Pool) -> None:
        self._engine = engine
        self._switchboard = switchboard
        self._pool = pool
        self._queues = Queues()

    async def ask(self, ask: Ask) -> None:
        """Answer one question, to the process that holds the call. A call that is over gets no answer."""
        record = self._switchboard.get(ask.call_id)
        if record is None:
            return
        number, call_id = Number400(record.number), CallId(ask.call_id)
        match ask.question:
            case TakePlace(node):
                # A write waits for the disk; the call's other questions do not.
                place = await trio.to_thread.run_sync(take_place, self._engine, number, node)
                self._tell(call_id, PlaceTaken(0.0, node, place))
            case LookAtTargets(node, targets):
                live = {target: self._switchboard.on_target(number, target) for target in targets}
                so_far = {target: self._switchboard.had(number, target) for target in targets}
                self._tell(call_id, TargetsLooked(0.0, node, live, so_far, {}))
            case JoinQueue(node, priority):
                self._moved(self._queues.join(number, node, call_id, priority=priority))
            case LeaveQueue(node):
                self._moved(self._queues.leave(number, node, call_id))
            case _:
                raise ValueError(f"{type(ask.question).__name__} is not a question")

    def gone(self, call_id: CallId) -> None:
        """The call is over, however it ended: it stands in no queue."""
        self._moved(self._queues.gone(call_id))

    def _moved(self, moves: list[Move]) -> None:
        for move in moves:
            self._tell(move.call_id, QueueMoved(0.0, move.node, move.place))

    def _tell(self, call_id: CallId, event: Event) -> None:
        process = self._pool.holding(call_id)
        if process is not None:
            self._pool.tell(process, Tell(call_id, event))
