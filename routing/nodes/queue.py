"""Queue (ITU-T Q.1213): wait until a target is free (R10).

Rule: the daemon keeps the order; the first call in line looks, every `LOOK_S` seconds, whether a target is free. A call
that targets refuse comes back to its place, and a target that refused is not free for `routing.legs.REFUSED_S` seconds.
"""

from typing import Final

import attrs

from routing import caller, legs
from routing.command import JoinQueue, LeaveQueue
from routing.event import Event, PromptEnded, QueueMoved, TargetsLooked, TimerFired
from routing.ids import NodeName, PromptName, TargetName, TimerName
from routing.node import Hunt, Queue
from routing.state import Phase, Queued, Queueing
from routing.step_context import StepContext

MOST: Final = TimerName("queue-most")
TELL: Final = TimerName("queue-tell")
LOOK: Final = TimerName("queue-look")
LOOK_S: Final = 2
"""How often the first in line looks for a free target."""
PLACE_PROMPT: Final = PromptName("queue-place")


def enter(ctx: StepContext, name: NodeName, node: Queue) -> NodeName | None:
    """Stand in line, with music; a call that targets refused stands where it stood, and has waited since then."""
    back = ctx.queued if ctx.queued and ctx.queued.node == name else None
    since_s = back.since_s if back else ctx.at_s
    ctx.queued = None
    waited_s = ctx.at_s - since_s
    if waited_s >= node.most_s:
        ctx.note(name, "queue", node.otherwise, looked_at=(("because", f"waited {node.most_s} s"),))
        return node.otherwise
    if node.answer:
        caller.answer(ctx)
    ctx.do(JoinQueue(name, ctx.priority, waited_s))
    ctx.start_timer(MOST, node.most_s - waited_s)
    if node.tell_s:
        ctx.start_timer(TELL, node.tell_s)
    caller.play(ctx, (node.music,), loop=True)
    ctx.activity = Queueing(name, since_s, is_back=back is not None)
    ctx.phase = Phase.HEARING
    return None


def react(ctx: StepContext, activity: Queueing, event: Event) -> NodeName | None:
    """The line moved, a target may be free, or the wait is over."""
    node = ctx.node(activity.node, Queue)
    match event:
        case QueueMoved(node=name, place=at) if name == activity.node:
            if activity.at is None and not activity.is_back and at >= node.most_waiting:
                return _leave(ctx, activity, node.otherwise, f"{at} are waiting already")
            _moved(ctx, attrs.evolve(activity, at=at), node)
        case TimerFired(timer=timer) if timer == MOST:
            return _leave(ctx, activity, node.otherwise, f"waited {node.most_s} s")
        case TimerFired(timer=timer) if timer == TELL:
            if activity.at is None:
                ctx.start_timer(TELL, node.tell_s)
            else:
                caller.play(ctx, (PLACE_PROMPT, PromptName(f"number-{activity.at + 1}")))
        case TimerFired(timer=timer) if timer == LOOK:
            _moved(ctx, activity, node)
        case PromptEnded():  # the place was said to its end
            caller.play(ctx, (node.music,), loop=True)
            ctx.start_timer(TELL, node.tell_s)
        case TargetsLooked(node=name) if name == activity.node and activity.looking:
            targets = ctx.node(node.then, Hunt).targets
            refused = tuple(one for one in targets if one in event.refused or legs.refused_lately(ctx, one))
            free = [target for target in targets if target not in refused and _is_free(ctx, target, event)]
            if free:
                ctx.queued = Queued(activity.node, activity.since_s, refused)
                return _leave(ctx, activity, node.then, f"{free[0]} is free")
            ctx.activity = attrs.evolve(activity, looking=False)
            ctx.start_timer(LOOK, LOOK_S)
        case _:
            pass
    return None


def _moved(ctx: StepContext, activity: Queueing, node: Queue) -> None:
    """When it is this call's turn, look whether a target is free."""
    ctx.activity = activity
    if activity.at == 0 and not activity.looking:
        ctx.stop_timer(LOOK)
        ctx.activity = attrs.evolve(activity, looking=True)
        ctx.do(legs.look_at(ctx, activity.node, ctx.node(node.then, Hunt).targets))


def _is_free(ctx: StepContext, name: TargetName, looked: TargetsLooked) -> bool:
    """Whether a target would take the call; one without a capacity takes one call of a queue at a time.

    One of which nothing is known, because the daemon is away, is waited for.
    """
    most = ctx.plan.targets[name].capacity or 1
    return not legs.why_not(ctx, name) and name not in looked.down and looked.live.get(name, most) < most


def _leave(ctx: StepContext, activity: Queueing, to: NodeName, why: str) -> NodeName:
    ctx.do(LeaveQueue(activity.node))
    for timer in (MOST, TELL, LOOK):
        ctx.stop_timer(timer)
    ctx.note(activity.node, "queue", to, looked_at=(("because", why),))
    return to
