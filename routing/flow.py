"""The call's whole logic as one pure function: what has happened goes in, what to do next comes out.

    step(plan, state, event) → (state, commands)

Rule: same plan, facts and events, same decisions (S2). An event for a leg or timer that is gone is ignored:
what crosses on the wire is no fault. Every run ends with all legs down and one outcome.
"""

from typing import Final, assert_never

import attrs

from routing import caller, legs, node
from routing.cause import OPERATOR, PLAN_TOO_LONG, REFUSED, Cause
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
from routing.node import Node
from routing.nodes import bridged, compare, gates, hunt, listen, queue, recording_notice, referral, transfer
from routing.plan import GATES, Plan
from routing.state import (
    Activity,
    Announcing,
    CollectingKeys,
    Distributing,
    FinalAnnouncement,
    HungUpBy,
    Hunting,
    Inbound,
    NotifyingCaller,
    NotifyingParties,
    PreparingHunt,
    Queueing,
    State,
    TakingMessage,
    Talking,
    Transferring,
)
from routing.step_context import StepContext

MOST_NODES: Final = 500
"""Nodes that one call may pass: a caller who keys for ever meets an end."""


def begin(plan: Plan, facts: Facts) -> State:
    """The state of a call that has not arrived yet; `Arrived` is its first event."""
    del plan  # the same for every plan so far as nothing has happened
    return State(facts)


def step(plan: Plan, state: State, event: Event) -> tuple[State, tuple[Command, ...]]:
    """Decide what to do about one event. Never raises; returns the state as it was when the call is over."""
    if state.over:
        return state, ()
    ctx = StepContext.open(plan, state, event.at_s)
    match event:
        case Arrived():
            if not state.passed:
                _walk(ctx, GATES[0])
        case CallerHungUp() | CallerReleased():
            _caller_down(ctx, event)
        case OperatorHungUp(operator=operator):
            _operator(ctx, operator)
        case TargetRang() | TargetAnswered() | TargetFailed() | TargetHungUp():
            if _keep_account(ctx, event):
                _react(ctx, event)
        case TimerFired(timer=timer):
            if timer in ctx.timers:
                ctx.timers -= {timer}
                _react(ctx, event)
        case PromptEnded(leg=leg):
            _prompt_ended(ctx, event, leg)
        case _:
            _react(ctx, event)
    return ctx.close(), tuple(ctx.commands)


def _prompt_ended(ctx: StepContext, event: Event, leg: LegId) -> None:
    if leg != CALLER and isinstance(ctx.activity, NotifyingParties):
        _react(ctx, event)
    elif leg == CALLER and ctx.caller.hears and not ctx.caller.loops:
        caller.heard(ctx)
        _react(ctx, event)


def _react(ctx: StepContext, event: Event) -> None:
    if isinstance(event, TransferAsked) and not isinstance(ctx.activity, Talking):
        referral.decline(ctx, event, referral.DECLINED, "the caller is not with this seat now")
    elif ctx.activity is not None:
        _walk(ctx, _react_in(ctx, ctx.activity, event))


def _walk(ctx: StepContext, to: NodeName | None) -> None:
    """From node to node, until one waits for something to happen."""
    while to is not None:
        ctx.passed += 1
        if ctx.passed > MOST_NODES:
            ctx.note(to, "flow", "release", looked_at=(("nodes passed", str(MOST_NODES)),))
            caller.release_after(ctx, PLAN_TOO_LONG, None)
            return
        ctx.activity = None
        one = ctx.plan.nodes.get(to) or ctx.plan.group(to)
        if recording_notice.is_due(ctx, one):
            recording_notice.notify_caller(ctx, to)
            return
        to = _enter(ctx, to, one)


def _caller_down(ctx: StepContext, event: CallerHungUp | CallerReleased) -> None:
    inbound = ctx.caller.inbound
    if inbound is Inbound.DOWN or (inbound is Inbound.UP and isinstance(event, CallerReleased)):
        return
    ctx.caller = attrs.evolve(ctx.caller, inbound=Inbound.DOWN, hears=(), loops=False)
    if ctx.outcome is None and isinstance(event, CallerHungUp):
        caller.end(ctx, _refusal_of(ctx.activity) or event.cause, HungUpBy.CALLER, _talking_to(ctx))


