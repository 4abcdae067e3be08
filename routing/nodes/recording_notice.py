"""Recording notice: whoever is recorded hears so before recording begins, as the plan's `record_announce` says (M5).

Rule: a caller hears it once in a call, before the first target is rung or waited for, and so before the answer. Where
both are to hear it, they do when the target has answered, and are connected at its end; so does everyone to whom the
caller is handed over, while the caller hears music.
"""

from typing import Final

from routing import caller
from routing.command import Play
from routing.event import Event, PromptEnded
from routing.ids import CALLER, LegId, NodeName
from routing.node import Hunt, Node, Queue
from routing.plan import Announced
from routing.state import NotifyingCaller, NotifyingParties, Phase
from routing.step_context import StepContext

KIND: Final = "notice"


def is_due(ctx: StepContext, node: Node) -> bool:
    """Whether the caller must hear it before this node. A fax is not recorded (M6), and not spoken to."""
    plan = ctx.plan
    if not plan.record or plan.record_announce is not Announced.CALLER or not isinstance(node, Hunt | Queue):
        return False
    hunt = plan.group(node.then) if isinstance(node, Queue) else node
    return not hunt.fax and all(step.kind != KIND for step in ctx.trace)


def notify_caller(ctx: StepContext, name: NodeName) -> None:
    """Let the caller hear it; the call goes on to the node at its end."""
    note(ctx, name, "tell the caller")
    caller.play(ctx, (ctx.plan.record_prompt,))
    ctx.activity = NotifyingCaller(name)
    ctx.phase = Phase.HEARING


def notify_parties(ctx: StepContext, leg: LegId, hunt: NodeName) -> None:
    """Let caller and target hear it at the same time."""
    note(ctx, hunt, "tell both")
    caller.play(ctx, (ctx.plan.record_prompt,))
    _notify(ctx, leg, frozenset({CALLER, leg}))


def is_due_for_target(ctx: StepContext, leg: LegId) -> bool:
    """Whether a target to whom the caller is handed over must hear it: what is said is recorded, and it is no fax."""
    return ctx.recording and ctx.plan.record_announce is Announced.BOTH and not ctx.attempts[leg - 1].fax


def notify_target(ctx: StepContext, leg: LegId, node: NodeName) -> None:
    """Let a target hear it that takes the caller over."""
    note(ctx, node, "tell the target")
    _notify(ctx, leg, frozenset({leg}))


def _notify(ctx: StepContext, leg: LegId, hearing: frozenset[LegId]) -> None:
    ctx.do(Play(leg, (ctx.plan.record_prompt,)))
    ctx.activity = NotifyingParties(leg, hearing)
    ctx.phase = Phase.HEARING


def react(ctx: StepContext, activity: NotifyingCaller, event: Event) -> NodeName | None:
    """The caller has heard it."""
    del ctx
    return activity.node if isinstance(event, PromptEnded) else None


def note(ctx: StepContext, name: NodeName, chose: str) -> None:
    """Write into the trace who heard it, by which prompt."""
    ctx.note(name, KIND, chose, looked_at=(("prompt", ctx.plan.record_prompt),))
