"""How the nodes of a plan hang together.

Rule: every circle passes a node that waits for the caller, so that no call goes round by itself.
"""

from collections.abc import Iterator

from routing.ids import NodeName
from routing.node import Menu, Verify, ways_out
from routing.plan import GATES, Plan


def leads_to(plan: Plan, name: NodeName) -> Iterator[NodeName]:
    """Every node that a call may go to from this one, by its branches, by extensions, or as a gate."""
    node = plan.nodes[name]
    for _, to in ways_out(node):
        yield to
    if isinstance(node, Menu) and node.extensions:
        for group in plan.extensions.values():
            if NodeName(group) in plan.nodes:
                yield NodeName(group)


def endless(plan: Plan) -> list[NodeName]:
    """Nodes on circles that pass no menu and no password, in the plan's order."""
    left = {
        name: {to for to in leads_to(plan, name) if to in plan.nodes}
        for name, node in plan.nodes.items()
        if not isinstance(node, Menu | Verify)
    }
    while True:  # take away what leads nowhere or is reached from nowhere; what stays is on a circle, or between two
        ends = {name for name, ways in left.items() if not ways & left.keys()}
        reached = {to for ways in left.values() for to in ways}
        ends |= left.keys() - reached
        if not ends:
            return list(left)
        left = {name: ways for name, ways in left.items() if name not in ends}


def reached(plan: Plan) -> set[NodeName]:
    """Every node that some call may come to."""
    seen: set[NodeName] = set()
    todo = [*(gate for gate in GATES if gate in plan.nodes), plan.start]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += leads_to(plan, name)
    return seen
