"""The steps (nodes) of a plan's document and the links between them, also of a document with faults (pure).

Rule: nothing here changes a document; parts with a wrong type are ignored.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from tui.plan.toml_edit import Document, Path, Value

HUNT: Final = "hunt"
"""The only step of a plan without nodes."""
GATES: Final = ("screen", "verify", "limit")
"""What a call passes before the first node, in this order (`routing.plan`); their names are no node's."""
SUCCESSOR_KEYS: Final = ("otherwise", "then", "busy", "over")
"""Keys of a node that name another one."""


def nodes_of(document: Document) -> Document:
    """The nodes; of a plan without any, the one hunt that it is."""
    nodes = document.get("nodes")
    return nodes if isinstance(nodes, dict) and nodes else {HUNT: {"kind": HUNT, **table_of(document, HUNT)}}


def start_of(document: Document) -> str:
    """The node that a call starts at."""
    return str(document.get("start", next(iter(nodes_of(document)))))


def table_of(document: Document, name: str) -> Document:
    """A table at the top of the document; empty if there is none."""
    table = document.get(name)
    return table if isinstance(table, dict) else {}


def known(document: Document, names: str) -> list[str]:
    """What names of this sort a document has: `ways` (nodes and targets), `targets`, or `hours`."""
    targets = list(table_of(document, "targets"))
    match names:
        case "ways":
            return list(dict.fromkeys([*nodes_of(document), *targets]))
        case "targets":
            return targets
        case "hours" | "lists":
            return list(table_of(document, names))
        case "steps":
            return list(nodes_of(document))
    return []


def free_name(document: Document, wanted: str) -> str:
    """This name, or with a number the first that no node has."""
    numbered = (wanted if number == 1 else f"{wanted}-{number}" for number in range(1, 1000))
    return next(name for name in numbered if name not in nodes_of(document))


def successors(node: Value) -> Iterator[str]:
    """Every name that a node leads to; the first is where calls go on if it is taken away."""
    if not isinstance(node, dict):
        return
    named = [node[key] for key in SUCCESSOR_KEYS if key in node]
    branches, keys = node.get("branches"), node.get("keys")
    for one in branches if isinstance(branches, list) else ():
        named += [one["then"]] if isinstance(one, dict) and "then" in one else []
    named += list(keys.values()) if isinstance(keys, dict) else []
    yield from (key for key in named if isinstance(key, str))


def targets_of(document: Document, name: str) -> list[str]:
    """The targets of a hunt, in its order."""
    node = nodes_of(document).get(name)
    named = node.get("targets", list(table_of(document, "targets"))) if isinstance(node, dict) else []
    return [str(one) for one in (named if isinstance(named, list) else [named])]


def after(document: Document, name: str) -> str | None:
    """Where calls go on if this node is taken away; None if it leads nowhere."""
    return next(iter(successors(nodes_of(document).get(name))), None)


def is_hunt(node: Value) -> bool:
    """Whether a node rings targets."""
    return isinstance(node, dict) and node.get("kind", HUNT) == HUNT


def predecessors(document: Document, name: str) -> list[str]:
    """What leads to a node: nodes, the cap on lines, extensions, and the plan itself to its start."""
    to = [one for one, node in table_of(document, "nodes").items() if name in successors(node) and one != name]
    to += ["limit"] if name in successors(table_of(document, "limit")) else []
    return to + [digits for digits, group in table_of(document, "extensions").items() if group == name]


def names_in(value: Iterable[str], document: Document, names: str) -> list[str]:
    """Of these names, those that nothing in the document has."""
    there = known(document, names)
    return [one for one in value if names and one not in there and not (names == "hours" and ":" in one)]


def redirected(document: Document, old: str, new: str) -> Iterator[tuple[Path, Value]]:
    """What leads to one node, changed to lead to another: places of the document and their new values."""
    written: list[tuple[Path, Value]] = [(("nodes", name), node) for name, node in table_of(document, "nodes").items()]
    for at, node in (*written, (("limit",), table_of(document, "limit"))):
        if old not in successors(node):
            continue
        for key in SUCCESSOR_KEYS:
            if node.get(key) == old:
                yield (*at, key), new
        if isinstance(branches := node.get("branches"), list):
            yield (*at, "branches"), [{**one, "then": new} if one.get("then") == old else one for one in branches]
        if isinstance(keys := node.get("keys"), dict):
            yield from (((*at, "keys", digit), new) for digit, then in keys.items() if then == old)
