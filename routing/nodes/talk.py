"""Talking: the caller and a target hear each other, until either hangs up.

Rule: the first target to answer gets the call; every other leg is told that it was answered elsewhere.
"""

from routing import caller, legs
from routing.cause import ANSWERED_ELSEWHERE, MEDIA_LOST
from routing.command import Connect
from routing.event import Event, MediaLost, TargetFailed, TargetHungUp
from routing.ids import CALLER, LegId
from routing.state import HungUpBy, Phase, Talking
from routing.turn import Turn


def begin(turn: Turn, leg: LegId) -> None:
    """A target answered: stop the others, answer the caller, and let both hear each other."""
    for attempt in legs.open_legs(turn):
        if attempt.leg != leg:
            legs.stop(turn, attempt, ANSWERED_ELSEWHERE)
    turn.stop_timer(legs.ring_timer(leg))
    caller.answer(turn)
    turn.do(Connect(CALLER, leg))
    if turn.charged_from_s is None:
        turn.charged_from_s = turn.at_s
    turn.place = Talking(leg)
    turn.phase = Phase.TALKING


def react(turn: Turn, place: Talking, event: Event) -> None:
    """Something happened during the conversation."""
    target = turn.attempts[place.leg - 1].target
    match event:
        case TargetHungUp(leg=leg, cause=cause) | TargetFailed(leg=leg, cause=cause) if leg == place.leg:
            caller.end(turn, cause, HungUpBy.TARGET, target)
        case MediaLost(leg=leg) if leg in (CALLER, place.leg):
            caller.end(turn, MEDIA_LOST, HungUpBy.SWITCH, target)
        case _:
            pass
