"""Inserts a step into a plan: a split, a menu, a branch by time or by area (pure).

Rule: a new step comes before another one, and everything that led there leads to the new step. A target that a step
leads to directly gets a hunt of its own.
"""

from typing import Final

from tui.i18n import tr
from tui.plan.graph import (
    GATES,
    HUNT,
    is_hunt,
    nodes_of,
    redirected,
    start_of,
    successors,
    table_of,
    targets_of,
)
from tui.plan.toml_edit import Document, EditFault, drop, plain, put, rename

_NOT_TAKEN_OVER: Final = ("order", "wave", "targets")
"""Settings of a hunt that make no sense in one that rings a certain target first."""


def insert_step(text: str, name: str, node: Document, before: str) -> str:
    """The text with this node in front of another one; raises EditFault."""
    document = plain(text)
    alone = not document.get("nodes")
    for path, value in redirected(document, before, name):
        text = put(text, path, value)
    text = _split_single_hunt(text, name, node) if alone else add_hunts(put(text, ("nodes", name), node), name, before)
    first = next(iter(plain(text)["nodes"]))
    if start_of(document) == before and first != name:
        return put(text, ("start",), name)
    return drop(text, ("start",)) if start_of(document) == before else text


def add_hunts(text: str, name: str, before: str = "") -> str:
    """The text with a hunt for every target that this node leads to; raises EditFault.

    Calls that are shared out go on to the others when the first does not take them, if they did so before.
    """
    document = plain(text)
    nodes, targets = nodes_of(document), table_of(document, "targets")
    to = list(dict.fromkeys(successors(nodes.get(name))))
    together = {frozenset(targets_of(document, one)) for one in (*to, before) if is_hunt(nodes.get(one))}
    shared = nodes[name].get("kind") == "share" and len(together) == 1
    for way in to:
        if way not in nodes and way in targets:
            others = [one for one in targets if one != way and shared and one in next(iter(together))]
            text = put(text, ("nodes", way), _hunt(document, way, {"targets": [way, *others]}))
    return text


def _hunt(document: Document, name: str, settings: Document) -> Document:
    if name in GATES or name in table_of(document, "extensions").values():
        raise EditFault(tr("edit.own_step", name=name))
    return {"kind": HUNT, **settings}


def _split_single_hunt(text: str, name: str, node: Document) -> str:
    """Insert the step before a plan that is one hunt: the hunt's settings go to the hunts that replace it."""
    document = plain(text)
    old, targets = table_of(document, HUNT), list(table_of(document, "targets"))
    settings = {key: value for key, value in old.items() if key not in _NOT_TAKEN_OVER}
    all_rung = targets_of(document, HUNT)
    hunts: dict[str, Document] = {}
    kept = [HUNT] if HUNT in table_of(document, "extensions").values() else []
    for way in dict.fromkeys([*successors(node), *kept]):
        others = [one for one in all_rung if one != way] if node["kind"] == "share" else []
        if way == HUNT:
            hunts[way] = {"kind": HUNT, **old}
        elif way in targets:
            hunts[way] = _hunt(document, way, {"targets": [way, *others], **settings})
    heir = HUNT if HUNT in hunts else next(iter(hunts), "")
    if old and heir:  # its table goes on as the table of a hunt, comments and all
        text = rename(text, (HUNT,), ("nodes", heir))
        for key in old.keys() - hunts[heir].keys():
            text = drop(text, ("nodes", heir, key))
        for key, value in hunts.pop(heir).items():
            text = put(text, ("nodes", heir, key), value)
    for one, fields in ({name: node} | hunts).items():
        text = put(text, ("nodes", one), fields)
    return text
