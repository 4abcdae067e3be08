"""What a call has asked of the daemon and not been told yet.

Rule: a call never waits for a daemon that is not there. What must be fresh is then taken as unknown, and the call goes
on; only a place in a queue, which no one else can give, is asked for again when a daemon is back.
"""

from typing import Final

from b2bua.ipc.protocol import Ask
from routing.command import JoinQueue, LeaveQueue, LookAtTargets, TakePlace
from routing.event import Event, PlaceTaken, QueueMoved, TargetsLooked
from routing.ids import NodeName

Question = TakePlace | LookAtTargets | JoinQueue | LeaveQueue

_PATIENCE_S: Final = 2.0
_PLACE_PATIENCE_S: Final = 19.0
"""The daemon waits for a database that cannot be written for up to 18 s (`b2bua.store.round_robin`)."""
_ANSWER: Final[dict[type[Event], type[Question]]] = {PlaceTaken: TakePlace, TargetsLooked: LookAtTargets}


class PendingQuestions:
    """The open questions of one call."""

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._open: dict[NodeName, tuple[TakePlace | LookAtTargets, float]] = {}
        self._queues: dict[NodeName, tuple[JoinQueue, float]] = {}

    def ask(self, question: Question, now: float) -> Ask:
        """Open a question; the message that puts it to the daemon."""
        match question:
            case TakePlace():
                self._open[question.node] = (question, now + _PLACE_PATIENCE_S)
            case LookAtTargets():
                self._open[question.node] = (question, now + _PATIENCE_S)
            case JoinQueue():
                self._queues[question.node] = (question, now)
            case LeaveQueue():
                self._queues.pop(question.node, None)
        return Ask(self._call_id, question)

    def accept(self, event: Event) -> bool:
        """Whether an event that the daemon told is still wanted: the answer to an open question, or no answer."""
        match event:
            case PlaceTaken() | TargetsLooked():
                asked = self._open.get(event.node)
                if asked is None or not isinstance(asked[0], _ANSWER[type(event)]):
                    return False
                del self._open[event.node]
            case QueueMoved():
                return event.node in self._queues
        return True

    def give_up(self, now: float, at_s: float, *, link_is_up: bool) -> list[Event]:
        """Our own answers to what the daemon has not answered in time, or cannot."""
        late = [node for node, (_, until) in self._open.items() if now >= until or not link_is_up]
        answers: list[Event] = []
        for node in late:
            question, _ = self._open.pop(node)
            if isinstance(question, TakePlace):
                answers.append(PlaceTaken(at_s, node, 0))
            else:
                answers.append(TargetsLooked(at_s, node, {}, {}, {}))
        return answers

    def again(self, now: float) -> list[Ask]:
        """What to ask a new daemon; whoever stood in a queue has stood there since then."""
        queues = [Ask(self._call_id, join, now - since) for join, since in self._queues.values()]
        return queues + [Ask(self._call_id, question) for question, _ in self._open.values()]
