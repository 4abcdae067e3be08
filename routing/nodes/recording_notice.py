"""Notice: whoever is recorded is told so before it begins, as the plan's `record_announce` says (M5).

Rule: a caller hears it once in a call, before the first target is rung or waited for, and so before the answer. Where
both are told, both hear it when the target has answered, and are connected at its end; so does everyone to whom the
caller is handed over, while the caller hears music.
"""

from typing import Final

from routing import caller
from routing.command import Play
from routing.event import Event, PromptEnded
from routing.ids import CALLER, LegId, NodeName
from routing.node import Hunt, Node, Queue
from routing.plan import Announced
from routing.state import Phase, Telling, TellingBoth
from routing.step_context import StepContext

KIND: Final = "notice"


def is_due(turn: StepContext, node: Node) -> bool:
    """Whether the caller must be told before this node. A fax is not recorded (M6), and not spoken to."""
    plan = turn.plan
    if not plan.record or plan.record_announce is not Announced.CALLER or not isinstance(node, Hunt | Queue):
        return False
    hunt = plan.group(node.then) if isinstance(node, Queue) else node
    return not hunt.fax and all(step.kind != KIND for step in turn.trace)


def tell_caller(turn: StepContext, name: NodeName) -> None:
    """Tell the caller; the call goes on to the node at the end."""
    note(turn, name, "tell the caller")
    caller.play(turn, (turn.plan.record_prompt,))
    turn.place = Telling(name)
    turn.phase = Phase.HEARING


def tell_both(turn: StepContext, leg: LegId, hunt: NodeName) -> None:
    """Let caller and target hear it at the same time."""
    note(turn, hunt, "tell both")
    caller.play(turn, (turn.plan.record_prompt,))
    _tell(turn, leg, frozenset({CALLER, leg}))


def is_owed(turn: StepContext, leg: LegId) -> bool:
    """Whether a target to whom the caller is handed over must be told: what is said is recorded, and it is no fax."""
    return turn.recording and turn.plan.record_announce is Announced.BOTH and not turn.attempts[leg - 1].fax


def tell_target(turn: StepContext, leg: LegId, node: NodeName) -> None:
    """Let a target hear it that takes the caller over."""
    note(turn, node, "tell the target")
    _tell(turn, leg, frozenset({leg}))


def _tell(turn: StepContext, leg: LegId, hearing: frozenset[LegId]) -> None:
    turn.do(Play(leg, (turn.plan.record_prompt,)))
    turn.place = TellingBoth(leg, hearing)
    turn.phase = Phase.HEARING


def react(turn: StepContext, place: Telling, event: Event) -> NodeName | None:
    """The caller has heard it."""
    del turn
    return place.node if isinstance(event, PromptEnded) else None


def note(turn: StepContext, name: NodeName, chose: str) -> None:
    """Write into the trace who was told, by which prompt."""
    turn.note(name, KIND, chose, looked_at=(("prompt", turn.plan.record_prompt),))
