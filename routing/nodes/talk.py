"""Talking: the caller and a target hear each other, until either hangs up.

Rule: the first target to answer gets the call; every other leg is told that it was answered elsewhere.
"""

from routing import caller, legs
from routing.cause import ANSWERED_ELSEWHERE, MEDIA_LOST
from routing.command import StartRecording
from routing.event import DigitsKeyed, Event, MediaLost, TargetFailed, TargetHungUp, TransferAsked
from routing.ids import CALLER, LegId
from routing.nodes import referral, transfer
from routing.state import HungUpBy, Talking
from routing.turn import Turn


def begin(turn: Turn, leg: LegId, *, fax: bool) -> None:
    """A target answered: stop the others, answer the caller, and let both hear each other; a fax is not recorded."""
    for attempt in legs.open_legs(turn):
        if attempt.leg != leg:
            legs.stop(turn, attempt.leg, ANSWERED_ELSEWHERE)
    caller.silence(turn)
    caller.answer(turn)
    transfer.join(turn, leg)
    if turn.plan.record and not fax:
        turn.do(StartRecording())
    turn.charged_from_s = turn.at_s


def react(turn: Turn, place: Talking, event: Event) -> None:
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
