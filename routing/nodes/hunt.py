"""Hunt: ring targets until one answers (R4, R6–R10).

Rule: a target that may not be rung is passed over, and the trace says why; a target is never rung twice at
once.
"""

from typing import Final

import attrs

from routing import caller, cause, legs, seeded_shuffle
from routing.command import TakePlace
from routing.event import (
    Event,
    PlaceTaken,
    TargetAnswered,
    TargetFailed,
    TargetHungUp,
    TargetRang,
    TargetsLooked,
    TimerFired,
)
from routing.ids import LegId, NodeName, TargetName, TimerName
from routing.node import BusyAdvance, ForwardOn, Hunt, Order
from routing.nodes import bridged
from routing.nodes.compare import ASK, ASK_S
from routing.state import Asking, Attempt, Hunting, Phase
from routing.step_context import StepContext

PAUSE: Final = TimerName("busy-wait")
_STOPS: Final = {ForwardOn.BUSY: cause.is_no_answer, ForwardOn.NO_ANSWER: cause.is_busy}
"""By what a hunt goes on: the failure that ends it instead."""


def enter(turn: StepContext, name: NodeName, hunt: Hunt) -> NodeName | None:
    """Ask for what must be fresh: a place in line for round-robin, the lines in use where they are
    limited."""
    if hunt.order is Order.ROUND_ROBIN:
        turn.do(TakePlace(name))
        turn.start_timer(ASK, ASK_S)
        turn.place = Asking(name)
        return None
    return _placed(turn, Asking(name, taken=0), hunt)


def react_asking(turn: StepContext, place: Asking, event: Event) -> NodeName | None:
    """What was asked for is told, or not in time: then the call goes on without it."""
    hunt = turn.plan.group(place.node)
    match event:
        case PlaceTaken(node=node, place=taken) if node == place.node and place.taken is None:
            turn.stop_timer(ASK)
            return _placed(turn, attrs.evolve(place, taken=taken), hunt)
        case TargetsLooked(node=node) if node == place.node and place.taken is not None:
            turn.stop_timer(ASK)
            return _begin(turn, place, hunt, event)
        case TimerFired(timer=timer) if timer == ASK:
            if place.taken is None:
                return _placed(turn, attrs.evolve(place, taken=turn.facts.seed), hunt)
            return _begin(turn, place, hunt, None)
        case _:
            return None


def _placed(turn: StepContext, place: Asking, hunt: Hunt) -> NodeName | None:
    targets = turn.plan.targets
    if hunt.order is Order.LEAST_CALLS or any(targets[name].capacity for name in hunt.targets):
        rings = {Order.TOGETHER: hunt.wave, Order.LEAST_CALLS: len(hunt.targets)}.get(hunt.order, 1)
        # Whom the fewest calls will choose is not known before the answer.
        ordered = hunt.targets if hunt.order is Order.LEAST_CALLS else _ordered(turn, place, hunt, None)
        turn.do(legs.look_at(turn, place.node, ordered, rings=rings))
        turn.start_timer(ASK, ASK_S)
        turn.place = place
        return None
    return _begin(turn, place, hunt, None)


def _begin(turn: StepContext, place: Asking, hunt: Hunt, seen: TargetsLooked | None) -> NodeName | None:
    """Put the targets in order, without those that may not be rung, and ring the first."""
    passed, usable, full = [], [], 0
    for target in _ordered(turn, place, hunt, seen):
        why = legs.why_not(turn, target) or (seen.down.get(target, "") if seen else "")
        if not why and seen and _is_full(turn, target, seen):
            why, full = "all its lines are taken", full + 1
        if why:
            passed.append((target, why))
        else:
            usable.append(target)
    asked: tuple[tuple[str, str], ...] = (("order", str(hunt.order)),)
    if hunt.order is Order.ROUND_ROBIN:
        asked = (*asked, ("place", str(place.taken)))
    turn.note(place.node, "hunt", ", ".join(usable) or "nobody", looked_at=asked, passed_over=tuple(passed))
    turn.phase = Phase.RINGING
    caller.ring_back(turn, hunt.ringback or turn.plan.welcome)
    return _advance(turn, Hunting(place.node, tuple(usable), len(turn.attempts), full), hunt)


def _ordered(turn: StepContext, place: Asking, hunt: Hunt, seen: TargetsLooked | None) -> tuple[TargetName, ...]:
    match hunt.order:
        case Order.RANDOM:
            return seeded_shuffle.shuffled(hunt.targets, turn.facts.seed, place.node)
        case Order.ROUND_ROBIN:
            first = (place.taken or 0) % len(hunt.targets)
            return hunt.targets[first:] + hunt.targets[:first]
        case Order.LEAST_CALLS if seen:
            return tuple(sorted(hunt.targets, key=lambda name: seen.so_far.get(name, 0)))
        case _:
            return hunt.targets


