"""What a plan does with a caller who arrives at a moment, as one comparable value: its behaviour.

Rule: two plans have equal behaviours exactly when no event can make them decide differently for that caller then. Nodes
that facts alone decide are gone from it, and so is every setting that has no effect there; names of nodes do not count,
those of targets do. Authorisations are not looked at: `lapsed` closes the targets whose authorisation has ended (W3).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import attrs

from routing.facts import Caller
from routing.hours import DAY_MIN, Moment, When, Window
from routing.ids import NodeName, TargetName
from routing.node import (
    CompareOrigin,
    CompareTime,
    Distribution,
    Hunt,
    Limit,
    Menu,
    Node,
    Order,
    Queue,
    Screen,
    Verify,
    branches_of,
)
from routing.nodes import gates
from routing.plan import GATES, Announced, Plan

Behaviour = tuple[Any, ...]  # Any: settings of every type, which are only compared
REFUSED: Final = {
    ("caller", True): NodeName("(refused)"),
    ("caller", False): NodeName("(refused without a word)"),
    ("area", True): NodeName("(area refused)"),
    ("area", False): NodeName("(area refused without a word)"),
}
ENDS: Final = frozenset(REFUSED.values())
"""Where callers go who are refused; names that no node can have."""


@attrs.frozen
class Position:
    """Where a caller is: a node that facts alone do not decide, or an end; and whether they go first in queues."""

    node: NodeName
    priority: bool = False


Branches = dict[Position, dict[str, Position]]
"""Where each branch of each position leads."""


def first_undecided(plan: Plan, at: Position, who: Caller, moment: Moment) -> Position:
    """The first node from here on that facts alone do not decide, or a refusal (`REFUSED`)."""
    name, priority = at.node, at.priority
    while True:
        match plan.nodes.get(name):
            case Screen() as screen:
                if gates.refusal(plan, screen, who):
                    return Position(REFUSED["caller", screen.announce])
                if gates.area_refusal(screen, who):
                    return Position(REFUSED["area", screen.announce])
                priority = priority or gates.is_priority(plan, screen, who)
                name = plan.next_node(name, screen.then)
            case CompareOrigin() as node:
                fits = (branch.then for branch in node.branches if branch.why(who, plan.lists))
                name = next(fits, node.otherwise)
            case CompareTime() as node:
                fits = (branch.then for branch in node.branches if branch.when.holds(moment, plan.hours))
                name = next(fits, node.otherwise)
            case _:
                return Position(name, priority)


def first(plan: Plan, who: Caller, moment: Moment) -> Position:
    """The first node that this caller meets."""
    return first_undecided(plan, Position(GATES[0]), who, moment)


def usable(plan: Plan, hunt: Hunt, moment: Moment) -> tuple[TargetName, ...]:
    """The targets of a hunt that take calls then."""
    return tuple(name for name in hunt.targets if plan.open_at(plan.targets[name], moment))


_ALWAYS: Final = When(windows=(Window(frozenset(range(7)), frozenset(), (), 0, DAY_MIN),))


def lapsed(plan: Plan, on: date) -> Plan:
    """The plan as it is on a date: targets whose authorisation has ended take no call (W3)."""
    return attrs.evolve(
        plan,
        targets={
            name: attrs.evolve(one, closed=_ALWAYS) if one.authorised_until and one.authorised_until < on else one
            for name, one in plan.targets.items()
        },
    )


def behaviour(plan: Plan, who: Caller, moment: Moment) -> Behaviour:
    """Everything that can happen to this caller then, as a value."""
    begin = first(plan, who, moment)
    own: dict[Position, Behaviour] = {}
    branches: Branches = {}
    todo = [begin]
    while todo:
        at = todo.pop()
        if at in own:
            continue
        node = None if at.node in ENDS else plan.nodes.get(at.node) or plan.group(at.node)
        found = _branches(plan, node, at, who, moment) if node else {}
        own[at] = _own(plan, node, at, moment) if node else (at.node,)
        branches[at] = found
        todo += found.values()
    alike = _alike(own, branches)
    hunts = [one for one in own.values() if one[0] == "Hunt"]
    talks = any(lines for _, lines, *_ in hunts)
    recorded = any(lines and not is_fax for _, lines, (is_fax, _), *_ in hunts)  # a fax is not recorded (M6)
    settings = (_recording(plan) if recorded else (), plan.media_lost_s, _transfers(plan, moment)) if talks else ()
    if not recorded and any(not is_fax for _, _, (is_fax, _), *_ in hunts):
        settings = (*_notice(plan), *settings)
    return (*settings, _most_forwards(plan, begin, own, branches), *_written(begin, alike, own, branches))


def _branches(plan: Plan, node: Node, at: Position, who: Caller, moment: Moment) -> dict[str, Position]:
    branches = dict(branches_of(node))
    if at.node in GATES:
        branches["then"] = plan.after(at.node)
    if isinstance(node, Menu) and node.extensions:
        branches |= {f"extension {digits}": NodeName(group) for digits, group in plan.extensions.items()}
    found = {branch: first_undecided(plan, Position(to, at.priority), who, moment) for branch, to in branches.items()}
    if isinstance(node, Hunt) and found.get("busy") == found.get("otherwise"):
        found.pop("busy", None)
    return found


_LEADS: Final = {"then", "otherwise", "busy", "over", "keys", "branches"}


def _own(plan: Plan, node: Node, at: Position, moment: Moment) -> Behaviour:
    """What a node is by itself, without where it leads and what has no effect there."""
    match node:
        case Hunt():
            return _of_hunt(plan, node, moment)
        case Queue():
            more: Behaviour = (at.priority,)
        case Limit():
            return ("Limit", node.month_cost, node.month_calls, node.most_lines())
        case Distribution():
            more = tuple(branch.percent for branch in node.branches)
        case Menu() if node.tries == 1:
            node, more = attrs.evolve(node, timeout_prompt=node.prompts[0], wrong_prompt=node.prompts[0]), ()
        case Verify() if node.tries == 1:
            node, more = attrs.evolve(node, wrong_prompt=node.prompt), ()
        case _:
            more = ()
    fields = attrs.asdict(node, recurse=False, filter=lambda field, _: field.name not in _LEADS)
    return (type(node).__name__, *more, *fields.values())


def _of_hunt(plan: Plan, hunt: Hunt, moment: Moment) -> Behaviour:
    lines = []
    for name in usable(plan, hunt, moment):
        target = plan.targets[name]
        lines.append((name, target.address, hunt.wait_s(target.ring_s), target.capacity))
    order = (hunt.order, hunt.wave if hunt.order is Order.TOGETHER else 1, hunt.forward_on, hunt.busy_advance)
    announce = hunt.announce if hunt.otherwise is None else None
    asked = (hunt.fax, order if len(lines) > 1 else ())
    return ("Hunt", tuple(lines), asked, hunt.ringback or plan.welcome, announce)


def _recording(plan: Plan) -> Behaviour:
    if not plan.record:
        return ()
    prompt = None if plan.record_announce is Announced.NOBODY else plan.record_prompt
    return (plan.record_announce, prompt, plan.retention_days)


def _notice(plan: Plan) -> Behaviour:
    """What a caller hears before a hunt though nobody there takes a call then (M5)."""
    is_heard = plan.record and plan.record_announce is Announced.CALLER
    return (plan.record_announce, plan.record_prompt) if is_heard else ()


def _transfers(plan: Plan, moment: Moment) -> Behaviour:
    """Whom a seat can hand its caller over to, and how."""
    branches = plan.transfer
    if branches is None or not (plan.extensions or branches.refer):
        return ()

    def reached(name: TargetName) -> Behaviour:
        target = plan.targets[name]
        return (name, target.address, target.ring_s, target.capacity)

    groups = (
        (digits, tuple(map(reached, usable(plan, plan.group(group), moment))))
        for digits, group in plan.extensions.items()
    )
    here = usable(plan, Hunt(tuple(plan.targets)), moment)
    named = ((name, target.address, reached(name) if name in here else ()) for name, target in plan.targets.items())
    refer = tuple(sorted(named, key=lambda one: one[0])) if branches.refer else ()
    codes = (branches.blind, branches.attended) if plan.extensions else ()
    return (codes, branches.back, branches.music, tuple(sorted(groups, key=lambda one: one[0])), refer)


def _most_forwards(plan: Plan, begin: Position, own: dict[Position, Behaviour], branches: Branches) -> int:
    """How often a call may go on to a next target, or how often it can from here, whichever is less.

    Telephones that ring together are counted as if they rang one after another: where a leg before them is not down
    yet, they do.
    """
    most = plan.most_forwards() + 1
    rung = {at: len(one[1]) if one[0] == "Hunt" else 0 for at, one in own.items()}
    can = dict.fromkeys(own, 0)
    while True:  # grows with each round: a circle through a hunt grows up to what is allowed
        more = {at: min(most, rung[at] + max((can[to] for to in branches[at].values()), default=0)) for at in own}
        if more == can:
            return max(can[begin] - 1, 0)
        can = more


def _alike(own: dict[Position, Behaviour], branches: Branches) -> dict[Position, int]:
    """A number for each position, the same for positions from which everything goes alike."""
    names = sorted(own, key=lambda at: (at.node, at.priority))
    alike = _numbered({at: own[at] for at in names})
    while True:
        finer = _numbered(
            {at: (alike[at], sorted((branch, alike[to]) for branch, to in branches[at].items())) for at in names}
        )
        if len(set(finer.values())) == len(set(alike.values())):
            return alike
        alike = finer


def _numbered(values: Mapping[Position, object]) -> dict[Position, int]:
    numbers: dict[str, int] = {}
    return {at: numbers.setdefault(repr(value), len(numbers)) for at, value in values.items()}


def _written(
    begin: Position,
    alike: dict[Position, int],
    own: dict[Position, Behaviour],
    branches: Branches,
) -> tuple[Behaviour, ...]:
    """Each kind of place once, in the order in which a call comes to them."""
    order: dict[int, int] = {}
    written: list[tuple[Behaviour, list[tuple[str, int]]]] = []
    todo = [begin]
    while todo:
        at = todo.pop()
        if alike[at] not in order:
            order[alike[at]] = len(order)
            found = sorted(branches[at].items(), key=lambda one: one[0])
            written.append((own[at], [(branch, alike[to]) for branch, to in found]))
            todo += reversed([to for _, to in found])
    return tuple((one, tuple((branch, order[to]) for branch, to in found)) for one, found in written)
