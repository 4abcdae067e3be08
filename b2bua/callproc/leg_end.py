"""What the end of a leg means to the flow.

Rule: whose doing it was is read from the flow's own state: what it asked for itself is an answer, all else is news.
"""

import attrs

from b2bua.callproc.leg_events import LegDown
from routing.cause import CALLER_CANCELLED, NORMAL, Blame, Cause, from_sip
from routing.event import CallerHungUp, CallerReleased, Event, TargetFailed, TargetHungUp
from routing.ids import CALLER
from routing.state import Inbound, State

_FIRST_FAILURE = 300


def leg_ended(down: LegDown, state: State, at_s: float) -> Event:
    """The event for a leg that is down."""
    if down.leg == CALLER:
        if state.caller.inbound is Inbound.RELEASING:
            return CallerReleased(at_s)
        return CallerHungUp(at_s, CALLER_CANCELLED if state.answered_s is None else _of_answered(down))
    attempt = next((attempt for attempt in state.attempts if attempt.leg == down.leg), None)
    if attempt is not None and attempt.answered_s is not None:
        return TargetHungUp(at_s, down.leg, _of_answered(down))
    return TargetFailed(at_s, down.leg, from_sip(down.status, down.q850 or None))


def _of_answered(down: LegDown) -> Cause:
    """A BYE is a normal end unless its Reason says otherwise; anything else means that the far end was lost."""
    if down.status >= _FIRST_FAILURE:
        return Cause("signalling-lost", down.q850 or 41, 480, Blame.UPSTREAM)
    if down.q850 in (0, NORMAL.q850):
        return NORMAL
    return attrs.evolve(from_sip(NORMAL.sip, down.q850), blame=Blame.SUCCESS)
