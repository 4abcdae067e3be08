"""Hunt: ring targets until one answers (R4, R6–R10; call distribution and forwarding, ITU-T Q.1211).

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
from routing.ids import LegId, NodeName, PromptName, TargetName, TimerName
from routing.node import BusyAdvance, ForwardOn, Hunt, Order
from routing.nodes import bridged
from routing.nodes.compare import ASK, ASK_S, PLACE_S
from routing.state import Attempt, Hunting, Phase, PreparingHunt
from routing.step_context import StepContext

PAUSE: Final = TimerName("busy-wait")
_STOPS: Final = {ForwardOn.BUSY: cause.is_no_answer, ForwardOn.NO_ANSWER: cause.is_busy}
"""By what a hunt goes on: the failure that ends it instead."""


def enter(ctx: StepContext, name: NodeName, hunt: Hunt) -> NodeName | None:
    """Ask for what must be fresh: a place in line for round-robin, the lines in use where they are
    limited."""
    if hunt.order is Order.ROUND_ROBIN:
        ctx.do(TakePlace(name))
        ctx.start_timer(ASK, PLACE_S)
        ctx.activity = PreparingHunt(name)
        return None
    return _placed(ctx, PreparingHunt(name, taken=0), hunt)


def react_preparing(ctx: StepContext, activity: PreparingHunt, event: Event) -> NodeName | None:
    """The daemon answered, or not in time: then the call goes on without it."""
    hunt = ctx.plan.group(activity.node)
    match event:
        case PlaceTaken(node=node, place=taken) if node == activity.node and activity.taken is None:
            ctx.stop_timer(ASK)
            return _placed(ctx, attrs.evolve(activity, taken=taken), hunt)
        case TargetsLooked(node=node) if node == activity.node and activity.taken is not None:
            ctx.stop_timer(ASK)
            return _begin(ctx, activity, hunt, event)
        case TimerFired(timer=timer) if timer == ASK:
            if activity.taken is None:
                return _placed(ctx, attrs.evolve(activity, taken=ctx.facts.seed), hunt)
            return _begin(ctx, activity, hunt, None)
        case _:
            return None


def _placed(ctx: StepContext, activity: PreparingHunt, hunt: Hunt) -> NodeName | None:
    targets = ctx.plan.targets
    if hunt.order is Order.LEAST_CALLS or any(targets[name].capacity for name in hunt.targets):
        rings = {Order.TOGETHER: hunt.wave, Order.LEAST_CALLS: len(hunt.targets)}.get(hunt.order, 1)
        # Whom the fewest calls will choose is not known before the answer.
        ordered = hunt.targets if hunt.order is Order.LEAST_CALLS else _ordered(ctx, activity, hunt, None)
        ctx.do(legs.look_at(ctx, activity.node, ordered, rings=rings))
        ctx.start_timer(ASK, ASK_S)
        ctx.activity = activity
        return None
    return _begin(ctx, activity, hunt, None)


def _begin(ctx: StepContext, activity: PreparingHunt, hunt: Hunt, looked: TargetsLooked | None) -> NodeName | None:
    """Put the targets in order, without those that may not be rung, and ring the first."""
    passed, usable, full = [], [], 0
    for target in _ordered(ctx, activity, hunt, looked):
        why = legs.why_not(ctx, target) or (looked.down.get(target, "") if looked else "")
        if not why and looked and _is_full(ctx, target, looked):
            why, full = "all its lines are taken", full + 1
        if not why and ctx.queued and target in ctx.queued.refused:
            why = "it refused a call a moment ago"
        if why:
            passed.append((target, why))
        else:
            usable.append(target)
    asked: tuple[tuple[str, str], ...] = (("order", str(hunt.order)),)
    if hunt.order is Order.ROUND_ROBIN:
        asked = (*asked, ("place", str(activity.taken)))
    ctx.note(activity.node, "hunt", ", ".join(usable) or "nobody", looked_at=asked, passed_over=tuple(passed))
    ctx.phase = Phase.RINGING
    return _advance(ctx, Hunting(activity.node, tuple(usable), len(ctx.attempts), full), hunt)


def _ordered(
    ctx: StepContext, activity: PreparingHunt, hunt: Hunt, looked: TargetsLooked | None
) -> tuple[TargetName, ...]:
    match hunt.order:
        case Order.RANDOM:
            return seeded_shuffle.shuffled(hunt.targets, ctx.facts.seed, activity.node)
        case Order.ROUND_ROBIN:
            first = (activity.taken or 0) % len(hunt.targets)
            return hunt.targets[first:] + hunt.targets[:first]
        case Order.LEAST_CALLS if looked:
            return tuple(sorted(hunt.targets, key=lambda name: looked.so_far.get(name, 0)))
        case _:
            return hunt.targets


def _is_full(ctx: StepContext, target: TargetName, looked: TargetsLooked) -> bool:
    capacity = ctx.plan.targets[target].capacity
    return capacity > 0 and looked.live.get(target, 0) >= capacity


def react(ctx: StepContext, activity: Hunting, event: Event) -> NodeName | None:
    """Something happened while targets were ringing."""
    hunt = ctx.plan.group(activity.node)
    match event:
        case TargetRang(leg=leg, early_media=early_media) if leg in activity.ringing:
            if _ringback(ctx, hunt) is None:
                caller.alert(ctx, leg if early_media and len(activity.ringing) == 1 else None)
        case TargetAnswered(leg=leg) if leg in activity.ringing:
            bridged.begin(ctx, leg, activity.node)
        case TimerFired(timer=timer) if timer == PAUSE:
            return _advance(ctx, attrs.evolve(activity, pausing=False), hunt)
        case TimerFired(timer=timer):  # no other timer runs while targets ring
            leg = {legs.ring_timer(one): one for one in activity.ringing}[timer]
            legs.stop(ctx, leg, cause.NO_ANSWER)
            return _lost(ctx, activity, hunt, leg, cause.NO_ANSWER)
        case TargetFailed(leg=leg) | TargetHungUp(leg=leg):
            why = ctx.attempts[leg - 1].cause
            if leg in activity.ringing and why:
                return _lost(ctx, activity, hunt, leg, why)
            is_waiting = activity.ringing or activity.pausing
            return None if is_waiting else _advance(ctx, activity, hunt)  # there is room for one more leg
        case _:
            pass
    return None


def _lost(ctx: StepContext, activity: Hunting, hunt: Hunt, leg: LegId, why: cause.Cause) -> NodeName | None:
    """One leg of the wave will not answer any more; go on when it was the last."""
    ctx.activity = activity = attrs.evolve(activity, ringing=tuple(one for one in activity.ringing if one != leg))
    if activity.ringing:
        return None
    ends = _STOPS.get(hunt.forward_on)
    if ends and ends(why):
        return _give_up(ctx, activity, hunt, f"{why.slug}, and it forwards on {hunt.forward_on} only")
    if activity.waiting and hunt.busy_advance is BusyAdvance.AFTER_WAIT and cause.is_busy(why):
        attempt = ctx.attempts[leg - 1]
        left_s = attempt.began_s + _wait_s(ctx, hunt, attempt.target) - ctx.at_s
        if left_s > 0:
            ctx.start_timer(PAUSE, left_s)
            caller.ring_back(ctx, _ringback(ctx, hunt))
            ctx.activity = attrs.evolve(activity, pausing=True)
            return None
    return _advance(ctx, activity, hunt)


def _ringback(ctx: StepContext, hunt: Hunt) -> PromptName | None:
    return hunt.ringback or ctx.plan.welcome


def _wait_s(ctx: StepContext, hunt: Hunt, target: TargetName) -> int:
    return hunt.wait_s(ctx.plan.targets[target].ring_s)


def _advance(ctx: StepContext, activity: Hunting, hunt: Hunt) -> NodeName | None:
    """Ring the next wave, or wait until a leg is free for it."""
    ctx.activity = activity
    if not activity.waiting:
        return _give_up(ctx, activity, hunt, "no target is left")
    if ctx.attempts and ctx.forwards >= ctx.plan.most_forwards():
        ctx.queued = None  # it may be forwarded no more: nothing to wait for
        return _give_up(ctx, activity, hunt, f"forwarded {ctx.forwards} times")
    caller.ring_back(ctx, _ringback(ctx, hunt))
    most = hunt.wave if hunt.order is Order.TOGETHER else 1
    ringing: list[LegId] = []
    left: list[TargetName] = []
    forward = bool(ctx.attempts)
    for target in activity.waiting:
        if len(ringing) < most and legs.can_ring(ctx, target):
            ringing.append(legs.ring(ctx, target, _wait_s(ctx, hunt, target), fax=hunt.fax))
        else:
            left.append(target)
    if ringing:
        ctx.forwards += forward
    ctx.activity = attrs.evolve(activity, waiting=tuple(left), ringing=tuple(ringing))
    return None


def _give_up(ctx: StepContext, activity: Hunting, hunt: Hunt, why: str) -> NodeName | None:
    """No target of this hunt took the call; one that came from a queue and was only refused goes back there."""
    busy = [cause.BUSY] * activity.full
    here = [*busy, *_causes(ctx.attempts[activity.since :])]
    rang_in_vain = any(attempt.stopped for attempt in ctx.attempts[activity.since :])
    if ctx.queued and not rang_in_vain:
        chosen: NodeName | None = ctx.queued.node
    elif here and all(map(cause.is_busy, here)) and hunt.busy:
        chosen = hunt.busy
    else:
        chosen = hunt.otherwise
    if ctx.queued and chosen != ctx.queued.node:
        ctx.queued = None
    ctx.note(activity.node, "hunt", chosen or "release", looked_at=(("because", why),))
    if chosen is None:
        caller.release_after(ctx, cause.of_all([*busy, *_causes(ctx.attempts)]), hunt.announce)
    return chosen


def _causes(attempts: tuple[Attempt, ...]) -> list[cause.Cause]:
    return [attempt.stopped or attempt.cause or cause.NO_ANSWER for attempt in attempts]
