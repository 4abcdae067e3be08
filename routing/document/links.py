"""Whether the names in a plan lead somewhere: what no single value can tell.

Rule: looks at a plan whose every value is sound, and reports all that is wrong between them.
"""

from routing.document.faults import Fault
from routing.plan import ZONES, Plan


def faults_between(plan: Plan) -> list[Fault]:
    """Every fault that lies between values."""
    faults = []
    if plan.zone not in ZONES:
        faults.append(Fault("zone", f"“{plan.zone}” is not known here", f"known are {', '.join(ZONES)}"))
    if not plan.targets:
        faults.append(Fault("targets", "there is none", "name at least one target"))
    for node, hunt in plan.nodes.items():
        for index, target in enumerate(hunt.targets, 1):
            if target not in plan.targets:
                known = ", ".join(plan.targets)
                faults.append(
                    Fault(
                        f"nodes.{node}.targets.{index}",
                        f"there is no target “{target}”",
                        f"there are {known}",
                    )
                )
    return faults
