"""Documents become plans before the store looks at them.

Rule: either all of a group are plans, each for a number of its own, or all that is wrong with any of them is
said at once.
"""

from collections.abc import Sequence

import attrs

from routing.document import Fault, PlanFaults, content_hash, parse
from routing.ids import Number400, PlanHash
from routing.number import print_400
from routing.plan import Plan


@attrs.frozen
class Document:
    """A plan as TOML text, and where it was read from, for faults to name."""

    text: str
    source: str = ""


@attrs.frozen
class Checked:
    """A document that is a plan."""

    plan: Plan
    plan_hash: PlanHash
    text: str


def check(documents: Sequence[Document]) -> list[Checked]:
    """All documents as plans, in order of number; raises PlanFaults with the faults of all of them."""
    faults: list[Fault] = []
    sources: dict[Number400, str] = {}
    checked: list[Checked] = []
    for document in documents:
        before = f"{document.source}: " if document.source else ""
        try:
            plan = parse(document.text)
        except PlanFaults as error:
            faults += [attrs.evolve(fault, path=before + fault.path) for fault in error.faults]
            continue
        if plan.number in sources:
            other = sources[plan.number] or "another document"
            problem = f"{other} is for {print_400(plan.number)} too"
            faults.append(Fault(f"{before}number", problem, "keep one of the two"))
        sources[plan.number] = document.source
        checked.append(Checked(plan, content_hash(plan), document.text))
    if faults:
        raise PlanFaults(tuple(faults))
    return sorted(checked, key=lambda each: each.plan.number)
