"""What is suspicious about branches: nodes that nothing reaches, branches by origin that are never taken.

Rule: looks at every caller that the plan can tell apart.
"""

from collections.abc import Iterator

from routing.check.caller_groups import CallerGroups
from routing.check.findings import Doubt, Finding
from routing.document.graph import reached
from routing.node import CompareOrigin
from routing.plan import Plan


def unreached_nodes(plan: Plan) -> Iterator[Finding]:
    """Nodes that no branch leads to from the start."""
    for name in plan.nodes.keys() - reached(plan):
        yield Finding(f"nodes.{name}", Doubt.UNREACHED, "nothing leads to it")


def origin_branches(plan: Plan, groups: CallerGroups) -> Iterator[Finding]:
    """Branches by origin that no caller takes."""
    for name, node in plan.nodes.items():
        if isinstance(node, CompareOrigin):
            left = [who.caller for who in groups.classes]
            for at, branch in enumerate(node.branches, 1):
                others = [who for who in left if not branch.why(who, plan.lists)]
                if len(others) == len(left):
                    path = f"nodes.{name}.branches.{at}"
                    yield Finding(path, Doubt.UNREACHED, "never taken: those before it take its callers")
                left = others
