"""What is suspicious about times: branches that never come to their turn, small gaps, hours with nobody there.

Rule: looks at every instant that the plan can tell apart.
"""

from collections.abc import Iterator
from typing import Final

from routing.check.behaviour import Position, first, first_undecided
from routing.check.caller_groups import CallerGroups
from routing.check.findings import Doubt, Finding
from routing.check.time_classes import Times
from routing.document.graph import leads_to
from routing.facts import Caller
from routing.hours import Moment, When
from routing.ids import NodeName
from routing.node import CompareTime, Hunt
from routing.plan import GATES, HoursName, Plan

SMALL_GAP_MIN: Final = 15
"""A gap between two windows that looks like a slip: this many minutes or fewer."""


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def time_branches(plan: Plan, times: Times) -> Iterator[Finding]:
    """Branches by time that are never taken, and those that hold together with one before them.

    Only ordinary days count for the second: an exception for holidays or a date is meant to go before the rule.
    """
    ordinary = times.ordinary()
    for name, node in plan.nodes.items():
        if isinstance(node, CompareTime):
            before = 0
            taken: list[int] = []
            for at, branch in enumerate(node.branches, 1):
                path, held = f"nodes.{name}.branches.{at}", _held(plan, times, branch.when)
                if not held & ~before:
                    yield Finding(path, Doubt.UNREACHED, "never taken: those before it hold whenever it does")
                for other, its in enumerate(taken, 1):
                    if both := its & held & ordinary:
                        says = f"overlaps branch {other}, as on {_first(times, both)}; branch {other} is taken"
                        yield Finding(path, Doubt.OVERLAP, says)
                taken.append(held & ~before)
                before |= held


def _held(plan: Plan, times: Times, when: When) -> int:
    """The stretches at which a time of the plan holds."""
    named = (window for name in when.names for window in plan.hours[HoursName(name)].windows)
    held = 0
    for window in (*when.windows, *named):
        held |= times.held(0, window)
    return held


def _first(times: Times, held: int) -> str:
    """The first of some stretches, in words."""
    day, begin, end = times.at((held & -held).bit_length() - 1)
    return f"{day} {_clock(begin)}–{_clock(end)}"


def small_gaps(plan: Plan) -> Iterator[Finding]:
    """Named hours whose windows nearly meet on the same days."""
    for name, when in plan.hours.items():
        for before in when.windows:
            for after in when.windows:
                gap = after.from_min - before.to_min
                if (before.weekdays & after.weekdays or before.words & after.words) and 0 < gap <= SMALL_GAP_MIN:
                    says = f"a gap of {gap} min from {_clock(before.to_min)} to {_clock(after.from_min)}"
                    yield Finding(f"hours.{name}", Doubt.GAP, says)


def nobody_there(plan: Plan, times: Times, groups: CallerGroups) -> Iterator[Finding]:
    """Hunts that some caller comes to when no target is in its hours and nothing follows."""
    empty: dict[NodeName, int] = {}
    for name, node in plan.nodes.items():
        if isinstance(node, Hunt) and node.otherwise is None:
            there = 0
            for target in (plan.targets[one] for one in node.targets):
                inside = times.all if target.hours == When() else _held(plan, times, target.hours)
                there |= inside & ~_held(plan, times, target.closed)
            if nobody := times.all & ~there:
                empty[name] = nobody
    for part in times.alike() if empty else ():
        here = [name for name, nobody in empty.items() if nobody >> part[0] & 1]
        day, minute, _ = times.at(part[0])
        for who in groups.classes if here else ():
            met = _met(plan, who.caller, day.moment(plan, minute))
            for name in (one for one in here if one in met and one in empty):
                says = f"calls end here with nobody to ring, as on {_first(times, 1 << part[0])}"
                yield Finding(f"nodes.{name}", Doubt.NOBODY, says)
                del empty[name]


def _met(plan: Plan, who: Caller, moment: Moment) -> set[NodeName]:
    """Every node that this caller may come to then."""
    met: set[NodeName] = set()
    todo = [first(plan, who, moment).node]
    while todo:
        name = todo.pop()
        if name not in met:
            met.add(name)
            if name in plan.nodes:
                branches = [*leads_to(plan, name), *([plan.after(name)] if name in GATES else [])]
                todo += [first_undecided(plan, Position(to), who, moment).node for to in branches]
    return met
