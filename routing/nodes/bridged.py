"""Talking: the caller and a target hear each other, until either hangs up, after the notice that the plan wants (M5).

Rule: the first target to answer gets the call; every other leg ends with the cause “answered elsewhere”.
"""

from routing import caller, legs
from routing.cause import ANSWERED_ELSEWHERE, MEDIA_LOST
from routing.command import StartRecording
from routing.event import DigitsKeyed, Event, MediaLost, PromptEnded, TargetFailed, TargetHungUp, TransferAsked
from routing.ids import CALLER, LegId, NodeName
from routing.nodes import recording_notice, referral, transfer
from routing.plan import Announced
from routing.state import HungUpBy, NotifyingParties, Talking
from routing.step_context import StepContext


def begin(ctx: StepContext, leg: LegId, hunt: NodeName) -> None:
    """A target of a hunt answered: stop the others, answer the caller, and let both hear each other.

    A fax is not recorded (M6).
    """
    for attempt in legs.open_legs(ctx):
        if attempt.leg != leg:
            legs.stop(ctx, attempt.leg, ANSWERED_ELSEWHERE)
    caller.silence(ctx)
    caller.answer(ctx)
    ctx.charged_from_s = ctx.at_s
    ctx.queued = None
    if ctx.plan.record and not ctx.attempts[leg - 1].fax:
        _record(ctx, leg, hunt)
    else:
        transfer.join(ctx, leg)


def _record(ctx: StepContext, leg: LegId, hunt: NodeName) -> None:
    """Record from the first word on, after both have heard the notice if the plan says so."""
    if ctx.plan.record_announce is Announced.BOTH:
        recording_notice.notify_parties(ctx, leg, hunt)
    else:
        _join(ctx, leg)


def _join(ctx: StepContext, leg: LegId) -> None:
    transfer.join(ctx, leg)
    if not ctx.recording:  # as it is where a caller was handed over
        ctx.recording = True
        ctx.do(StartRecording())


def react_notifying(ctx: StepContext, activity: NotifyingParties, event: Event) -> None:
    """One of them has heard it, or is gone."""
    target = ctx.attempts[activity.leg - 1].target
    match event:
        case PromptEnded(leg=leg) if leg in activity.hearing:
            ctx.activity = NotifyingParties(activity.leg, activity.hearing - {leg})
            if not ctx.activity.hearing:
                caller.silence(ctx)
                _join(ctx, activity.leg)
        case TargetHungUp(leg=leg, cause=cause) | TargetFailed(leg=leg, cause=cause) if leg == activity.leg:
            caller.end(ctx, cause, HungUpBy.TARGET, target)
        case MediaLost(leg=leg) if leg in (CALLER, activity.leg):
            caller.end(ctx, MEDIA_LOST, HungUpBy.SWITCH, target)
        case _:
            pass


def react(ctx: StepContext, activity: Talking, event: Event) -> None:
    """Something happened during the conversation."""
    target = ctx.attempts[activity.leg - 1].target
    match event:
        case TargetHungUp(leg=leg, cause=cause) | TargetFailed(leg=leg, cause=cause) if leg == activity.leg:
            caller.end(ctx, cause, HungUpBy.TARGET, target)
        case MediaLost(leg=leg) if leg in (CALLER, activity.leg):
            caller.end(ctx, MEDIA_LOST, HungUpBy.SWITCH, target)
        case DigitsKeyed(leg=leg, digits=digits) if leg == activity.leg:
            transfer.keyed(ctx, activity, digits)
        case TransferAsked():
            referral.asked(ctx, activity, event)
        case _:
            pass
