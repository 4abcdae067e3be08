"""How the nodes of a plan hang together.

Rule: every circle passes a node that waits for the caller, so that no call goes round by itself.
"""

from collections.abc import Iterator

from routing.ids import NodeName
from routing.node import Menu, Verify, branches_of
from routing.plan import GATES, Plan


def leads_to(plan: Plan, name: NodeName) -> Iterator[NodeName]:
    """Every node that a call may go to from this one, by its branches, by extensions, or as a gate."""
    node = plan.nodes[name]
    for _, to in branches_of(node):
        yield to
    if isinstance(node, Menu) and node.extensions:
        for group in plan.extensions.values():
            if NodeName(group) in plan.nodes:
                yield NodeName(group)


def endless(plan: Plan) -> list[NodeName]:
    """Nodes on circles that pass no menu and no password, or between two such circles; in the plan's order."""
    waits = {name for name, node in plan.nodes.items() if isinstance(node, Menu | Verify)}
    onward: dict[NodeName, set[NodeName]] = {name: set() for name in plan.nodes if name not in waits}
    back: dict[NodeName, set[NodeName]] = {name: set() for name in onward}
    for name, successors in onward.items():
        successors.update(to for to in leads_to(plan, name) if to in onward)
        for to in successors:
            back[to].add(name)
    open_ended = _without_end(onward, back) & _without_end(back, onward)
    return [name for name in onward if name in open_ended]


def _without_end(onward: dict[NodeName, set[NodeName]], back: dict[NodeName, set[NodeName]]) -> set[NodeName]:
    """The nodes from which one can go on for ever: all but those that lead only to ends, taken away from the ends."""
    left = {name: len(successors) for name, successors in onward.items()}
    ends = [name for name, successors in left.items() if not successors]
    for end in ends:  # grows while it is walked
        del left[end]
        for name in back[end]:
            left[name] -= 1
            if not left[name]:
                ends.append(name)
    return set(left)


def reached(plan: Plan) -> set[NodeName]:
    """Every node that some call may come to."""
    found: set[NodeName] = set()
    todo = [*(gate for gate in GATES if gate in plan.nodes), plan.start]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += leads_to(plan, name)
    return found
