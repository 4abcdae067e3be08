"""What is done to the caller's leg, and how a call ends for everybody.

Rule: the outcome is set once, at the first thing that ends the call; from then on legs only go down.
"""

import attrs

from routing import legs
from routing.cause import Cause
from routing.command import Alert, Answer, Release
from routing.ids import CALLER, LegId, TargetName
from routing.state import HungUpBy, Inbound, Outcome, Phase
from routing.turn import Turn


def alert(turn: Turn, early_media_from: LegId | None) -> None:
    """Tell the caller that it rings: once plainly, and once for each leg that has early media; not after the
    answer."""
    caller = turn.caller
    kind = CALLER if early_media_from is None else early_media_from
    if caller.answered_s is not None or caller.hears or kind in caller.alerted:
        return
    rang_s = turn.at_s if caller.rang_s is None else caller.rang_s
    turn.caller = attrs.evolve(caller, rang_s=rang_s, alerted=(*caller.alerted, kind))
    turn.do(Alert(early_media_from))


def answer(turn: Turn) -> None:
    """Answer the caller, unless that was done before."""
    if turn.caller.answered_s is None:
        turn.caller = attrs.evolve(turn.caller, answered_s=turn.at_s)
        turn.do(Answer())


def end(turn: Turn, cause: Cause, by: HungUpBy, target: TargetName | None = None) -> None:
    """End the call: set the outcome, release the caller if still there, and take every outbound leg down."""
    turn.outcome = Outcome(cause, by, target)
    turn.place = None
    turn.phase = Phase.ENDING
    if turn.caller.inbound is Inbound.UP:
        turn.caller = attrs.evolve(turn.caller, inbound=Inbound.RELEASING)
        turn.do(Release(cause))
    for attempt in legs.open_legs(turn):
        legs.stop(turn, attempt, cause)
    for timer in sorted(turn.timers):
        turn.stop_timer(timer)
