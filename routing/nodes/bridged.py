"""Talking: the caller and a target hear each other, until either hangs up, once they were told what the plan says.

Rule: the first target to answer gets the call; every other leg is told that it was answered elsewhere.
"""

from routing import caller, legs
from routing.cause import ANSWERED_ELSEWHERE, MEDIA_LOST
from routing.command import StartRecording
from routing.event import DigitsKeyed, Event, MediaLost, PromptEnded, TargetFailed, TargetHungUp, TransferAsked
from routing.ids import CALLER, LegId, NodeName
from routing.nodes import recording_notice, referral, transfer
from routing.plan import Announced
from routing.state import HungUpBy, Talking, TellingBoth
from routing.step_context import StepContext


def begin(turn: StepContext, leg: LegId, hunt: NodeName) -> None:
    """A target of a hunt answered: stop the others, answer the caller, and let both hear each other.

    A fax is not recorded (M6).
    """
    for attempt in legs.open_legs(turn):
        if attempt.leg != leg:
            legs.stop(turn, attempt.leg, ANSWERED_ELSEWHERE)
    caller.silence(turn)
    caller.answer(turn)
    turn.charged_from_s = turn.at_s
    if turn.plan.record and not turn.attempts[leg - 1].fax:
        _record(turn, leg, hunt)
    else:
        transfer.join(turn, leg)


def _record(turn: StepContext, leg: LegId, hunt: NodeName) -> None:
    """Record from the first word on, after both were told if the plan says so."""
    if turn.plan.record_announce is Announced.BOTH:
        recording_notice.tell_both(turn, leg, hunt)
    else:
        _join(turn, leg)


def _join(turn: StepContext, leg: LegId) -> None:
    transfer.join(turn, leg)
    if not turn.recording:  # as it is where a caller was handed over
        turn.recording = True
        turn.do(StartRecording())


def react_telling(turn: StepContext, place: TellingBoth, event: Event) -> None:
    """One of them has heard it, or is gone."""
    target = turn.attempts[place.leg - 1].target
    match event:
        case PromptEnded(leg=leg) if leg in place.hearing:
            turn.place = TellingBoth(place.leg, place.hearing - {leg})
            if not turn.place.hearing:
                caller.silence(turn)
                _join(turn, place.leg)
        case TargetHungUp(leg=leg, cause=cause) | TargetFailed(leg=leg, cause=cause) if leg == place.leg:
            caller.end(turn, cause, HungUpBy.TARGET, target)
        case MediaLost(leg=leg) if leg in (CALLER, place.leg):
            caller.end(turn, MEDIA_LOST, HungUpBy.SWITCH, target)
        case _:
            pass


def react(turn: StepContext, place: Talking, event: Event) -> None:
    """Something happened during the conversation."""
    target = turn.attempts[place.leg - 1].target
    match event:
        case TargetHungUp(leg=leg, cause=cause) | TargetFailed(leg=leg, cause=cause) if leg == place.leg:
            caller.end(turn, cause, HungUpBy.TARGET, target)
        case MediaLost(leg=leg) if leg in (CALLER, place.leg):
            caller.end(turn, MEDIA_LOST, HungUpBy.SWITCH, target)
        case DigitsKeyed(leg=leg, digits=digits) if leg == place.leg:
            transfer.keyed(turn, place, digits)
        case TransferAsked():
            referral.asked(turn, place, event)
        case _:
            pass
