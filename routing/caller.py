"""What is done to the caller's leg, and how a call ends for everybody.

Rule: the outcome is set once, at the first thing that ends the call; from then on legs only go down. Nothing
is said to a caller who is gone.
"""

from typing import Final

import attrs

from routing import legs
from routing.cause import Cause
from routing.command import Alert, Answer, LeaveQueue, Play, Release, StopPlaying
from routing.ids import CALLER, LegId, PromptName, TargetName, TimerName
from routing.state import FinalAnnouncement, HungUpBy, Inbound, Outcome, Phase, Queueing
from routing.step_context import StepContext

RINGING_TONE: Final = PromptName("ringback")
"""The built-in ringing tone, for a caller whose audio is open: that telephone makes none of its own (RFC 3960)."""

FINAL_ANNOUNCEMENT: Final = TimerName("farewell")
FINAL_ANNOUNCEMENT_S: Final = 30
"""The longest announcement of why a call ends; after that the caller is released, heard or not."""


def alert(ctx: StepContext, early_media_from: LegId | None) -> None:
    """Tell the caller that it rings: once plainly, and once for each leg that has early media. Not after the answer.

    Early media takes the place of our ringing tone. Not called where the plan has a `ringback`.
    """
    kind = CALLER if early_media_from is None else early_media_from
    if ctx.caller.answered_s is not None or kind in ctx.caller.alerted:
        return
    if early_media_from is not None:
        silence(ctx)
    caller = ctx.caller
    rang_s = ctx.at_s if caller.rang_s is None else caller.rang_s
    audio_open = caller.audio_open or early_media_from is not None
    ctx.caller = attrs.evolve(caller, rang_s=rang_s, alerted=(*caller.alerted, kind), audio_open=audio_open)
    ctx.do(Alert(early_media_from))


def answer(ctx: StepContext) -> None:
    """Answer the caller, unless that was done before."""
    if ctx.caller.answered_s is None:
        ctx.caller = attrs.evolve(ctx.caller, answered_s=ctx.at_s)
        ctx.do(Answer())


def play(ctx: StepContext, prompts: tuple[PromptName, ...], *, loop: bool = False, barge_in: bool = False) -> None:
    """Play prompts to the caller in place of whatever is played now."""
    if ctx.caller.hears == prompts and ctx.caller.loops and loop:
        return
    silence(ctx)
    ctx.caller = attrs.evolve(ctx.caller, hears=prompts, loops=loop, audio_open=True)
    ctx.do(Play(CALLER, prompts, loop, barge_in))


def silence(ctx: StepContext) -> None:
    """Stop what is played to the caller."""
    if ctx.caller.hears:
        heard(ctx)
        ctx.do(StopPlaying(CALLER))


def heard(ctx: StepContext) -> None:
    """What was played to the caller has ended."""
    ctx.caller = attrs.evolve(ctx.caller, hears=(), loops=False)


def ring_back(ctx: StepContext, prompt: PromptName | None) -> None:
    """What the caller hears while targets ring: this prompt (彩铃).

    Without one, a caller whose audio is open hears our ringing tone, and any other hears their own telephone's.
    """
    if prompt or ctx.caller.audio_open or ctx.caller.answered_s is not None:
        play(ctx, (prompt or RINGING_TONE,), loop=True)


def release_after(ctx: StepContext, cause: Cause, announce: PromptName | None) -> None:
    """End the call from our side, after telling the caller why if there is something to tell."""
    if announce is None:
        end(ctx, cause, HungUpBy.SWITCH)
        return
    for attempt in legs.open_legs(ctx):
        legs.stop(ctx, attempt.leg, cause)
    play(ctx, (announce,))
    ctx.start_timer(FINAL_ANNOUNCEMENT, FINAL_ANNOUNCEMENT_S)
    ctx.activity = FinalAnnouncement(Outcome(cause, HungUpBy.SWITCH))
    ctx.phase = Phase.HEARING


def end(ctx: StepContext, cause: Cause, by: HungUpBy, target: TargetName | None = None) -> None:
    """End the call: set the outcome, release the caller if still there, and take every outbound leg down."""
    ctx.outcome = Outcome(cause, by, target)
    if isinstance(ctx.activity, Queueing):
        ctx.do(LeaveQueue(ctx.activity.node))
    ctx.activity = None
    ctx.phase = Phase.ENDING
    ctx.gathering = frozenset()
    if ctx.caller.inbound is Inbound.UP:
        ctx.caller = attrs.evolve(ctx.caller, inbound=Inbound.RELEASING, hears=(), loops=False)
        ctx.do(Release(cause))
    for attempt in legs.open_legs(ctx):
        legs.stop(ctx, attempt.leg, cause)
    for timer in sorted(ctx.timers):
        ctx.stop_timer(timer)
