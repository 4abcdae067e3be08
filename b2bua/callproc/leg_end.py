"""Why a leg ended: the Reason header (RFC 3326) to and from the far end, and what the end means to the call's flow.

Rule: who ended the leg is read from the flow's own state: an end that the flow asked for is the answer to that, any
other is an event of the far end. A Reason header that cannot be read counts as absent; it never raises.
"""

import re
from typing import Final

import attrs

from b2bua.callproc.leg_events import LegDown
from routing.cause import ANSWERED_ELSEWHERE, CALLER_CANCELLED, NO_COMMON_CODEC, NORMAL, Blame, Cause, from_sip
from routing.event import CallerHungUp, CallerReleased, Event, TargetFailed, TargetHungUp
from routing.ids import CALLER
from routing.state import Inbound, State

_FIRST_FAILURE: Final = 300
_OURS_ALONE: Final = (401, 407, 420, 421, 494)
"""A far end wants credentials, extensions or a security agreement from us (RFC 3261, 21.4; RFC 3329).

The caller cannot give them, and got no challenge to answer."""
_BAD_GATEWAY: Final = 502
_NOT_ACCEPTABLE_HERE: Final = 488
_Q850: Final = re.compile(r"Q\.850\s*;[^,]*?cause\s*=\s*(\d{1,3})\b", re.IGNORECASE)
_TAKEN: Final = re.compile(r"(?:^|,)\s*SIP(?:\s*;(?!\s*text)[^,;]*)*?\s*;\s*cause\s*=\s*200\b", re.IGNORECASE)
_REASON: Final = re.compile(r"^Reason[ \t]*:(.*)$", re.IGNORECASE | re.MULTILINE)


def reason_of(cause: Cause, *, answered: bool) -> str:
    """The Reason header's value for a release cause (RFC 3326, 2).

    The Q.850 value alone at the end of an answered leg and for normal clearing (16), to which no SIP status belongs: a
    telephone would show that status to its user. Otherwise the SIP status as well.
    """
    if cause == ANSWERED_ELSEWHERE:
        # The one text that telephones look for, so that they do not list a missed call.
        return 'SIP;cause=200;text="Call completed elsewhere"'
    if answered or cause.q850 == NORMAL.q850:
        return f"Q.850;cause={cause.q850}"
    return f"SIP;cause={cause.sip}, Q.850;cause={cause.q850}"


def q850_in(message: str) -> int:
    """The Q.850 cause value (1–127) in a SIP message's Reason headers, 0 if there is none.

    A SIP status of 200 alone means that the call was completed elsewhere (RFC 3326, 3.1), which is 26.
    """
    values = _REASON.findall(message.partition("\r\n\r\n")[0])
    for value in values:
        found = _Q850.search(value)
        if found and 1 <= int(found[1]) <= 127:
            return int(found[1])
    return ANSWERED_ELSEWHERE.q850 if any(map(_TAKEN.search, values)) else 0


def leg_ended(down: LegDown, state: State, at_s: float) -> Event:
    """The event for a leg that is down."""
    if down.leg == CALLER:
        if state.caller.inbound is Inbound.RELEASING:
            return CallerReleased(at_s)
        return CallerHungUp(at_s, _of_caller(down, answered=state.answered_s is not None))
    attempt = next((attempt for attempt in state.attempts if attempt.leg == down.leg), None)
    if attempt is not None and attempt.answered_s is not None:
        return TargetHungUp(at_s, down.leg, _of_answered(down))
    status = _BAD_GATEWAY if down.status in _OURS_ALONE else down.status
    return TargetFailed(at_s, down.leg, from_sip(status, down.q850 or None))


def _of_caller(down: LegDown, *, answered: bool) -> Cause:
    """Why a caller went who was not released by us."""
    if down.status == _NOT_ACCEPTABLE_HERE:
        return attrs.evolve(NO_COMMON_CODEC, blame=Blame.CLIENT)
    if answered:
        return _of_answered(down)
    return ANSWERED_ELSEWHERE if down.q850 == ANSWERED_ELSEWHERE.q850 else CALLER_CANCELLED


def _of_answered(down: LegDown) -> Cause:
    """A BYE is a normal end unless its Reason says otherwise; anything else means that the far end was lost."""
    if down.status >= _FIRST_FAILURE:
        return Cause("signalling-lost", down.q850 or 41, 480, Blame.UPSTREAM)
    if down.q850 in (0, NORMAL.q850):
        return NORMAL
    return attrs.evolve(from_sip(NORMAL.sip, down.q850), blame=Blame.SUCCESS)
