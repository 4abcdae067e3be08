"""Hunt: ring targets one after another until one answers (R4, R6, R7, R8).

Rule: a target that may not be rung is passed over, and the trace says why; a target is never rung twice at
once.
"""

from typing import Final

import attrs

from routing import caller, cause, legs
from routing.event import Event, TargetAnswered, TargetFailed, TargetHungUp, TargetRang, TimerFired
from routing.ids import NodeName, TargetName
from routing.nodes import talk
from routing.plan import ForwardOn, Hunt
from routing.state import Attempt, HungUpBy, Hunting, Phase
from routing.turn import Turn

_STOPS: Final = {ForwardOn.BUSY: cause.is_no_answer, ForwardOn.NO_ANSWER: cause.is_busy}
"""By what a hunt goes on: the failure that ends it instead."""


def enter(turn: Turn, name: NodeName, hunt: Hunt) -> None:
    """Begin to ring the targets of a hunt."""
    refused = tuple((target, why) for target in hunt.targets if (why := _why_not(turn, target)))
    barred = {target for target, _ in refused}
    usable = tuple(target for target in hunt.targets if target not in barred)
    turn.note(name, "hunt", ", ".join(usable) or "nobody", looked_at=(("order", hunt.order),), passed_over=refused)
    turn.place = Hunting(name, usable)
    turn.phase = Phase.RINGING
    _advance(turn, turn.place)


def react(turn: Turn, place: Hunting, event: Event) -> None:
    """Something happened while targets were ringing."""
    match event:
        case TargetRang(leg=leg, early_media=early_media) if leg in place.ringing:
            caller.alert(turn, leg if early_media else None)
        case TargetAnswered(leg=leg) if leg in place.ringing:
            talk.begin(turn, leg)
        case TimerFired(timer=timer):
            for leg in place.ringing:
                if timer == legs.ring_timer(leg):
                    legs.stop(turn, turn.attempts[leg - 1], cause.NO_ANSWER)
                    _lost(turn, place, turn.attempts[leg - 1], cause.NO_ANSWER)
        case TargetFailed(leg=leg) | TargetHungUp(leg=leg):
            attempt = turn.attempts[leg - 1]
            if leg in place.ringing and attempt.cause:
                _lost(turn, place, attempt, attempt.cause)
            elif not place.ringing:  # room for one more leg
                _advance(turn, place)
        case _:
            pass


def _why_not(turn: Turn, target: TargetName) -> str:
    if why := turn.facts.down.get(target):
        return why
    until = turn.plan.targets[target].authorised_until
    if until is not None and turn.facts.arrived.date() > until:
        return f"its authorisation ended on {until}"
    return ""


def _lost(turn: Turn, place: Hunting, attempt: Attempt, why: cause.Cause) -> None:
    """One leg of the wave will not answer any more; go on when it was the last."""
    left = tuple(leg for leg in place.ringing if leg != attempt.leg)
    turn.place = place = attrs.evolve(place, ringing=left)
    if left:
        return
    hunt = turn.plan.nodes[place.node]
    ends = _STOPS.get(hunt.forward_on)
    if ends and ends(why):
        seen = (("cause", why.slug), ("forward_on", hunt.forward_on))
        turn.note(place.node, "hunt", "no further", looked_at=seen)
        _give_up(turn)
        return
    if place.waiting:
        turn.forwards += 1
        if turn.forwards > turn.plan.max_forwards:
            most = str(turn.plan.max_forwards)
            turn.note(place.node, "hunt", "no further", looked_at=(("max_forwards", most),))
            _give_up(turn)
            return
    _advance(turn, place)


def _advance(turn: Turn, place: Hunting) -> None:
    """Ring the next target, or wait until a leg is free for it."""
    if not place.waiting:
        _give_up(turn)
        return
    target, *rest = place.waiting
    if legs.can_ring(turn, target):
        leg = legs.ring(turn, target)
        turn.start_timer(legs.ring_timer(leg), turn.plan.nodes[place.node].wait_s(turn.plan.targets[target]))
        turn.place = Hunting(place.node, tuple(rest), (leg,))


def _give_up(turn: Turn) -> None:
    """No target took the call."""
    causes = tuple(attempt.stopped or attempt.cause or cause.NO_ANSWER for attempt in turn.attempts)
    caller.end(turn, cause.of_all(causes), HungUpBy.SWITCH)
