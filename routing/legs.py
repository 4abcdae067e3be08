"""The outbound legs of a call: made, ended, and kept account of.

Rule: a leg that is down, or that was asked to end, gets no further command but the one that its late answer
needs.
"""

from typing import Final

import attrs

from routing.cause import STOPPED, Cause
from routing.command import HangUp, Ring, StopRinging
from routing.ids import LegId, TargetName, TimerName
from routing.state import Attempt
from routing.turn import Turn

MOST_LEGS: Final = 3
"""Outbound legs at once: a call process holds four legs, and one is the caller's."""


def find(turn: Turn, leg: LegId) -> Attempt | None:
    """The attempt of a leg that is not down, or None."""
    if not 1 <= leg <= len(turn.attempts):
        return None
    attempt = turn.attempts[leg - 1]
    return attempt if attempt.ended_s is None else None


def open_legs(turn: Turn) -> tuple[Attempt, ...]:
    """Every attempt whose leg is not down yet."""
    return tuple(attempt for attempt in turn.attempts if attempt.ended_s is None)


def put(turn: Turn, attempt: Attempt) -> None:
    """Replace an attempt by its newer self."""
    at = attempt.leg - 1
    turn.attempts = (*turn.attempts[:at], attempt, *turn.attempts[at + 1 :])


def can_ring(turn: Turn, target: TargetName) -> bool:
    """Whether there is room for one more leg and no leg is still up at this target's address."""
    legs = open_legs(turn)
    address = turn.plan.targets[target].address
    return len(legs) < MOST_LEGS and all(attempt.address != address for attempt in legs)


def ring(turn: Turn, target: TargetName) -> LegId:
    """Call a target on a new leg."""
    leg = LegId(len(turn.attempts) + 1)
    address = turn.plan.targets[target].address
    turn.attempts += (Attempt(leg, target, address, turn.at_s),)
    turn.do(Ring(leg, target, address))
    return leg


def ring_timer(leg: LegId) -> TimerName:
    """The name of the timer that ends a leg's ring wait."""
    return TimerName(f"ring-{leg}")


def stop(turn: Turn, attempt: Attempt, cause: Cause) -> None:
    """Have a leg ended, ringing or answered; once."""
    if attempt.stopped is None:
        turn.stop_timer(ring_timer(attempt.leg))
        put(turn, attrs.evolve(attempt, stopped=cause))
        end = StopRinging if attempt.answered_s is None else HangUp
        turn.do(end(attempt.leg, cause))


def note_rang(turn: Turn, attempt: Attempt) -> None:
    """A leg rings."""
    if attempt.rang_s is None:
        put(turn, attrs.evolve(attempt, rang_s=turn.at_s))


def note_answered(turn: Turn, attempt: Attempt) -> bool:
    """A leg was answered. False if we had asked it to stop: its answer came too late, and is hung up at
    once."""
    put(turn, attrs.evolve(attempt, answered_s=turn.at_s))
    if attempt.stopped is None:
        return True
    turn.do(HangUp(attempt.leg, attempt.stopped))
    return False


def note_down(turn: Turn, attempt: Attempt, cause: Cause) -> Attempt:
    """A leg is down. Its cause is the one we ended it with, if we did and it has nothing better to say."""
    turn.stop_timer(ring_timer(attempt.leg))
    why = attempt.stopped or (STOPPED if cause.sip == STOPPED.sip else cause)
    down = attrs.evolve(attempt, ended_s=turn.at_s, cause=why)
    put(turn, down)
    return down
