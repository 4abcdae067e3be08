"""Transfer: a seat hands its caller over to another extension, by key or by REFER, blind or attended (M3).

Rule: a call is transferred only to what the plan names; a transfer that finds nobody leads back to the seat, which is
rung again if it has hung up meanwhile. Where the transfer was asked for by REFER, each turn of it is reported. A
recording goes on, but ends where a fax takes over (M6).
"""

from typing import Final

import attrs

from routing import caller, cause, legs
from routing.cause import MEDIA_LOST, NORMAL
from routing.command import (
    CollectDigits,
    Connect,
    Disconnect,
    PassKeysOn,
    ReportTransfer,
    StopCollecting,
    StopRecording,
)
from routing.event import (
    DigitsKeyed,
    Event,
    MediaLost,
    TargetAnswered,
    TargetFailed,
    TargetHungUp,
    TargetRang,
    TargetsLooked,
    TimerFired,
)
from routing.ids import CALLER, LegId, NodeName, TargetName
from routing.node import Hunt
from routing.nodes import recording_notice
from routing.plan import Extension, Transfer
from routing.state import HungUpBy, Phase, Talking, Transferring
from routing.step_context import StepContext

NODE: Final = NodeName("transfer")
MOST_KEYS: Final = 10
INTER_S: Final = 4
TRYING: Final = 100
RINGING: Final = 180
DONE: Final = 200
NOBODY: Final = 480


def join(ctx: StepContext, leg: LegId) -> None:
    """Let the caller and a leg hear each other; the seat may key a transfer from now on."""
    ctx.do(Connect(CALLER, leg))
    ctx.activity = Talking(leg)
    ctx.phase = Phase.TALKING
    _listen_for_transfer(ctx, leg)


def _listen(ctx: StepContext, seat: LegId, most: int, *codes: str) -> None:
    """Gather up to `most` keys from a seat, from now on, if its keys mean anything: those that begin with a code."""
    if seat in ctx.gathering:
        ctx.gathering -= {seat}
        ctx.do(StopCollecting(seat))
    if ctx.plan.transfer and not ctx.attempts[seat - 1].fax:
        legs.gather(ctx, CollectDigits(seat, most, 0, INTER_S, codes=codes))


def _listen_for_transfer(ctx: StepContext, seat: LegId) -> None:
    settings = ctx.plan.transfer
    if settings is not None:
        _listen(ctx, seat, MOST_KEYS, settings.blind, settings.attended)


def keyed(ctx: StepContext, activity: Talking, digits: str) -> None:
    """A seat keyed something: the code of a transfer and an extension, or nothing of ours."""
    ctx.gathering -= {activity.leg}
    settings = ctx.plan.transfer
    if settings is None:
        return
    for code, attended in ((settings.attended, True), (settings.blind, False)):
        extension = Extension(digits.removeprefix(code))
        if digits.startswith(code) and extension in ctx.plan.extensions:
            group = ctx.plan.group(ctx.plan.extensions[extension])
            how = "attended" if attended else "blind"
            request = Transferring(activity.leg, attended, group.targets, fax=group.fax)
            begin(ctx, settings, request, (("to", digits), ("how", how)))
            return
    ctx.do(PassKeysOn(activity.leg))
    _listen_for_transfer(ctx, activity.leg)


def begin(ctx: StepContext, settings: Transfer, request: Transferring, looked_at: tuple[tuple[str, str], ...]) -> None:
    """Take the caller from the seat, and ring those whom `wish.waiting` names as far as they may be rung."""
    refused = tuple((target, why) for target in request.waiting if (why := legs.why_not(ctx, target)))
    usable = tuple(target for target in request.waiting if target not in dict(refused))
    ctx.note(NODE, "transfer", ", ".join(usable) or "nobody", looked_at=looked_at, passed_over=refused)
    ctx.do(Disconnect(CALLER, request.seat))
    caller.play(ctx, (settings.music,), loop=True)
    _listen(ctx, request.seat, len(settings.back), settings.back)
    # Whoever is taken over from the seat is on the line already, and takes up no line more.
    looking = not request.replaces and any(ctx.plan.targets[target].capacity for target in usable)
    activity = attrs.evolve(request, waiting=usable, looking=looking)
    if looking:
        ctx.do(legs.look_at(ctx, NODE, usable))
        ctx.activity = activity
    else:
        _ring_next(ctx, activity)


def react(ctx: StepContext, activity: Transferring, event: Event) -> None:
    """Something happened while a caller is handed over."""
    match event:
        case TargetsLooked(node=node) if node == NODE and activity.looking:
            _looked(ctx, activity, event)
        case TimerFired(timer=timer) if activity.ringing and timer == legs.ring_timer(activity.ringing):
            legs.stop(ctx, activity.ringing, cause.NO_ANSWER)
            _ring_next(ctx, attrs.evolve(activity, ringing=None))
        case TargetRang(leg=leg) if leg == activity.ringing:
            _report(ctx, activity, RINGING)
        case TargetAnswered(leg=leg) if leg == activity.ringing:
            _answered(ctx, activity, leg)
        case TargetFailed(leg=leg) | TargetHungUp(leg=leg):
            _down(ctx, activity, leg)
        case DigitsKeyed(leg=leg, digits=digits) if leg == activity.seat:
            ctx.gathering -= {leg}
            back = ctx.plan.transfer.back if ctx.plan.transfer else ""
            if digits == back:
                _back(ctx, activity, "the seat took its caller back")
            else:
                ctx.do(PassKeysOn(leg))
                _listen(ctx, leg, len(back), back)
        case MediaLost(leg=leg) if leg == CALLER:
            caller.end(ctx, MEDIA_LOST, HungUpBy.SWITCH, ctx.attempts[activity.seat - 1].target)
        case _:
            pass


