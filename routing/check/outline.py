"""What a plan does with a caller at an instant, before anything has happened: its outline.

Rule: two plans have equal outlines exactly when no event can make them decide differently for that caller then. Nodes
that facts alone decide are gone from it; names of nodes do not count, those of targets do.
"""

from typing import Any, Final

import attrs

from routing.facts import Caller
from routing.hours import Moment
from routing.ids import NodeName, TargetName
from routing.node import CompareOrigin, CompareTime, Hunt, Menu, Node, Queue, Release, Screen, Voicemail, ways_out
from routing.nodes import gates
from routing.number import print_number
from routing.plan import GATES, Plan

Outline = tuple[Any, ...]
_REFUSED: Final = {
    ("caller", True): NodeName("(refused)"),
    ("caller", False): NodeName("(refused without a word)"),
    ("area", True): NodeName("(area refused)"),
    ("area", False): NodeName("(area refused without a word)"),
}
ENDS: Final = frozenset(_REFUSED.values())
"""Where callers go who are refused; names that no node can have."""


def settle(plan: Plan, name: NodeName, who: Caller, moment: Moment) -> NodeName:
    """The first node from here on that facts alone do not decide, or a refusal."""
    while True:
        match plan.nodes.get(name):
            case Screen() as screen:
                if gates.refusal(plan, screen, who):
                    return _REFUSED["caller", screen.announce]
                if gates.area_refusal(screen, who):
                    return _REFUSED["area", screen.announce]
                name = plan.way(name, screen.then)
            case CompareOrigin() as node:
                fits = (branch.then for branch in node.branches if branch.why(who, plan.lists))
                name = next(fits, node.otherwise)
            case CompareTime() as node:
                fits = (branch.then for branch in node.branches if branch.when.holds(moment, plan.hours))
                name = next(fits, node.otherwise)
            case _:
                return name


def first(plan: Plan, who: Caller, moment: Moment) -> NodeName:
    """The first node that this caller meets."""
    return settle(plan, GATES[0], who, moment)


def usable(plan: Plan, hunt: Hunt, moment: Moment) -> tuple[TargetName, ...]:
    """The targets of a hunt that take calls then."""
    return tuple(name for name in hunt.targets if plan.open_at(plan.targets[name], moment))


def outline(plan: Plan, who: Caller, moment: Moment) -> Outline:
    """Everything that can happen to this caller then, as a value."""
    numbered: dict[NodeName, int] = {}
    todo = [first(plan, who, moment)]
    if todo[0] in ENDS:
        return (todo[0],)
    written: list[Any] = []
    while todo:
        name = todo.pop()
        if name in numbered:
            continue
        numbered[name] = len(numbered)
        node = None if name in ENDS else plan.nodes.get(name) or plan.group(name)
        ways = _ways(plan, node, name, who, moment) if node else ()
        todo += reversed([to for _, to in ways])
        written.append((name, None if node is None else _own(plan, node, moment), ways))
    met = [plan.nodes.get(name) for name in numbered]
    settings: list[Any] = []
    if any(isinstance(node, Queue) for node in met):
        settings.append(_priority(plan, who))
    if any(own for _, own, _ in written if own and own[0] == "Hunt"):
        settings += [plan.welcome, plan.record, plan.media_lost_s, plan.most_forwards(), _transfers(plan, moment)]
    return (*settings, *(_renamed(name, own, ways, numbered) for name, own, ways in written))


def _transfers(plan: Plan, moment: Moment) -> Outline:
    """Whom a seat can hand its caller over to, and how."""
    if plan.transfer is None:
        return ()
    groups = tuple((digits, _own(plan, plan.group(group), moment)) for digits, group in sorted(plan.extensions.items()))
    refer = tuple(sorted((name, one.address) for name, one in plan.targets.items())) if plan.transfer.refer else ()
    return (plan.transfer, groups, refer)


def _priority(plan: Plan, who: Caller) -> bool:
    screens = [node for node in plan.nodes.values() if isinstance(node, Screen)]
    return any(gates.is_priority(plan, screen, who) for screen in screens)


def _ways(plan: Plan, node: Node, name: NodeName, who: Caller, moment: Moment) -> tuple[tuple[str, NodeName], ...]:
    ways = list(ways_out(node))
    if name in GATES:
        ways.append(("then", plan.after(name)))
    if isinstance(node, Menu) and node.extensions:
        ways += ((f"extension {digits}", NodeName(group)) for digits, group in sorted(plan.extensions.items()))
    return tuple((branch, settle(plan, to, who, moment)) for branch, to in ways)


def _own(plan: Plan, node: Node, moment: Moment) -> Outline:
    """What a node is by itself, without where it leads."""
    if isinstance(node, Hunt):
        lines = []
        for name in usable(plan, node, moment):
            target = plan.targets[name]
            lines.append((name, target.address, node.wait_s(target.ring_s), target.capacity, target.authorised_until))
        fields = attrs.asdict(
            node, recurse=False, filter=lambda field, _: field.name not in _LEADS | {"targets", "ring_s"}
        )
        return ("Hunt", tuple(lines), *fields.values())
    fields = attrs.asdict(node, recurse=False, filter=lambda field, _: field.name not in _LEADS)
    percents = [getattr(branch, "percent", None) for branch in getattr(node, "branches", ())]
    return (type(node).__name__, *percents, *fields.values())


_LEADS = {"then", "otherwise", "busy", "over", "keys", "branches"}


def _renamed(
    name: NodeName, own: Any, ways: tuple[tuple[str, NodeName], ...], numbered: dict[NodeName, int]
) -> Outline:
    return (name if own is None else "", own, tuple((branch, numbered[to]) for branch, to in ways))


def tell(plan: Plan, who: Caller, moment: Moment) -> str:
    """The outline's beginning in words: who rings, in which order, or what is heard."""
    name = first(plan, who, moment)
    seen: set[NodeName] = set()
    told: list[str] = []
    while name not in seen and len(told) < 4:
        seen.add(name)
        node = plan.nodes.get(name)
        match node:
            case None:
                told.append(name.strip("()"))
                break
            case Hunt():
                rung = [print_number(plan.targets[one].address) for one in usable(plan, node, moment)]
                told.append(", ".join(rung) or f"nobody at {name}")
                after = node.otherwise
            case Voicemail():
                told.append(f"voicemail {node.mailbox}")
                break
            case Release():
                told.append(f"release {node.cause}")
                break
            case _:
                if name not in GATES:
                    told.append(f"queue {name}" if isinstance(node, Queue) else name)
                ways = ways_out(node)
                after = plan.after(name) if name in GATES else ways[0][1] if len(ways) == 1 else None
        if after is None:
            break
        name = settle(plan, after, who, moment)
    return ", then ".join(told)
