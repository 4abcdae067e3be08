"""Talking: the caller and a target hear each other, until either hangs up, once they were told what the plan says.

Rule: the first target to answer gets the call; every other leg is told that it was answered elsewhere.
"""

from routing import caller, legs
from routing.cause import ANSWERED_ELSEWHERE, MEDIA_LOST
from routing.command import Play, StartRecording
from routing.event import DigitsKeyed, Event, MediaLost, PromptEnded, TargetFailed, TargetHungUp, TransferAsked
from routing.ids import CALLER, LegId, NodeName
from routing.nodes import notice, referral, transfer
from routing.plan import Announced
from routing.state import HungUpBy, Phase, Talking, TellingBoth
from routing.turn import Turn


def begin(turn: Turn, leg: LegId, hunt: NodeName, *, fax: bool) -> None:
    """A target of a hunt answered: stop the others, answer the caller, and let both hear each other.

    A fax is not recorded.
    """
    for attempt in legs.open_legs(turn):
        if attempt.leg != leg:
            legs.stop(turn, attempt.leg, ANSWERED_ELSEWHERE)
    caller.silence(turn)
    caller.answer(turn)
    turn.charged_from_s = turn.at_s
    is_recorded = turn.plan.record and not fax
    if is_recorded and turn.plan.record_announce is Announced.BOTH:
        _tell_both(turn, leg, hunt)
    else:
        _connect(turn, leg, is_recorded=is_recorded)


def _connect(turn: Turn, leg: LegId, *, is_recorded: bool) -> None:
    transfer.join(turn, leg)
    if is_recorded:
        turn.do(StartRecording())


def _tell_both(turn: Turn, leg: LegId, hunt: NodeName) -> None:
    """Let caller and target hear that they will be recorded, at the same time."""
    notice.note(turn, hunt, "tell both")
    prompts = (turn.plan.record_prompt,)
    caller.play(turn, prompts)
    turn.do(Play(leg, prompts))
    turn.place = TellingBoth(leg, frozenset({CALLER, leg}))
    turn.phase = Phase.HEARING


def react_telling(turn: Turn, place: TellingBoth, event: Event) -> None:
    """One of them has heard it, or is gone."""
    target = turn.attempts[place.leg - 1].target
    match event:
        case PromptEnded(leg=leg) if leg in place.hearing:
            turn.place = TellingBoth(place.leg, place.hearing - {leg})
            if not turn.place.hearing:
                _connect(turn, place.leg, is_recorded=True)
        case TargetHungUp(leg=leg, cause=cause) | TargetFailed(leg=leg, cause=cause) if leg == place.leg:
            caller.end(turn, cause, HungUpBy.TARGET, target)
        case MediaLost(leg=leg) if leg in (CALLER, place.leg):
            caller.end(turn, MEDIA_LOST, HungUpBy.SWITCH, target)
        case _:
            pass


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
