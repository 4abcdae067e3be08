"""The call's whole logic as one pure function: what has happened goes in, what to do next comes out.

    step(plan, state, event) → (state, commands)

Rule: same plan, facts and events, same decisions (S2). An event for a leg or timer that is gone is ignored:
what crosses on the wire is no fault. Every run ends with all legs down and one outcome.
"""

import attrs

from routing import caller, legs
from routing.cause import ANSWERED_ELSEWHERE, OPERATOR
from routing.command import Command
from routing.event import (
    Arrived,
    CallerHungUp,
    CallerReleased,
    Event,
    OperatorHungUp,
    TargetAnswered,
    TargetFailed,
    TargetHungUp,
    TargetRang,
    TimerFired,
)
from routing.facts import Facts
from routing.ids import TargetName
from routing.nodes import hunt, talk
from routing.plan import Plan
from routing.state import HungUpBy, Hunting, Inbound, Phase, State, Talking
from routing.turn import Turn


def begin(plan: Plan, facts: Facts) -> State:
    """The state of a call that has not arrived yet; `Arrived` is its first event."""
    del plan  # the same for every plan so far as nothing has happened
    return State(facts)


def step(plan: Plan, state: State, event: Event) -> tuple[State, tuple[Command, ...]]:
    """Decide what to do about one event. Never raises; returns the state as it was when there is nothing to
    do."""
    if state.over:
        return state, ()
    turn = Turn.open(plan, state, event.at_s)
    match event:
        case Arrived():
            if state.phase is Phase.ROUTING and not state.trace:
                hunt.enter(turn, plan.start, plan.nodes[plan.start])
        case CallerHungUp() | CallerReleased():
            _caller_down(turn, event)
        case OperatorHungUp(operator=operator):
            if turn.outcome is None:
                turn.note(plan.start, "operator", "hang up", looked_at=(("operator", operator),))
                caller.end(turn, OPERATOR, HungUpBy.OPERATOR, _talking_to(turn))
        case TargetRang() | TargetAnswered() | TargetFailed() | TargetHungUp():
            if _keep_account(turn, event):
                _react(turn, event)
        case TimerFired(timer=timer):
            if timer in turn.timers:
                turn.timers -= {timer}
                _react(turn, event)
        case _:
            _react(turn, event)
    return turn.close(), tuple(turn.commands)


def _react(turn: Turn, event: Event) -> None:
    match turn.place:
        case Hunting() as place:
            hunt.react(turn, place, event)
        case Talking() as place:
            talk.react(turn, place, event)
        case None:
            pass


def _caller_down(turn: Turn, event: CallerHungUp | CallerReleased) -> None:
    inbound = turn.caller.inbound
    if inbound is Inbound.DOWN or (inbound is Inbound.UP and isinstance(event, CallerReleased)):
        return
    turn.caller = attrs.evolve(turn.caller, inbound=Inbound.DOWN)
    if turn.outcome is None and isinstance(event, CallerHungUp):
        caller.end(turn, event.cause, HungUpBy.CALLER, _talking_to(turn))


def _talking_to(turn: Turn) -> TargetName | None:
    if isinstance(turn.place, Talking):
        return turn.attempts[turn.place.leg - 1].target
    return None


def _keep_account(turn: Turn, event: TargetRang | TargetAnswered | TargetFailed | TargetHungUp) -> bool:
    """Write a leg's news into its attempt; whether the call's present place should hear of it."""
    attempt = legs.find(turn, event.leg)
    if attempt is None:
        return False
    match event:
        case TargetRang():
            legs.note_rang(turn, attempt)
            return attempt.ringing
        case TargetAnswered():
            if attempt.answered_s is not None or not legs.note_answered(turn, attempt):
                return False
            if not (isinstance(turn.place, Hunting) and attempt.leg in turn.place.ringing):
                legs.stop(turn, turn.attempts[attempt.leg - 1], ANSWERED_ELSEWHERE)
                return False
        case TargetFailed(cause=cause) | TargetHungUp(cause=cause):
            legs.note_down(turn, attempt, cause)
    return True
