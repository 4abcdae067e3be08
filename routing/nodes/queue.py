"""Queue: wait until a target is free (R10).

Rule: the daemon keeps the order; the call whose turn it is looks, every two seconds, whether a target is
free.
"""

from typing import Final

import attrs

from routing import caller, legs
from routing.command import JoinQueue, LeaveQueue
from routing.event import Event, PromptEnded, QueueMoved, TargetsLooked, TimerFired
from routing.ids import NodeName, PromptName, TargetName, TimerName
from routing.node import Hunt, Queue
from routing.state import Phase, Queueing
from routing.step_context import StepContext

MOST: Final = TimerName("queue-most")
TELL: Final = TimerName("queue-tell")
LOOK: Final = TimerName("queue-look")
LOOK_S: Final = 2
"""How often the first in line looks for a free target."""
PLACE_PROMPT: Final = PromptName("queue-place")


def enter(turn: StepContext, name: NodeName, node: Queue) -> None:
    """Stand in line, with music."""
    if node.answer:
        caller.answer(turn)
    turn.do(JoinQueue(name, turn.priority))
    turn.start_timer(MOST, node.most_s)
    if node.tell_s:
        turn.start_timer(TELL, node.tell_s)
    caller.play(turn, (node.music,), loop=True)
    turn.place = Queueing(name)
    turn.phase = Phase.HEARING


def react(turn: StepContext, place: Queueing, event: Event) -> NodeName | None:
    """The line moved, a target may be free, or the wait is over."""
    node = turn.node(place.node, Queue)
    match event:
        case QueueMoved(node=name, place=at) if name == place.node:
            if place.at is None and at >= node.most_waiting:
                return _leave(turn, place, node.otherwise, f"{at} are waiting already")
            _moved(turn, attrs.evolve(place, at=at), node)
        case TimerFired(timer=timer) if timer == MOST:
            return _leave(turn, place, node.otherwise, f"waited {node.most_s} s")
        case TimerFired(timer=timer) if timer == TELL:
            if place.at is None:
                turn.start_timer(TELL, node.tell_s)
            else:
                caller.play(turn, (PLACE_PROMPT, PromptName(f"number-{place.at + 1}")))
        case TimerFired(timer=timer) if timer == LOOK:
            _moved(turn, place, node)
        case PromptEnded():  # told to the end, however long that is
            caller.play(turn, (node.music,), loop=True)
            turn.start_timer(TELL, node.tell_s)
        case TargetsLooked(node=name) if name == place.node and place.looking:
            free = [target for target in turn.node(node.then, Hunt).targets if _is_free(turn, target, event)]
            if free:
                return _leave(turn, place, node.then, f"{free[0]} is free")
            turn.place = attrs.evolve(place, looking=False)
            turn.start_timer(LOOK, LOOK_S)
        case _:
            pass
    return None


def _moved(turn: StepContext, place: Queueing, node: Queue) -> None:
    """When it is this call's turn, look whether a target is free."""
    turn.place = place
    if place.at == 0 and not place.looking:
        turn.stop_timer(LOOK)
        turn.place = attrs.evolve(place, looking=True)
        turn.do(legs.look_at(turn, place.node, turn.node(node.then, Hunt).targets))


def _is_free(turn: StepContext, name: TargetName, seen: TargetsLooked) -> bool:
    """Whether a target would take the call; one without a capacity takes one call of a queue at a time.

    One of which nothing is known, because the daemon is away, is waited for.
    """
    most = turn.plan.targets[name].capacity or 1
    return not legs.why_not(turn, name) and name not in seen.down and seen.live.get(name, most) < most


def _leave(turn: StepContext, place: Queueing, to: NodeName, why: str) -> NodeName:
    turn.do(LeaveQueue(place.node))
    for timer in (MOST, TELL, LOOK):
        turn.stop_timer(timer)
    turn.note(place.node, "queue", to, looked_at=(("because", why),))
    return to
