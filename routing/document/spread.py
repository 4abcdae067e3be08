"""The short way to write a plan, and the full form behind it.

Rule: `full` only adds what a document leaves out, and `short` takes exactly that away again, so that a plan
is written back as its author would write it.
"""

from typing import Any, Final

from routing.plan import FIRST_HUNT

SECTIONS: Final = (FIRST_HUNT,)
"""Nodes that may stand at the top of a document under their own name."""


def full(document: dict[str, Any]) -> dict[str, Any]:
    """The document with every node in `nodes`, every hunt with its targets, and its start named."""
    spread = {key: value for key, value in document.items() if key not in SECTIONS}
    nodes = spread.get("nodes", {})
    if not isinstance(nodes, dict):
        return spread
    hunt = document.get(FIRST_HUNT, {})
    if not nodes:
        nodes = {FIRST_HUNT: hunt}
    spread["nodes"] = {name: _with_targets(node, document) for name, node in nodes.items()}
    spread.setdefault("start", next(iter(nodes)))
    return spread


def _with_targets(node: Any, document: dict[str, Any]) -> Any:
    targets = document.get("targets")
    if not isinstance(node, dict) or "targets" in node or not isinstance(targets, dict):
        return node
    return {**node, "targets": list(targets)}


def short(document: dict[str, Any]) -> dict[str, Any]:
    """The document without what `full` would add again."""
    brief = dict(document)
    everyone = list(document["targets"])
    nodes = {
        name: {key: value for key, value in node.items() if key != "targets" or value != everyone}
        for name, node in document["nodes"].items()
    }
    if brief["start"] == next(iter(nodes)):
        del brief["start"]
    if list(nodes) == [FIRST_HUNT]:
        del brief["nodes"]
        if nodes[FIRST_HUNT]:
            brief[FIRST_HUNT] = nodes[FIRST_HUNT]
    else:
        brief["nodes"] = nodes
    brief["targets"] = {
        name: target["address"] if list(target) == ["address"] else target
        for name, target in document["targets"].items()
    }
    return brief
