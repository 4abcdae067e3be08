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


def find(turn: StepContext, leg: LegId) -> Attempt | None:
    """The attempt of a leg that is not down, or None."""
    if not 1 <= leg <= len(turn.attempts):
        return None
    attempt = turn.attempts[leg - 1]
    return attempt if attempt.ended_s is None else None


def up(turn: StepContext, leg: LegId) -> bool:
    """Whether a leg is neither down nor asked to end."""
    attempt = find(turn, leg)
    return attempt is not None and attempt.stopped is None


def open_legs(turn: StepContext) -> tuple[Attempt, ...]:
    """Every attempt whose leg is not down yet."""
    return tuple(attempt for attempt in turn.attempts if attempt.ended_s is None)


def put(turn: StepContext, attempt: Attempt) -> None:
    """Replace an attempt by its newer self."""
    at = attempt.leg - 1
    turn.attempts = (*turn.attempts[:at], attempt, *turn.attempts[at + 1 :])


def why_not(turn: StepContext, target: TargetName) -> str:
    """Why a target must not be rung now, empty if it may: down, no longer authorised (W3), or outside its
    hours (R2)."""
    if why := turn.facts.down.get(target):
        return why
    its = turn.plan.targets[target]
    if its.authorised_until is not None and turn.facts.arrived.date() > its.authorised_until:
        return f"its authorisation ended on {its.authorised_until}"
    return "" if turn.plan.open_at(its, turn.moment()) else "outside its hours"


def look_at(turn: StepContext, node: NodeName, targets: tuple[TargetName, ...], *, rings: int = 1) -> LookAtTargets:
    """Ask how busy these are, of which the first `rings` that are free will be rung."""
    limits = {name: turn.plan.targets[name].capacity for name in targets}
    return LookAtTargets(node, targets, {name: most for name, most in limits.items() if most}, rings)


def can_ring(turn: StepContext, target: TargetName) -> bool:
    """Whether there is room for one more leg and no leg is still up at this target's address."""
    legs = open_legs(turn)
    address = turn.plan.targets[target].address
    return len(legs) < MOST_LEGS and all(attempt.address != address for attempt in legs)


def ring(
    turn: StepContext,
    target: TargetName,
    wait_s: int,
    *,
    fax: bool = False,
    transferred_by: TargetName | None = None,
    replaces: str = "",
) -> LegId:
    """Call a target on a new leg, for at most `wait_s` seconds; `transferred_by` is the seat that asked for it."""
    leg = LegId(len(turn.attempts) + 1)
    address = turn.plan.targets[target].address
    turn.attempts += (Attempt(leg, target, address, turn.at_s, fax=fax),)
    turn.do(Ring(leg, target, address, Context(turn.menus, transferred_by), fax, replaces))
    turn.start_timer(ring_timer(leg), wait_s)
    return leg


def ring_timer(leg: LegId) -> TimerName:
    """The name of the timer that ends a leg's ring wait."""
    return TimerName(f"ring-{leg}")


def stop(turn: StepContext, leg: LegId, cause: Cause) -> None:
    """Have a leg ended, ringing or answered; once."""
    attempt = turn.attempts[leg - 1]
    if attempt.ended_s is None and attempt.stopped is None:
        turn.stop_timer(ring_timer(leg))
        turn.gathering -= {leg}
        put(turn, attrs.evolve(attempt, stopped=cause))
        end = StopRinging if attempt.answered_s is None else HangUp
        turn.do(end(leg, cause))


def gather(turn: StepContext, collect: CollectDigits) -> None:
    """Collect keys from a leg; whoever asks has seen to it that none are collected from it now."""
    turn.gathering |= {collect.leg}
    turn.do(collect)


def note_rang(turn: StepContext, attempt: Attempt) -> None:
    """A leg rings."""
    if attempt.rang_s is None:
        put(turn, attrs.evolve(attempt, rang_s=turn.at_s))


def note_answered(turn: StepContext, attempt: Attempt) -> bool:
    """A leg was answered. False if we had asked it to stop: its answer came too late, and is hung up at
    once."""
    put(turn, attrs.evolve(attempt, answered_s=turn.at_s))
    turn.stop_timer(ring_timer(attempt.leg))
    if attempt.stopped is None:
        return True
    turn.do(HangUp(attempt.leg, attempt.stopped))
    return False


def note_down(turn: StepContext, attempt: Attempt, cause: Cause) -> None:
    """A leg is down. Its cause is the one we ended it with, if we did."""
    turn.stop_timer(ring_timer(attempt.leg))
    turn.gathering -= {attempt.leg}
    why = attempt.stopped or (STOPPED if cause.sip == STOPPED.sip else cause)
    put(turn, attrs.evolve(attempt, ended_s=turn.at_s, cause=why))
