"""Parses documents to plans before anything is stored.

Rule: either all documents of a publication are plans, each for another number, or the faults of all of them are raised
at once.
"""

from collections.abc import Sequence

import attrs

from routing.document import Fault, PlanFaults, conceal, content_hash, parse
from routing.ids import Number400, PlanHash
from routing.number import print_400
from routing.plan import Plan


@attrs.frozen
class CheckedDocument:
    """A document that is a plan; `text` is its author's own, without the digits of passwords (O5)."""

    plan: Plan
    plan_hash: PlanHash
    text: str


def check(documents: Sequence[str], sources: Sequence[str] = ()) -> list[CheckedDocument]:
    """All documents as plans, in order of number.

    `sources` are where they were read from, one for each, if their authors know them apart by that. Raises
    PlanFaults with the faults of all of them, each path after its source.
    """
    names = sources or [""] * len(documents)
    faults: list[Fault] = []
    source_of: dict[Number400, str] = {}
    checked: list[CheckedDocument] = []
    for text, source in zip(documents, names, strict=True):
        before = f"{source}: " if source else ""
        try:
            plan = parse(text)
        except PlanFaults as error:
            faults += [attrs.evolve(fault, path=before + fault.path) for fault in error.faults]
            continue
        if plan.number in source_of:
            other = source_of[plan.number] or "another document"
            faults.append(Fault(f"{before}number", f"{other} has {print_400(plan.number)} too", "keep one of the two"))
        source_of[plan.number] = source
        checked.append(CheckedDocument(plan, content_hash(plan), conceal(text)))
    if faults:
        raise PlanFaults(tuple(faults))
    return sorted(checked, key=lambda each: each.plan.number)
