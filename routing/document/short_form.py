"""The short way to write a plan, and the full form behind it.

Rule: `full` only adds what a document leaves out, and `short` takes exactly that away again, so that a plan
is written back as its author would write it. Only a password is not: its digits become a hash (O5).
"""

from typing import Final

from routing.document.faults import Fault
from routing.document.scalars import is_name
from routing.document.toml import Document
from routing.plan import FIRST_HUNT, GATES
from routing.secret import hide, is_plain

SECTIONS: Final = (*GATES, FIRST_HUNT)
"""Nodes that stand at the top of a document under their own name, which is their kind too."""


def misplaced(document: Document) -> list[Fault]:
    """Sections in the wrong place, which `full` would hide."""
    nodes = document.get("nodes")
    if not isinstance(nodes, dict):
        return []
    faults = [
        Fault(f"nodes.{gate}", "this name is kept for the plan's own", f"write it as [{gate}], or give another name")
        for gate in GATES
        if gate in nodes
    ]
    if nodes and FIRST_HUNT in document:
        faults.append(Fault(FIRST_HUNT, "stands only in a document without nodes", "write it as [nodes.hunt]"))
    return faults


def full(document: Document) -> Document:
    """The document with every node in `nodes`, every hunt with its targets, and its start named."""
    spread = {key: value for key, value in document.items() if key not in SECTIONS}
    nodes = spread.get("nodes", {})
    if not isinstance(nodes, dict):
        return spread
    written = dict(nodes) or {FIRST_HUNT: _of_kind(FIRST_HUNT, document.get(FIRST_HUNT, {}))}
    spread.setdefault("start", next((name for name in written if name not in GATES), FIRST_HUNT))
    for gate in GATES:
        if gate in document or gate == GATES[0]:
            written[gate] = _of_kind(gate, document.get(gate, {}))
    spread["nodes"] = {name: _completed(node, document) for name, node in written.items()}
    return spread


def _of_kind(kind: str, section: object) -> object:
    return {"kind": kind, **section} if isinstance(section, dict) else section


def _completed(node: object, document: Document) -> object:
    """A hunt with all targets if it names none; a password in digits as its hash."""
    if not isinstance(node, dict):
        return node
    targets, password = document.get("targets"), node.get("password")
    if node.get("kind") == "hunt" and "targets" not in node:
        return {**node, "targets": [one for one in targets if is_name(one)] if isinstance(targets, dict) else []}
    if isinstance(password, str) and is_plain(password):
        return {**node, "password": hide(password, str(document.get("number")))}
    return node


def short(document: Document) -> Document:
    """The document without what `full` would add again."""
    brief = dict(document)
    everyone = list(document["targets"])
    gates = {name: _without_kind(node) for name, node in document["nodes"].items() if name in GATES}
    nodes = {
        name: {key: value for key, value in node.items() if key != "targets" or value != everyone}
        for name, node in document["nodes"].items()
        if name not in GATES
    }
    brief.update({gate: gates[gate] for gate in GATES if gate in gates and (gates[gate] or gate != GATES[0])})
    if brief["start"] == next(iter(nodes)):
        del brief["start"]
    del brief["nodes"]
    if list(nodes) == [FIRST_HUNT] and nodes[FIRST_HUNT]["kind"] == FIRST_HUNT:
        brief[FIRST_HUNT] = _without_kind(nodes[FIRST_HUNT])
        if not brief[FIRST_HUNT]:
            del brief[FIRST_HUNT]
    else:
        brief["nodes"] = nodes
    brief["targets"] = {
        name: target["address"] if list(target) == ["address"] else target
        for name, target in document["targets"].items()
    }
    return brief


def _without_kind(node: Document) -> Document:
    return {key: value for key, value in node.items() if key != "kind"}