def _looked(ctx: StepContext, activity: Transferring, looked: TargetsLooked) -> None:
    def is_free(target: TargetName) -> bool:
        capacity = ctx.plan.targets[target].capacity
        return target not in looked.down and not (capacity and looked.live.get(target, 0) >= capacity)

    waiting = tuple(filter(is_free, activity.waiting))
    _ring_next(ctx, attrs.evolve(activity, waiting=waiting, looking=False))


def _ring_next(ctx: StepContext, activity: Transferring) -> None:
    """Ring the next target that can be rung; with none left, go back to the seat, or end without one."""
    for at, target in enumerate(activity.waiting):
        if legs.can_ring(ctx, target):
            wait_s = Hunt(activity.waiting).wait_s(ctx.plan.targets[target].ring_s)
            seat = ctx.attempts[activity.seat - 1].target
            leg = legs.ring(ctx, target, wait_s, fax=activity.fax, transferred_by=seat, replaces=activity.replaces)
            ctx.activity = attrs.evolve(activity, waiting=activity.waiting[at + 1 :], ringing=leg)
            return
    if legs.up(ctx, activity.seat):
        _back(ctx, activity, "nobody was found")
    else:
        _recall(ctx, activity)


def _recall(ctx: StepContext, activity: Transferring) -> None:
    """Nobody was found and the seat has hung up: ring it again, once."""
    seat = ctx.attempts[activity.seat - 1].target
    if activity.recalling or legs.why_not(ctx, seat) or not legs.can_ring(ctx, seat):
        caller.end(ctx, cause.NO_ANSWER, HungUpBy.SWITCH, seat)
        return
    ctx.note(NODE, "transfer", seat, looked_at=(("because", "nobody was found, and the seat has hung up"),))
    wait_s = Hunt((seat,)).wait_s(ctx.plan.targets[seat].ring_s)
    leg = legs.ring(ctx, seat, wait_s, fax=ctx.attempts[activity.seat - 1].fax, transferred_by=seat)
    ctx.activity = attrs.evolve(activity, attended=False, ringing=leg, recalling=True)


def _answered(ctx: StepContext, activity: Transferring, leg: LegId) -> None:
    if activity.attended and legs.up(ctx, activity.seat):
        ctx.do(Connect(activity.seat, leg))
        ctx.activity = attrs.evolve(activity, ringing=None, consulting=leg)
    else:
        _hand_over(ctx, activity, leg)


def _down(ctx: StepContext, activity: Transferring, leg: LegId) -> None:
    if leg == activity.ringing:
        _ring_next(ctx, attrs.evolve(activity, ringing=None))
    elif leg == activity.consulting:
        _back(ctx, activity, "the other hung up")
    elif leg == activity.seat and activity.consulting:
        _hand_over(ctx, activity, activity.consulting)


def _hand_over(ctx: StepContext, activity: Transferring, leg: LegId) -> None:
    """The caller is the new target's; the seat is free."""
    _report(ctx, activity, DONE)
    legs.stop(ctx, activity.seat, NORMAL)
    if recording_notice.is_due_for_target(ctx, leg) and not activity.recalling:
        recording_notice.notify_target(ctx, leg, NODE)
        return
    caller.silence(ctx)
    if ctx.recording and ctx.attempts[leg - 1].fax:
        ctx.recording = False
        ctx.do(StopRecording())
    join(ctx, leg)


def _back(ctx: StepContext, activity: Transferring, why: str) -> None:
    """The seat has its caller again."""
    _report(ctx, activity, _failure(ctx, activity))
    for leg in (activity.ringing, activity.consulting):
        if leg:
            legs.stop(ctx, leg, NORMAL)
    ctx.note(NODE, "transfer", "back to the seat", looked_at=(("because", why),))
    caller.silence(ctx)
    join(ctx, activity.seat)


def _report(ctx: StepContext, activity: Transferring, status: int) -> None:
    """Tell the seat how it goes, if its telephone asked by REFER and is still there."""
    if activity.referred and legs.up(ctx, activity.seat):
        ctx.do(ReportTransfer(activity.seat, status))


def _failure(ctx: StepContext, activity: Transferring) -> int:
    """What is said of a transfer that found nobody: why the newest leg failed, if one was rung at all."""
    newest = ctx.attempts[-1]
    why = newest.stopped or newest.cause
    return NOBODY if why is None or newest.leg == activity.seat else why.sip
