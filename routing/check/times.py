"""What is suspicious about times: branches that never come to their turn, small gaps, hours with nobody there.

Rule: looks at every instant that the plan can tell apart.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from routing.check.classes import Instant, callers, instants
from routing.check.findings import Doubt, Finding
from routing.check.outline import first, settle, usable
from routing.document.graph import leads_to
from routing.facts import Caller
from routing.hours import Moment
from routing.ids import NodeName
from routing.node import CompareTime, Hunt
from routing.plan import GATES, Plan

SMALL_GAP_MIN: Final = 15
"""A gap between two windows that looks like a slip: this many minutes or fewer."""


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def time_branches(plan: Plan) -> Iterator[Finding]:
    """Branches by time that are never taken, and pairs that hold at once."""
    compared = {name: node for name, node in plan.nodes.items() if isinstance(node, CompareTime)}
    if not compared:
        return
    moments = [(at, at.moment(plan)) for at in instants((plan,))]
    for name, node in compared.items():
        holding = [(at, [branch.when.holds(moment, plan.hours) for branch in node.branches]) for at, moment in moments]
        taken = {held.index(True) for _, held in holding if True in held}
        for index in range(len(node.branches)):
            if index not in taken:
                path = f"nodes.{name}.branches.{index + 1}"
                yield Finding(path, Doubt.UNREACHED, "never taken: those before it hold whenever it does")
        yield from _overlaps(name, holding)


def _overlaps(name: NodeName, holding: list[tuple[Instant, list[bool]]]) -> Iterator[Finding]:
    seen: set[tuple[int, int]] = set()
    for at, held in holding:
        both = [index for index, holds in enumerate(held) if holds]
        for one, other in pairwise(both):
            if (one, other) not in seen:
                seen.add((one, other))
                when = f"{at.label} {_clock(at.from_min)}–{_clock(at.to_min)}"
                says = f"overlaps branch {one + 1}, as on {when}; branch {one + 1} is taken"
                yield Finding(f"nodes.{name}.branches.{other + 1}", Doubt.OVERLAP, says)


def small_gaps(plan: Plan) -> Iterator[Finding]:
    """Named hours whose windows nearly meet on the same days."""
    for name, when in plan.hours.items():
        for before in when.windows:
            for after in when.windows:
                gap = after.from_min - before.to_min
                if (before.weekdays & after.weekdays or before.words & after.words) and 0 < gap <= SMALL_GAP_MIN:
                    says = f"a gap of {gap} min from {_clock(before.to_min)} to {_clock(after.from_min)}"
                    yield Finding(f"hours.{name}", Doubt.GAP, says)


def nobody_there(plan: Plan) -> Iterator[Finding]:
    """Hunts that some caller comes to when no target is in its hours and nothing follows."""
    ends = {name: node for name, node in plan.nodes.items() if isinstance(node, Hunt) and node.otherwise is None}
    timed = {name for name, node in ends.items() if any(plan.targets[one].hours.texts() for one in node.targets)}
    timed |= {name for name, node in ends.items() if any(plan.targets[one].closed.texts() for one in node.targets)}
    if not timed:
        return
    everyone = [who.caller for who in callers((plan,))]
    told: set[NodeName] = set()
    for at in instants((plan,)):
        moment = at.moment(plan)
        empty = {name for name in timed - told if not usable(plan, ends[name], moment)}
        for name in sorted(empty):
            if any(name in _met(plan, who, moment) for who in everyone):
                told.add(name)
                when = f"{at.label} {_clock(at.from_min)}–{_clock(at.to_min)}"
                says = f"calls end here with nobody to ring, as on {when}"
                yield Finding(f"nodes.{name}", Doubt.NOBODY, says)


def _met(plan: Plan, who: Caller, moment: Moment) -> set[NodeName]:
    """Every node that this caller may come to then."""
    met: set[NodeName] = set()
    todo = [first(plan, who, moment)]
    while todo:
        name = todo.pop()
        if name not in met:
            met.add(name)
            if name in plan.nodes:
                ways = [*leads_to(plan, name), *([plan.after(name)] if name in GATES else [])]
                todo += [settle(plan, to, who, moment) for to in ways]
    return met
