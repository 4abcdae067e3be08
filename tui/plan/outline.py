"""Shows a plan document as a tree (pure).

Rule: only what is written in the document is shown, no defaults; a node of an unknown kind is shown by its fields. A
node that is reached a second time is only named.
"""

from collections.abc import Iterator
from typing import Final

from tui.i18n import tr, tr_slug
from tui.plan.graph import GATES, HUNT, nodes_of, start_of, table_of
from tui.plan.toml_edit import Document, Value
from tui.table_view import Cell

Line = list[Cell]
_SHOWN_SEPARATELY: Final = ("kind", "branches", "keys", "then", "otherwise", "targets", "busy")


def outline(document: Document) -> list[Line]:
    """The tree of this document, whatever state it is in."""
    return list(_TreeWriter(document).lines())


class _TreeWriter:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._nodes = nodes_of(document)
        self._targets = table_of(document, "targets")
        self._written: set[str] = set()

    def lines(self) -> Iterator[Line]:
        document = self._document
        yield [Cell(str(document.get("number", "?")), "key"), Cell(str(document.get("subscriber", "")))]
        for name in ("welcome", "record", "holidays", "max_forwards", "zone"):
            if name in document:
                yield [Cell(f"  {tr_slug('field', name)}", "dim"), Cell(words_of(document[name]))]
        for gate in GATES:
            if gate in document:
                yield [Cell("  " + tr_slug("kind", gate), "key")]
                yield from self._fields(document[gate], 2)
        yield from self._node(start_of(document), 0, "")
        for name in self._nodes:
            if name not in self._written:
                yield [Cell("  " + tr("plan.nobody_leads_here"), "busy")]
                yield from self._node(name, 0, "")

    def _node(self, name: str, depth: int, how: str) -> Iterator[Line]:
        node = self._nodes.get(name)
        lead = Cell("  " * (depth + 1) + ("└ " + how if how else "●"), "dim" if how else "plain")
        if not isinstance(node, dict):
            yield [lead, Cell(name, "bad"), Cell(tr("plan.no_such_node"), "bad")]
            return
        kind = str(node.get("kind", HUNT))
        head = [lead, Cell(name, "key"), Cell(tr_slug("kind", kind), "dim")]
        if name in self._written:
            yield [*head, Cell(tr("plan.as_above"), "dim")]
            return
        self._written.add(name)
        yield head
        yield from self._fields({key: value for key, value in node.items() if key not in _SHOWN_SEPARATELY}, depth + 2)
        if kind == HUNT:
            yield from self._targets_of(node, depth + 2)
        for way, then in branches_of(node):
            yield from self._node(then, depth + 1, way)

    def _targets_of(self, node: Document, depth: int) -> Iterator[Line]:
        names = node.get("targets", list(self._targets))
        for place, name in enumerate(names if isinstance(names, list) else [], 1):
            target = self._targets.get(name)
            lead = Cell("  " * depth + f"{place}.", "dim")
            if target is None:
                yield [lead, Cell(str(name), "bad"), Cell(tr("plan.no_such_target"), "bad")]
                continue
            fields = dict(target) if isinstance(target, dict) else {"address": target}
            address = fields.pop("address", "?")
            words = "  ".join(f"{tr_slug('field', key)} {words_of(value)}" for key, value in fields.items())
            yield [lead, Cell(str(name), "key"), Cell(str(address)), Cell(words, "dim")]

    def _fields(self, fields: Value, depth: int) -> Iterator[Line]:
        if not isinstance(fields, dict):
            return
        for key, value in fields.items():
            shown = "••••" if key == "password" else words_of(value)
            yield [Cell("  " * depth + tr_slug("field", key), "dim"), Cell(shown)]


def branches_of(node: Document) -> Iterator[tuple[str, str]]:
    """Where a call can go on from a node: how, and to which node."""
    for branch in node.get("branches", []):
        if isinstance(branch, dict):
            what = " ".join(
                f"{branch[key]}%" if key == "percent" else f"{tr_slug('field', key)} {words_of(branch[key])}"
                for key in branch
                if key != "then"
            )
            yield what, str(branch.get("then", "?"))
    keys = node.get("keys", {})
    for key, then in keys.items() if isinstance(keys, dict) else ():
        yield tr("plan.key", key=key), str(then)
    for way in ("then", "busy", "otherwise"):
        if isinstance(node.get(way), str):
            yield tr_slug("field", way), node[way]


def words_of(value: Value) -> str:
    """A value of a document as it is read aloud."""
    match value:
        case bool():
            return tr("plan.yes") if value else tr("plan.no")
        case dict():
            return "; ".join(f"{tr_slug('field', key)} {words_of(one)}" for key, one in value.items())
        case list() | tuple():
            return ", ".join(map(words_of, value))
        case _:
            return str(value)