def _refusal_of(activity: Activity | None) -> Cause | None:
    """The cause of a refusal that the caller hears: who hangs up meanwhile is refused nevertheless."""
    if isinstance(activity, FinalAnnouncement) and activity.outcome.cause.slug in REFUSED:
        return activity.outcome.cause
    return None


def _operator(ctx: StepContext, operator: str) -> None:
    if ctx.outcome is None:
        ctx.note(ctx.plan.start, "operator", "hang up", looked_at=(("operator", operator),))
        caller.end(ctx, OPERATOR, HungUpBy.OPERATOR, _talking_to(ctx))


def _talking_to(ctx: StepContext) -> TargetName | None:
    match ctx.activity:
        case Talking(leg=leg) | NotifyingParties(leg=leg) | Transferring(seat=leg):
            return ctx.attempts[leg - 1].target
        case _:
            return None


def _keep_account(ctx: StepContext, event: TargetRang | TargetAnswered | TargetFailed | TargetHungUp) -> bool:
    """Write a leg's news into its attempt; whether the call's present activity should react to it."""
    attempt = legs.find(ctx, event.leg)
    if attempt is None:
        return False
    if isinstance(event, TargetRang):
        legs.note_rang(ctx, attempt)
        return attempt.ringing
    if isinstance(event, TargetAnswered):
        # A ringing leg that was not stopped is always one that the present activity waits for.
        return attempt.answered_s is None and legs.note_answered(ctx, attempt)
    legs.note_down(ctx, attempt, event.cause)
    return True


def _enter(ctx: StepContext, name: NodeName, one: Node) -> NodeName | None:  # noqa: C901 - one row a kind, which mypy proves complete
    """What a call does on reaching a node: a row for each kind of node. Returns the next node, None to wait."""
    match one:  # the most frequent first
        case node.Hunt():
            return hunt.enter(ctx, name, one)
        case node.Screen():
            return gates.enter_screen(ctx, name, one)
        case node.Limit():
            return gates.enter_limit(ctx, name, one)
        case node.Verify():
            listen.enter_verify(ctx, name, one)
        case node.CompareOrigin():
            return compare.enter_origin(ctx, name, one)
        case node.CompareTime():
            return compare.enter_time(ctx, name, one)
        case node.Distribution():
            compare.enter_share(ctx, name, one)
        case node.Announcement():
            listen.enter_announcement(ctx, name, one)
        case node.Menu():
            listen.enter_menu(ctx, name, one)
        case node.Queue():
            return queue.enter(ctx, name, one)
        case node.Voicemail():
            listen.enter_voicemail(ctx, name, one)
        case node.Release():
            listen.enter_release(ctx, name, one)
        case _:
            assert_never(one)
    return None


def _react_in(ctx: StepContext, activity: Activity, event: Event) -> NodeName | None:  # noqa: C901 - one row an activity, which mypy proves complete
    """What an event means to a call in this activity: a row for each. Returns the next node, None to wait."""
    match activity:
        case Hunting():
            return hunt.react(ctx, activity, event)
        case Talking():
            bridged.react(ctx, activity, event)
        case Distributing():
            return compare.react_distributing(ctx, activity, event)
        case PreparingHunt():
            return hunt.react_preparing(ctx, activity, event)
        case Announcing():
            return listen.react_announcement(ctx, activity, event)
        case NotifyingCaller():
            return recording_notice.react(ctx, activity, event)
        case NotifyingParties():
            bridged.react_notifying(ctx, activity, event)
        case CollectingKeys():
            return listen.react_keys(ctx, activity, event)
        case Queueing():
            return queue.react(ctx, activity, event)
        case TakingMessage():
            listen.react_voicemail(ctx, activity, event)
        case Transferring():
            transfer.react(ctx, activity, event)
        case FinalAnnouncement():
            listen.react_final_announcement(ctx, activity, event)
        case _:
            assert_never(activity)
    return None
