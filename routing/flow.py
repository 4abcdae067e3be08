"""The call's whole logic as one pure function: what has happened goes in, what to do next comes out.

    step(plan, state, event) → (state, commands)

Rule: same plan, facts and events, same decisions (S2). An event for a leg or timer that is gone is ignored:
what crosses on the wire is no fault. Every run ends with all legs down and one outcome.
"""

from typing import Any, Final

import attrs

from routing import caller, legs, node
from routing.cause import OPERATOR, PLAN_TOO_LONG
from routing.command import Command
from routing.event import (
    Arrived,
    CallerHungUp,
    CallerReleased,
    Event,
    OperatorHungUp,
    PromptEnded,
    TargetAnswered,
    TargetFailed,
    TargetHungUp,
    TargetRang,
    TimerFired,
    TransferAsked,
)
from routing.facts import Facts
from routing.ids import CALLER, LegId, NodeName, TargetName
from routing.nodes import bridged, compare, gates, hunt, listen, queue, recording_notice, referral, transfer
from routing.plan import GATES, Plan
from routing.state import (
    Announcing,
    Asking,
    FinalAnnouncement,
    HungUpBy,
    Hunting,
    Inbound,
    Keying,
    Queueing,
    Sharing,
    State,
    TakingMessage,
    Talking,
    Telling,
    TellingBoth,
    Transferring,
)
from routing.step_context import StepContext

MOST_NODES: Final = 500
"""Nodes that one call may pass: a caller who keys for ever meets an end."""

# One row for each kind of node and each kind of place: the whole machine at a glance.
ENTER: Final[dict[type, Any]] = {
    node.Screen: gates.enter_screen,
    node.Limit: gates.enter_limit,
    node.Verify: listen.enter_verify,
    node.CompareOrigin: compare.enter_origin,
    node.CompareTime: compare.enter_time,
    node.Distribution: compare.enter_share,
    node.Announcement: listen.enter_announcement,
    node.Menu: listen.enter_menu,
    node.Hunt: hunt.enter,
    node.Queue: queue.enter,
    node.Voicemail: listen.enter_voicemail,
    node.Release: listen.enter_release,
}
REACT: Final[dict[type, Any]] = {
    Sharing: compare.react_share,
    Asking: hunt.react_asking,
    Hunting: hunt.react,
    Announcing: listen.react_announcement,
    Telling: recording_notice.react,
    TellingBoth: bridged.react_telling,
    Keying: listen.react_keying,
    Queueing: queue.react,
    TakingMessage: listen.react_voicemail,
    Talking: bridged.react,
    Transferring: transfer.react,
    FinalAnnouncement: listen.react_farewell,
}


def begin(plan: Plan, facts: Facts) -> State:
    """The state of a call that has not arrived yet; `Arrived` is its first event."""
    del plan  # the same for every plan so far as nothing has happened
    return State(facts)


def step(plan: Plan, state: State, event: Event) -> tuple[State, tuple[Command, ...]]:
    """Decide what to do about one event. Never raises; returns the state as it was when the call is over."""
    if state.over:
        return state, ()
    turn = StepContext.open(plan, state, event.at_s)
    match event:
        case Arrived():
            if not state.passed:
                _walk(turn, GATES[0])
        case CallerHungUp() | CallerReleased():
            _caller_down(turn, event)
        case OperatorHungUp(operator=operator):
            _operator(turn, operator)
        case TargetRang() | TargetAnswered() | TargetFailed() | TargetHungUp():
            if _keep_account(turn, event):
                _react(turn, event)
        case TimerFired(timer=timer):
            if timer in turn.timers:
                turn.timers -= {timer}
                _react(turn, event)
        case PromptEnded(leg=leg):
            _prompt_ended(turn, event, leg)
        case _:
            _react(turn, event)
    return turn.close(), tuple(turn.commands)


def _prompt_ended(turn: StepContext, event: Event, leg: LegId) -> None:
    if leg != CALLER and isinstance(turn.place, TellingBoth):
        _react(turn, event)
    elif leg == CALLER and turn.caller.hears and not turn.caller.loops:
        caller.heard(turn)
        _react(turn, event)


def _react(turn: StepContext, event: Event) -> None:
    if isinstance(event, TransferAsked) and not isinstance(turn.place, Talking):
        referral.decline(turn, event, referral.DECLINED, "the caller is not with this seat now")
    elif turn.place is not None:
        _walk(turn, REACT[type(turn.place)](turn, turn.place, event))


def _walk(turn: StepContext, to: NodeName | None) -> None:
    """From node to node, until one waits for something to happen."""
    while to is not None:
        turn.passed += 1
        if turn.passed > MOST_NODES:
            turn.note(to, "flow", "release", looked_at=(("nodes passed", str(MOST_NODES)),))
            caller.farewell(turn, PLAN_TOO_LONG, None)
            return
        turn.place = None
        one = turn.plan.nodes.get(to) or turn.plan.group(to)
        if recording_notice.is_due(turn, one):
            recording_notice.tell_caller(turn, to)
            return
        to = ENTER[type(one)](turn, to, one)


def _caller_down(turn: StepContext, event: CallerHungUp | CallerReleased) -> None:
    inbound = turn.caller.inbound
    if inbound is Inbound.DOWN or (inbound is Inbound.UP and isinstance(event, CallerReleased)):
        return
    turn.caller = attrs.evolve(turn.caller, inbound=Inbound.DOWN, hears=(), loops=False)
    if turn.outcome is None and isinstance(event, CallerHungUp):
        caller.end(turn, event.cause, HungUpBy.CALLER, _talking_to(turn))


def _operator(turn: StepContext, operator: str) -> None:
    if turn.outcome is None:
        turn.note(turn.plan.start, "operator", "hang up", looked_at=(("operator", operator),))
        caller.end(turn, OPERATOR, HungUpBy.OPERATOR, _talking_to(turn))


def _talking_to(turn: StepContext) -> TargetName | None:
    match turn.place:
        case Talking(leg=leg) | TellingBoth(leg=leg) | Transferring(seat=leg):
            return turn.attempts[leg - 1].target
        case _:
            return None


def _keep_account(turn: StepContext, event: TargetRang | TargetAnswered | TargetFailed | TargetHungUp) -> bool:
    """Write a leg's news into its attempt; whether the call's present place should hear of it."""
    attempt = legs.find(turn, event.leg)
    if attempt is None:
        return False
    if isinstance(event, TargetRang):
        legs.note_rang(turn, attempt)
        return attempt.ringing
    if isinstance(event, TargetAnswered):
        # A ringing leg that was not stopped is always one that the present place waits for.
        return attempt.answered_s is None and legs.note_answered(turn, attempt)
    legs.note_down(turn, attempt, event.cause)
    return True
