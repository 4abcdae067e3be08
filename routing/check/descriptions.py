"""What a plan does with a caller at a moment, in words: the first steps of its behaviour.

Rule: targets are named in the order in which they ring; what exceeds `MOST_WORDS` steps is left out, never changed.
"""

from typing import Final

from routing.check.behaviour import ENDS, Position, first, first_undecided, usable
from routing.facts import Caller
from routing.hours import Moment
from routing.ids import NodeName
from routing.node import Hunt, Node, Order, Queue, Release, Voicemail, branches_of
from routing.number import print_number
from routing.plan import GATES, Plan

MOST_WORDS: Final = 4
"""The most nodes that a description names."""


def describe(plan: Plan, who: Caller, moment: Moment) -> str:
    """Who rings, in which order, or what is heard, as far as it goes without a choice."""
    at: Position | None = first(plan, who, moment)
    visited: set[Position] = set()
    parts: list[str] = []
    while at and at not in visited and len(parts) < MOST_WORDS:
        visited.add(at)
        if at.node in ENDS:
            parts.append(at.node.strip("()"))
            break
        node = plan.nodes.get(at.node) or plan.group(at.node)
        if said := _said(plan, at.node, node, moment):
            parts.append(said)
        after = _after(plan, at.node, node)
        at = first_undecided(plan, Position(after, at.priority), who, moment) if after else None
    return ", then ".join(parts)


def _said(plan: Plan, name: NodeName, node: Node, moment: Moment) -> str:
    match node:
        case Hunt():
            return _hunt(plan, name, node, moment)
        case Voicemail():
            return f"voicemail {node.mailbox}"
        case Release():
            return f"release {node.cause}"
        case Queue():
            return f"queue {name}"
        case _:
            return "" if name in GATES else name


def _hunt(plan: Plan, name: NodeName, hunt: Hunt, moment: Moment) -> str:
    rung = [print_number(plan.targets[one].address) for one in usable(plan, hunt, moment)]
    order = f" ({hunt.order})" if len(rung) > 1 and hunt.order is not Order.SEQUENTIAL else ""
    return ", ".join(rung) + order if rung else f"nobody at {name}"


def _after(plan: Plan, name: NodeName, node: Node) -> NodeName | None:
    """Where the call goes on if there is only one branch, or no target takes it."""
    if name in GATES:
        return plan.after(name)
    branches = branches_of(node)
    if isinstance(node, Hunt):
        return node.otherwise
    return branches[0][1] if len(branches) == 1 else None
