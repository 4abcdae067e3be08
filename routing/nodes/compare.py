"""Compare and Distribution (ITU-T Q.1213): the branch that a call takes by origin, time or its turn (R1–R3).

Rule: the first branch that fits is taken; those before it did not fit, those after it were not needed.
"""

from typing import Final

from routing import share
from routing.command import TakePlace
from routing.event import Event, PlaceTaken, TimerFired
from routing.ids import NodeName, TimerName
from routing.node import CompareOrigin, CompareTime, Distribution
from routing.state import Distributing, Phase
from routing.step_context import StepContext

ASK: Final = TimerName("ask")
ASK_S: Final = 3
"""How long a fresh fact is waited for. The daemon may be gone; the call goes on without it."""
PLACE_S: Final = 20
"""How long a place in line is waited for: longer than the daemon waits for its database (18 s)."""


def enter_origin(ctx: StepContext, name: NodeName, node: CompareOrigin) -> NodeName:
    """Lead by the caller's number, area and class."""
    who = ctx.facts.caller
    looked_at: tuple[tuple[str, str], ...] = (("caller", who.number or "withheld"), ("area", who.area))
    passed: list[tuple[str, str]] = []
    for branch in node.branches:
        if why := branch.why(who, ctx.plan.lists):
            ctx.note(name, "origin", branch.then, looked_at=(*looked_at, ("fits", why)), passed_over=tuple(passed))
            return branch.then
        passed.append((branch.then, "the caller is of another origin"))
    ctx.note(name, "origin", node.otherwise, looked_at=looked_at, passed_over=tuple(passed))
    return node.otherwise


def enter_time(ctx: StepContext, name: NodeName, node: CompareTime) -> NodeName:
    """Lead by the moment of arrival."""
    moment = ctx.moment()
    clock = f"{ctx.facts.arrived:%a %Y-%m-%d %H:%M}"
    looked_at: tuple[tuple[str, str], ...] = (("arrived", clock), ("day", moment.today.kind))
    if ctx.facts.today == "unknown":
        looked_at = (*looked_at, ("calendar", "does not know this year: plain weekdays"))
    passed: list[tuple[str, str]] = []
    for branch in node.branches:
        if branch.when.holds(moment, ctx.plan.hours):
            ctx.note(name, "time", branch.then, looked_at=looked_at, passed_over=tuple(passed))
            return branch.then
        passed.append((branch.then, f"not in {', '.join(branch.when.texts())}"))
    ctx.note(name, "time", node.otherwise, looked_at=looked_at, passed_over=tuple(passed))
    return node.otherwise


def enter_share(ctx: StepContext, name: NodeName, node: Distribution) -> None:
    """Take a place in line."""
    del node
    ctx.do(TakePlace(name))
    ctx.start_timer(ASK, PLACE_S)
    ctx.activity = Distributing(name)
    ctx.phase = Phase.ROUTING


def react_distributing(ctx: StepContext, activity: Distributing, event: Event) -> NodeName | None:
    """The place has come, or the daemon did not answer in time: then the call's seed stands in."""
    match event:
        case PlaceTaken(node=node, place=taken) if node == activity.node:
            ctx.stop_timer(ASK)
            why = ("place", str(taken))
        case TimerFired(timer=timer) if timer == ASK:
            taken = ctx.facts.seed
            why = ("place", "not told in time, by chance")
        case _:
            return None
    branches = ctx.node(activity.node, Distribution).branches
    chosen = branches[share.branch_at(taken, [branch.percent for branch in branches])]
    others = (branch for branch in branches if branch is not chosen)
    passed = tuple((branch.then, f"{branch.percent} %: other places") for branch in others)
    ctx.note(activity.node, "share", chosen.then, looked_at=(why,), passed_over=passed)
    return chosen.then
