"""Why a leg ended: the Reason header (RFC 3326) to and from the far end, and what the end means to the call's flow.

Rule: who ended the leg is read from the flow's own state: an end that the flow asked for is the answer to that, any
other is an event of the far end. A Reason header that cannot be read counts as absent; it never raises.
"""

import re
from typing import Final

import attrs

from b2bua.callproc.leg_events import LegDown
from routing.cause import ANSWERED_ELSEWHERE, CALLER_CANCELLED, NORMAL, Blame, Cause, from_sip
from routing.event import CallerHungUp, CallerReleased, Event, TargetFailed, TargetHungUp
from routing.ids import CALLER
from routing.state import Inbound, State

_FIRST_FAILURE: Final = 300
_Q850: Final = re.compile(r"Q\.850\s*;[^,]*?cause\s*=\s*(\d{1,3})\b", re.IGNORECASE)
_REASON: Final = re.compile(r"^Reason[ \t]*:(.*)$", re.IGNORECASE | re.MULTILINE)


def reason_of(cause: Cause) -> str:
    """The Reason header's value for a release cause, as SIP status and as Q.850 value (RFC 3326, 2)."""
    if cause == ANSWERED_ELSEWHERE:
        # The one text that telephones look for, so that they do not list a missed call.
        return 'SIP;cause=200;text="Call completed elsewhere"'
    return f"SIP;cause={cause.sip}, Q.850;cause={cause.q850}"


def q850_in(message: str) -> int:
    """The Q.850 cause value (1–127) in a SIP message's Reason headers, 0 if there is none."""
    head = message.partition("\r\n\r\n")[0]
    for value in _REASON.findall(head):
        found = _Q850.search(value)
        if found and 1 <= int(found[1]) <= 127:
            return int(found[1])
    return 0


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
