"""What steps a plan's document has and how they hang together, whatever state it is in (pure).

Rule: nothing here changes a document; a part that is not what it should be is passed over.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from tui.plan.place import Path

HUNT: Final = "hunt"
"""The only step of a plan without nodes."""
GATES: Final = ("screen", "verify", "limit")
"""What a call passes before the first node, in this order (`routing.plan`); their names are no node's."""
WAYS: Final = ("otherwise", "then", "busy", "over")
"""Keys of a node that name another one."""

Document = dict[str, Any]


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


def ways(node: Any) -> Iterator[str]:
    """Every name that a node leads to; the first is where calls go on if it is taken away."""
    if not isinstance(node, dict):
        return
    named = [node[way] for way in WAYS if way in node]
    branches, keys = node.get("branches"), node.get("keys")
    for one in branches if isinstance(branches, list) else ():
        named += [one["then"]] if isinstance(one, dict) and "then" in one else []
    named += list(keys.values()) if isinstance(keys, dict) else []
    yield from (way for way in named if isinstance(way, str))


def rung(document: Document, name: str) -> list[str]:
    """The targets of a hunt, in its order."""
    node = nodes_of(document).get(name)
    named = node.get("targets", list(table_of(document, "targets"))) if isinstance(node, dict) else []
    return [str(one) for one in (named if isinstance(named, list) else [named])]


def after(document: Document, name: str) -> str | None:
    """Where calls go on if this node is taken away; None if it leads nowhere."""
    return next(iter(ways(nodes_of(document).get(name))), None)


def is_hunt(node: Any) -> bool:
    """Whether a node rings targets."""
    return isinstance(node, dict) and node.get("kind", HUNT) == HUNT


def leading(document: Document, name: str) -> list[str]:
    """What leads to a node: nodes, the cap on lines, extensions, and the plan itself to its start."""
    to = [one for one, node in table_of(document, "nodes").items() if name in ways(node) and one != name]
    to += ["limit"] if name in ways(table_of(document, "limit")) else []
    return to + [digits for digits, group in table_of(document, "extensions").items() if group == name]


def names_in(value: Iterable[str], document: Document, names: str) -> list[str]:
    """Of these names, those that nothing in the document has."""
    there = known(document, names)
    return [one for one in value if names and one not in there and not (names == "hours" and ":" in one)]


def led(document: Document, old: str, new: str) -> Iterator[tuple[Path, Any]]:
    """What leads to one node, changed to lead to another: places of the document and their new values."""
    written: list[tuple[Path, Any]] = [(("nodes", name), node) for name, node in table_of(document, "nodes").items()]
    for at, node in (*written, (("limit",), table_of(document, "limit"))):
        if old not in ways(node):
            continue
        for way in WAYS:
            if node.get(way) == old:
                yield (*at, way), new
        if isinstance(branches := node.get("branches"), list):
            yield (*at, "branches"), [{**one, "then": new} if one.get("then") == old else one for one in branches]
        if isinstance(keys := node.get("keys"), dict):
            yield from (((*at, "keys", key), new) for key, then in keys.items() if then == old)
