"""Removes a step, a target or a list from a plan (pure).

Rule: what led to a removed step then leads to its first successor, or `otherwise`; what is still needed is not removed
(EditFault). Hunts that nothing leads to any more are removed too, and a plan that is one hunt again is written as one.
"""

from tui.i18n import tr
from tui.plan.graph import (
    HUNT,
    after,
    is_hunt,
    nodes_of,
    predecessors,
    redirected,
    start_of,
    successors,
    table_of,
)
from tui.plan.toml_edit import Document, EditFault, Path, drop, plain, put, rename


def remove_part(text: str, path: Path) -> str:
    """The text without a step, a target, or whatever stands at this place; raises EditFault."""
    document = plain(text)
    if path[0] == "targets":
        return _without_target(text, document, path[1])
    return _without_node(text, document, path[1]) if path[0] == "nodes" else drop(text, path)


def _without_target(text: str, document: Document, name: str) -> str:
    nodes = nodes_of(document)
    if name in nodes and name in table_of(document, "nodes") and (by := predecessors(document, name)):
        raise EditFault(tr("edit.in_use", name=name, by=", ".join(by)))
    for one, node in nodes.items():
        if is_hunt(node) and isinstance(node.get("targets"), list) and name in node["targets"]:
            left = [target for target in node["targets"] if target != name]
            if not left:
                raise EditFault(tr("edit.in_use", name=name, by=one))
            text = put(text, ("nodes", one, "targets") if document.get("nodes") else (HUNT, "targets"), left)
    return drop(text, ("targets", name))


def _without_node(text: str, document: Document, name: str) -> str:
    onward, by = after(document, name), predecessors(document, name)
    started = start_of(document) == name
    if onward is None and (by or started):
        raise EditFault(tr("edit.in_use", name=name, by=", ".join(by) or tr("edit.the_start")))
    for path, value in redirected(document, name, onward or ""):
        text = put(text, path, value)
    led_to = list(successors(nodes_of(document)[name]))
    text = drop(text, ("nodes", name))
    if started and onward is not None:
        text = put(text, ("start",), onward)
    for one in dict.fromkeys(led_to):
        left = plain(text)
        node = table_of(left, "nodes").get(one)
        if is_hunt(node) and not list(successors(node)) and not predecessors(left, one) and start_of(left) != one:
            text = drop(text, ("nodes", one))
    return _joined_to_single_hunt(text)


def _joined_to_single_hunt(text: str) -> str:
    """A plan whose only node is a hunt of all its targets, written without nodes; no start where it is the first."""
    document = plain(text)
    nodes = table_of(document, "nodes")
    if "start" in document and document["start"] == next(iter(nodes), None):
        text = drop(text, ("start",))
    targets = list(table_of(document, "targets"))
    for name, node in nodes.items() if len(nodes) == 1 else ():
        if not is_hunt(node) or list(successors(node)) or predecessors(document, name) or name not in (*targets, HUNT):
            break
        text = rename(text, ("nodes", name), (HUNT,))
        if node.get("targets") == targets:
            text = drop(text, (HUNT, "targets"))
        text = drop(text, (HUNT, "kind"))
    return text