def _is_full(turn: StepContext, target: TargetName, seen: TargetsLooked) -> bool:
    capacity = turn.plan.targets[target].capacity
    return capacity > 0 and seen.live.get(target, 0) >= capacity


def react(turn: StepContext, place: Hunting, event: Event) -> NodeName | None:
    """Something happened while targets were ringing."""
    hunt = turn.plan.group(place.node)
    match event:
        case TargetRang(leg=leg, early_media=early_media) if leg in place.ringing:
            caller.alert(turn, leg if early_media and len(place.ringing) == 1 else None)
        case TargetAnswered(leg=leg) if leg in place.ringing:
            bridged.begin(turn, leg, place.node)
        case TimerFired(timer=timer) if timer == PAUSE:
            return _advance(turn, attrs.evolve(place, pausing=False), hunt)
        case TimerFired(timer=timer):  # no other timer runs while targets ring
            leg = {legs.ring_timer(one): one for one in place.ringing}[timer]
            legs.stop(turn, leg, cause.NO_ANSWER)
            return _lost(turn, place, hunt, leg, cause.NO_ANSWER)
        case TargetFailed(leg=leg) | TargetHungUp(leg=leg):
            why = turn.attempts[leg - 1].cause
            if leg in place.ringing and why:
                return _lost(turn, place, hunt, leg, why)
            is_waiting = place.ringing or place.pausing
            return None if is_waiting else _advance(turn, place, hunt)  # there is room for one more leg
        case _:
            pass
    return None


def _lost(turn: StepContext, place: Hunting, hunt: Hunt, leg: LegId, why: cause.Cause) -> NodeName | None:
    """One leg of the wave will not answer any more; go on when it was the last."""
    turn.place = place = attrs.evolve(place, ringing=tuple(one for one in place.ringing if one != leg))
    if place.ringing:
        return None
    ends = _STOPS.get(hunt.forward_on)
    if ends and ends(why):
        return _give_up(turn, place, hunt, f"{why.slug}, and it forwards on {hunt.forward_on} only")
    if place.waiting and hunt.busy_advance is BusyAdvance.AFTER_WAIT and cause.is_busy(why):
        attempt = turn.attempts[leg - 1]
        left_s = attempt.began_s + _wait_s(turn, hunt, attempt.target) - turn.at_s
        if left_s > 0:
            turn.start_timer(PAUSE, left_s)
            turn.place = attrs.evolve(place, pausing=True)
            return None
    return _advance(turn, place, hunt)


def _wait_s(turn: StepContext, hunt: Hunt, target: TargetName) -> int:
    return hunt.wait_s(turn.plan.targets[target].ring_s)


def _advance(turn: StepContext, place: Hunting, hunt: Hunt) -> NodeName | None:
    """Ring the next wave, or wait until a leg is free for it."""
    turn.place = place
    if not place.waiting:
        return _give_up(turn, place, hunt, "no target is left")
    if turn.attempts and turn.forwards >= turn.plan.most_forwards():
        return _give_up(turn, place, hunt, f"forwarded {turn.forwards} times")
    most = hunt.wave if hunt.order is Order.TOGETHER else 1
    ringing: list[LegId] = []
    left: list[TargetName] = []
    forward = bool(turn.attempts)
    for target in place.waiting:
        if len(ringing) < most and legs.can_ring(turn, target):
            ringing.append(legs.ring(turn, target, _wait_s(turn, hunt, target), fax=hunt.fax))
        else:
            left.append(target)
    if ringing:
        turn.forwards += forward
    turn.place = attrs.evolve(place, waiting=tuple(left), ringing=tuple(ringing))
    return None


def _give_up(turn: StepContext, place: Hunting, hunt: Hunt, why: str) -> NodeName | None:
    """No target of this hunt took the call."""
    busy = [cause.BUSY] * place.full
    here = [*busy, *_causes(turn.attempts[place.since :])]
    if here and all(map(cause.is_busy, here)) and hunt.busy:
        chosen: NodeName | None = hunt.busy
    else:
        chosen = hunt.otherwise
    turn.note(place.node, "hunt", chosen or "release", looked_at=(("because", why),))
    if chosen is None:
        caller.farewell(turn, cause.of_all([*busy, *_causes(turn.attempts)]), hunt.announce)
    return chosen


def _causes(attempts: tuple[Attempt, ...]) -> list[cause.Cause]:
    return [attempt.stopped or attempt.cause or cause.NO_ANSWER for attempt in attempts]
