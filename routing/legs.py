"""The outbound legs of a call: made, ended, and kept account of.

Rule: a leg that is down, or that was asked to end, gets no further command but the one that its late answer
needs.
"""

from typing import Final

import attrs

from routing.cause import STOPPED, Cause
from routing.command import CollectDigits, Context, HangUp, LookAtTargets, Ring, StopRinging
from routing.ids import LegId, NodeName, TargetName, TimerName
from routing.state import Attempt
from routing.step_context import StepContext

MOST_LEGS: Final = 3
"""Outbound legs at once: a call process holds four legs, and one is the caller's."""

REFUSED_S: Final = 30
"""For how many seconds a target that refused a call is not offered another from a queue (R10); our own choice."""


def find(ctx: StepContext, leg: LegId) -> Attempt | None:
    """The attempt of a leg that is not down, or None."""
    if not 1 <= leg <= len(ctx.attempts):
        return None
    attempt = ctx.attempts[leg - 1]
    return attempt if attempt.ended_s is None else None


def up(ctx: StepContext, leg: LegId) -> bool:
    """Whether a leg is neither down nor asked to end."""
    attempt = find(ctx, leg)
    return attempt is not None and attempt.stopped is None


def open_legs(ctx: StepContext) -> tuple[Attempt, ...]:
    """Every attempt whose leg is not down yet."""
    return tuple(attempt for attempt in ctx.attempts if attempt.ended_s is None)


def put(ctx: StepContext, attempt: Attempt) -> None:
    """Replace an attempt by its newer self."""
    at = attempt.leg - 1
    ctx.attempts = (*ctx.attempts[:at], attempt, *ctx.attempts[at + 1 :])


def why_not(ctx: StepContext, target: TargetName) -> str:
    """Why a target must not be rung now, empty if it may: down, no longer authorised (W3), or outside its
    hours (R2)."""
    if why := ctx.facts.down.get(target):
        return why
    its = ctx.plan.targets[target]
    if its.authorised_until is not None and ctx.facts.arrived.date() > its.authorised_until:
        return f"its authorisation ended on {its.authorised_until}"
    return "" if ctx.plan.open_at(its, ctx.moment()) else "outside its hours"


def look_at(ctx: StepContext, node: NodeName, targets: tuple[TargetName, ...], *, rings: int = 1) -> LookAtTargets:
    """Ask how busy these are, of which the first `rings` that are free will be rung."""
    limits = {name: ctx.plan.targets[name].capacity for name in targets}
    return LookAtTargets(node, targets, {name: most for name, most in limits.items() if most}, rings)


def refused_lately(ctx: StepContext, target: TargetName) -> bool:
    """Whether a target refused this very call in the last `REFUSED_S` seconds."""
    return any(
        attempt.target == target and has_refused(attempt) and ctx.at_s - attempt.ended_s < REFUSED_S
        for attempt in ctx.attempts
        if attempt.ended_s is not None
    )


def has_refused(attempt: Attempt) -> bool:
    """Whether a target ended an attempt by its own answer; not one that rang in vain, or that we stopped."""
    return attempt.answered_s is None and attempt.stopped is None and attempt.cause is not None


def can_ring(ctx: StepContext, target: TargetName) -> bool:
    """Whether there is room for one more leg and no leg is still up at this target's address."""
    legs = open_legs(ctx)
    address = ctx.plan.targets[target].address
    return len(legs) < MOST_LEGS and all(attempt.address != address for attempt in legs)


def ring(
    ctx: StepContext,
    target: TargetName,
    wait_s: int,
    *,
    fax: bool = False,
    transferred_by: TargetName | None = None,
    replaces: str = "",
) -> LegId:
    """Call a target on a new leg, for at most `wait_s` seconds; `transferred_by` is the seat that asked for it."""
    leg = LegId(len(ctx.attempts) + 1)
    address = ctx.plan.targets[target].address
    ctx.attempts += (Attempt(leg, target, address, ctx.at_s, fax=fax),)
    ctx.do(Ring(leg, target, address, Context(ctx.menus, transferred_by), fax, replaces))
    ctx.start_timer(ring_timer(leg), wait_s)
    return leg


def ring_timer(leg: LegId) -> TimerName:
    """The name of the timer that ends a leg's ring wait."""
    return TimerName(f"ring-{leg}")


def stop(ctx: StepContext, leg: LegId, cause: Cause) -> None:
    """Have a leg ended, ringing or answered; once."""
    attempt = ctx.attempts[leg - 1]
    if attempt.ended_s is None and attempt.stopped is None:
        ctx.stop_timer(ring_timer(leg))
        ctx.gathering -= {leg}
        put(ctx, attrs.evolve(attempt, stopped=cause))
        end = StopRinging if attempt.answered_s is None else HangUp
        ctx.do(end(leg, cause))


def gather(ctx: StepContext, collect: CollectDigits) -> None:
    """Collect keys from a leg; the caller of this function has made sure that none are collected from it now."""
    ctx.gathering |= {collect.leg}
    ctx.do(collect)


def note_rang(ctx: StepContext, attempt: Attempt) -> None:
    """A leg rings."""
    if attempt.rang_s is None:
        put(ctx, attrs.evolve(attempt, rang_s=ctx.at_s))


def note_answered(ctx: StepContext, attempt: Attempt) -> bool:
    """A leg was answered. False if we had asked it to stop: its answer came too late, and is hung up at
    once."""
    put(ctx, attrs.evolve(attempt, answered_s=ctx.at_s))
    ctx.stop_timer(ring_timer(attempt.leg))
    if attempt.stopped is None:
        return True
    ctx.do(HangUp(attempt.leg, attempt.stopped))
    return False


def note_down(ctx: StepContext, attempt: Attempt, cause: Cause) -> None:
    """A leg is down. Its cause is the one we ended it with, if we did."""
    ctx.stop_timer(ring_timer(attempt.leg))
    ctx.gathering -= {attempt.leg}
    why = attempt.stopped or (STOPPED if cause.sip == STOPPED.sip else cause)
    put(ctx, attrs.evolve(attempt, ended_s=ctx.at_s, cause=why))
