"""Whether the names in a plan lead somewhere: what no single value can tell.

Rule: looks at a plan whose every value is sound, and reports all that is wrong between them.
"""

from collections.abc import Collection, Iterator

from routing.document.faults import Fault
from routing.document.graph import endless
from routing.hours import When
from routing.ids import NodeName
from routing.node import (
    NEXT,
    CompareOrigin,
    CompareTime,
    Distribution,
    Hunt,
    Limit,
    Menu,
    Node,
    Queue,
    Screen,
    Verify,
    branches_of,
)
from routing.origin import Origin
from routing.plan import GATES, ZONES, Plan, Profile
from routing.share import WHOLE

MOST_TARGETS = 20
"""Targets bound to a number without the switchboard, that is, without extensions (R5)."""
CLASSIC_SEGMENTS = 4
"""Time segments under the classic carriers' profile."""


def faults_between(plan: Plan) -> list[Fault]:
    """Every fault that lies between values."""
    faults = [*_of_plan(plan), *_of_targets(plan), *_of_names(plan)]
    for name, node in plan.nodes.items():
        faults += (Fault(f"nodes.{name}{path}", problem, mend) for path, problem, mend in _of_node(plan, name, node))
    if not faults:
        faults = [
            Fault(f"nodes.{name}", "calls can go round here without the caller doing anything", mend)
            for name in endless(plan)
            if (mend := "lead one of its branches out of the circle, or through a menu")
        ]
    return faults


def _missing(path: str, what: str, name: str, known: Collection[str]) -> Fault:
    return Fault(path, f"there is no {what} “{name}”", f"there are {', '.join(sorted(known)) or 'none'}")


def _of_plan(plan: Plan) -> Iterator[Fault]:
    if plan.zone not in ZONES:
        yield Fault("zone", f"“{plan.zone}” is not known here", f"known are {', '.join(ZONES)}")
    if not _is_way(plan, plan.start):
        yield _missing("start", "node", plan.start, _own_nodes(plan))
    codes = plan.transfer
    if codes and (codes.blind.startswith(codes.attended) or codes.attended.startswith(codes.blind)):
        yield Fault("transfer.attended", f"“{codes.attended}” and “{codes.blind}” cannot be told apart", "change one")
    segments = {
        window
        for node in plan.nodes.values()
        if isinstance(node, CompareTime)
        for branch in node.branches
        for window in branch.when.windows
    }
    if plan.profile is Profile.CARRIER_CLASSIC and len(segments) > CLASSIC_SEGMENTS:
        yield Fault("profile", f"{len(segments)} time segments; this profile has {CLASSIC_SEGMENTS}", "use fewer")


def _of_targets(plan: Plan) -> Iterator[Fault]:
    if not plan.targets:
        yield Fault("targets", "there is none", "name at least one target")
    if len(plan.targets) > MOST_TARGETS and not plan.extensions:
        problem = f"{len(plan.targets)} targets; {MOST_TARGETS} can be bound to a number without extensions (R5)"
        yield Fault("targets", problem, "name fewer, or give [extensions]")
    for name, target in plan.targets.items():
        yield from _of_when(plan, f"targets.{name}.hours", target.hours)
        yield from _of_when(plan, f"targets.{name}.closed", target.closed)
    for digits, group in plan.extensions.items():
        hunts: set[str] = {name for name, node in plan.nodes.items() if isinstance(node, Hunt)}
        targets: set[str] = {*plan.targets}
        if (group in hunts) + (group in targets) != 1:
            path = f"extensions.{digits}"
            if group in hunts:
                yield Fault(path, f"“{group}” is a hunt and a target", "give one of them another name")
            else:
                yield _missing(path, "hunt or target", group, hunts | targets)


def _of_names(plan: Plan) -> Iterator[Fault]:
    for name, when in plan.hours.items():
        if when.names:
            yield Fault(f"hours.{name}", "names other hours", "write its windows")
    for listed, origin in plan.lists.items():
        if origin.lists:
            yield Fault(f"lists.{listed}.lists", "a list in a list", "write its entries")


