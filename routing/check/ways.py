"""What is suspicious about ways: nodes that nothing reaches, branches by origin that are never taken.

Rule: looks at every caller that the plan can tell apart.
"""

from collections.abc import Iterator

from routing.check.classes import callers
from routing.check.findings import Doubt, Finding
from routing.document.graph import reached
from routing.node import CompareOrigin
from routing.plan import Plan


def unreached_nodes(plan: Plan) -> Iterator[Finding]:
    """Nodes that no branch leads to from the start."""
    for name in plan.nodes.keys() - reached(plan):
        yield Finding(f"nodes.{name}", Doubt.UNREACHED, "nothing leads to it")


def origin_branches(plan: Plan) -> Iterator[Finding]:
    """Branches by origin that no caller takes."""
    compared = {name: node for name, node in plan.nodes.items() if isinstance(node, CompareOrigin)}
    if not compared:
        return
    everyone = [who.caller for who in callers((plan,))]
    for name, node in compared.items():
        fits = (
            next((at for at, one in enumerate(node.branches) if one.why(who, plan.lists)), None) for who in everyone
        )
        taken = set(fits)
        for index in range(len(node.branches)):
            if index not in taken:
                path = f"nodes.{name}.branches.{index + 1}"
                yield Finding(path, Doubt.UNREACHED, "never taken: those before it take its callers")
