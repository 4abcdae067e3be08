"""What a plan does with a caller at a moment, in words: the beginning of its outline.

Rule: who rings comes in the order in which they ring; what is too long to tell is left out, never changed.
"""

from typing import Final

from routing.check.outline import ENDS, At, first, settle, usable
from routing.facts import Caller
from routing.hours import Moment
from routing.ids import NodeName
from routing.node import Hunt, Node, Order, Queue, Release, Voicemail, ways_out
from routing.number import print_number
from routing.plan import GATES, Plan

MOST_WORDS: Final = 4
"""Nodes of which a way is told."""


def tell(plan: Plan, who: Caller, moment: Moment) -> str:
    """Who rings, in which order, or what is heard, as far as it goes without a choice."""
    at: At | None = first(plan, who, moment)
    seen: set[At] = set()
    told: list[str] = []
    while at and at not in seen and len(told) < MOST_WORDS:
        seen.add(at)
        if at.node in ENDS:
            told.append(at.node.strip("()"))
            break
        node = plan.nodes.get(at.node) or plan.group(at.node)
        if said := _said(plan, at.node, node, moment):
            told.append(said)
        after = _after(plan, at.node, node)
        at = settle(plan, At(after, at.priority), who, moment) if after else None
    return ", then ".join(told)


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
    """Where the call goes on if there is only one way, or none takes it."""
    if name in GATES:
        return plan.after(name)
    ways = ways_out(node)
    if isinstance(node, Hunt):
        return node.otherwise
    return ways[0][1] if len(ways) == 1 else None