def _of_when(plan: Plan, path: str, when: When) -> Iterator[Fault]:
    for name in when.names:
        if name not in plan.hours:
            yield _missing(path, "hours", name, plan.hours)


def _of_origin(plan: Plan, path: str, origin: Origin) -> Iterator[tuple[str, str, str]]:
    for name in sorted(origin.lists - plan.lists.keys()):
        fault = _missing(path, "list", name, plan.lists)
        yield f"{path}.lists", fault.problem, fault.mend


def _own_nodes(plan: Plan) -> list[NodeName]:
    return [name for name in plan.nodes if name not in GATES]


def _is_way(plan: Plan, to: NodeName) -> bool:
    return to in plan.nodes and to not in GATES


def _of_node(plan: Plan, name: NodeName, node: Node) -> Iterator[tuple[str, str, str]]:
    for branch, to in branches_of(node):
        if name in GATES and branch == "then":
            yield ".then", "the plan's own gates lead to its start", "leave it out"
        elif not _is_way(plan, to):
            fault = _missing("", "node", to, _own_nodes(plan))
            yield f".{branch}", fault.problem, fault.mend
    if isinstance(node, Screen | Limit | Verify) and name not in GATES and node.then == NEXT:
        yield ".then", "is missing", "add then = and the name of a node"
    match node:
        case Screen():
            yield from _of_origin(plan, ".black", node.black)
            yield from _of_origin(plan, ".white", node.white)
        case Hunt():
            yield from _of_hunt(plan, node)
        case Queue() if _is_way(plan, node.then) and not isinstance(plan.nodes[node.then], Hunt):
            yield ".then", f"“{node.then}” is no hunt", "lead a queue to the hunt whose targets it waits for"
        case Menu():
            yield from _of_menu(plan, node)
        case CompareOrigin() | CompareTime() | Distribution():
            yield from _of_branches(plan, node)
        case _:
            pass


def _of_hunt(plan: Plan, hunt: Hunt) -> Iterator[tuple[str, str, str]]:
    if not hunt.targets:
        yield ".targets", "there is none", "name at least one target"
    for index, target in enumerate(hunt.targets):
        if target not in plan.targets:
            fault = _missing("", "target", target, plan.targets)
            yield f".targets.{index + 1}", fault.problem, fault.mend
        elif target in hunt.targets[:index]:
            yield f".targets.{index + 1}", f"“{target}” is there twice", "take one away"


def _of_menu(plan: Plan, menu: Menu) -> Iterator[tuple[str, str, str]]:
    if not menu.prompts:
        yield ".prompts", "there is none", "name what the caller hears"
    if not menu.keys and not menu.extensions:
        yield ".keys", "there is none", 'add one, as in keys = { 1 = "sales" }'
    if menu.extensions and not plan.extensions:
        yield ".extensions", "the plan has none", "add [extensions], or take this away"


def _of_branches(plan: Plan, node: CompareOrigin | CompareTime | Distribution) -> Iterator[tuple[str, str, str]]:
    if not node.branches:
        yield ".branches", "there is none", "add one"
    match node:
        case CompareOrigin():
            for at, branch in enumerate(node.branches, 1):
                yield from _of_origin(plan, f".branches.{at}", branch)
                if branch.empty():
                    yield f".branches.{at}", "names no caller", "give areas, prefixes, numbers, classes or lists"
        case CompareTime():
            for at, timed in enumerate(node.branches, 1):
                for fault in _of_when(plan, f".branches.{at}.when", timed.when):
                    yield fault.path, fault.problem, fault.mend
                if timed.when == When():
                    yield f".branches.{at}.when", "names no time", 'write it as in "Mon-Fri 08:30-17:30"'
        case _:
            whole = sum(share.percent for share in node.branches)
            if node.branches and whole != WHOLE:
                yield ".branches", f"the percentages add up to {whole}", "make them add up to 100"
