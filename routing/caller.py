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
"""The built-in ringing tone, for a caller who is answered already."""

FAREWELL: Final = TimerName("farewell")
FAREWELL_S: Final = 30
"""The longest announcement of why a call ends; after that the caller is released, heard or not."""


def alert(turn: StepContext, early_media_from: LegId | None) -> None:
    """Tell the caller that it rings: once plainly, and once for each leg that has early media.

    Not after the answer, and not while the caller hears something of ours.
    """
    caller = turn.caller
    kind = CALLER if early_media_from is None else early_media_from
    if caller.answered_s is not None or caller.hears or kind in caller.alerted:
        return
    rang_s = turn.at_s if caller.rang_s is None else caller.rang_s
    turn.caller = attrs.evolve(caller, rang_s=rang_s, alerted=(*caller.alerted, kind))
    turn.do(Alert(early_media_from))


def answer(turn: StepContext) -> None:
    """Answer the caller, unless that was done before."""
    if turn.caller.answered_s is None:
        turn.caller = attrs.evolve(turn.caller, answered_s=turn.at_s)
        turn.do(Answer())


def play(turn: StepContext, prompts: tuple[PromptName, ...], *, loop: bool = False, barge_in: bool = False) -> None:
    """Play prompts to the caller in place of whatever is played now."""
    if turn.caller.hears == prompts and turn.caller.loops and loop:
        return
    silence(turn)
    turn.caller = attrs.evolve(turn.caller, hears=prompts, loops=loop)
    turn.do(Play(CALLER, prompts, loop, barge_in))


def silence(turn: StepContext) -> None:
    """Stop what is played to the caller."""
    if turn.caller.hears:
        heard(turn)
        turn.do(StopPlaying(CALLER))


def heard(turn: StepContext) -> None:
    """What was played to the caller has ended."""
    turn.caller = attrs.evolve(turn.caller, hears=(), loops=False)


def ring_back(turn: StepContext, prompt: PromptName | None) -> None:
    """What the caller hears while targets ring: this prompt (彩铃); without one, an answered caller hears a
    tone."""
    if prompt or turn.caller.answered_s is not None:
        play(turn, (prompt or RINGING_TONE,), loop=True)
    else:
        silence(turn)


def farewell(turn: StepContext, cause: Cause, announce: PromptName | None) -> None:
    """End the call from our side, after telling the caller why if there is something to tell."""
    if announce is None:
        end(turn, cause, HungUpBy.SWITCH)
        return
    for attempt in legs.open_legs(turn):
        legs.stop(turn, attempt.leg, cause)
    play(turn, (announce,))
    turn.start_timer(FAREWELL, FAREWELL_S)
    turn.place = FinalAnnouncement(Outcome(cause, HungUpBy.SWITCH))
    turn.phase = Phase.HEARING


def end(turn: StepContext, cause: Cause, by: HungUpBy, target: TargetName | None = None) -> None:
    """End the call: set the outcome, release the caller if still there, and take every outbound leg down."""
    turn.outcome = Outcome(cause, by, target)
    if isinstance(turn.place, Queueing):
        turn.do(LeaveQueue(turn.place.node))
    turn.place = None
    turn.phase = Phase.ENDING
    turn.gathering = frozenset()
    if turn.caller.inbound is Inbound.UP:
        turn.caller = attrs.evolve(turn.caller, inbound=Inbound.RELEASING, hears=(), loops=False)
        turn.do(Release(cause))
    for attempt in legs.open_legs(turn):
        legs.stop(turn, attempt.leg, cause)
    for timer in sorted(turn.timers):
        turn.stop_timer(timer)
