"""The forms for frequent changes: which lines a form shows for a document (pure).

Rule: a form has only lines; their values are checked by the daemon, as for typed text.
"""

from collections.abc import Iterator
from itertools import product

import attrs

from tui.i18n import tr
from tui.plan.edits import Field
from tui.plan.graph import free_name, nodes_of, start_of, table_of
from tui.plan.toml_edit import Document, Path
from tui.plan.typed import Kind, by_form

ORDERS = ("sequential", "random", "round-robin", "least-calls", "together")
NAME = Field(("name",), needed=True)
"""Asked for something new; in the paths of its other lines it stands for the empty part."""
STEPS = ("share", "menu", "time", "origin")
"""Kinds of node that a form can put into a plan."""
_STEP_NAMES = {"share": "split", "menu": "menu", "time": "when", "origin": "where"}


@attrs.frozen
class Form:
    """One form: its title as shown in the list, what it asks beside the document, and the lines of the document.

    `whole` is what it can take away, `leads` the node whose ways its lines are, and `begins` the kind of that node if
    it is not there yet.
    """

    title: str
    fields: tuple[Field, ...]
    asks: tuple[Field, ...] = ()
    whole: Path = ()
    leads: str = ""
    begins: str = ""

    @property
    def lines(self) -> tuple[Field, ...]:
        """All lines, from above: the name of a new thing first, the place of a new step last."""
        return (*self.fields, *self.asks) if self.begins else (*self.asks, *self.fields)

    def named(self, name: str) -> "Form":
        """The same form for something of this name."""
        fields = (attrs.evolve(field, path=tuple(part or name for part in field.path)) for field in self.fields)
        return attrs.evolve(self, fields=tuple(fields))


def forms(document: Document) -> list[Form]:
    """The forms that this document has use for, everyday things first, then what can be added to it."""
    return [*_targets(document), *_nodes(document), *_named(document), *_service(), *_new(document)]


def _targets(document: Document) -> Iterator[Form]:
    for name in table_of(document, "targets"):
        yield Form(tr("form.target", name=name), _target_lines(name), whole=("targets", name))


def _target_lines(name: str) -> tuple[Field, ...]:
    at = ("targets", name)
    return (
        Field((*at, "address"), needed=True),
        Field((*at, "hours"), Kind.WINDOWS, names="hours"),
        Field((*at, "closed"), Kind.WINDOWS, names="hours"),
        Field((*at, "ring_s"), Kind.WHOLE),
        Field((*at, "capacity"), Kind.WHOLE),
        Field((*at, "authorised_until")),
    )


def _nodes(document: Document) -> Iterator[Form]:
    written = table_of(document, "nodes")
    for name, node in nodes_of(document).items():
        kind = node.get("kind", "hunt") if isinstance(node, dict) else ""
        if kind == "origin" and not by_form(node.get("branches", [])):
            continue
        if kind == "hunt" and not written:
            yield Form(tr("form.hunt", name=name), _hunt_lines(("hunt",)))
        elif kind == "hunt" or kind in STEPS:
            lines = _hunt_lines(("nodes", name)) if kind == "hunt" else _step_lines(kind, name)
            yield Form(tr(f"form.{kind}", name=name), lines, whole=("nodes", name), leads=name)


def _hunt_lines(at: Path) -> tuple[Field, ...]:
    lines = (
        Field((*at, "targets"), Kind.LIST, names="targets"),
        Field((*at, "order"), choices=ORDERS),
        Field((*at, "ring_s"), Kind.WHOLE),
    )
    return lines if at == ("hunt",) else (*lines, Field((*at, "otherwise"), names="ways"))


def _step_lines(kind: str, name: str, otherwise: str = "") -> tuple[Field, ...]:
    at = ("nodes", name)
    else_to = Field((*at, "otherwise"), names="ways", needed=True, offered=otherwise)
    branches = Field((*at, "branches"), names="ways", needed=True)
    match kind:
        case "share":
            return (attrs.evolve(branches, kind=Kind.SHARES),)
        case "menu":
            return (
                Field((*at, "prompts"), Kind.LIST, needed=True, offered="menu" if otherwise else ""),
                Field((*at, "keys"), Kind.WAYS, names="ways", needed=True),
                Field((*at, "extensions"), Kind.YES_NO),
                else_to,
            )
    return (attrs.evolve(branches, kind=Kind.TIMES if kind == "time" else Kind.AREAS), else_to)


def _named(document: Document) -> Iterator[Form]:
    for name in table_of(document, "hours"):
        yield Form(tr("form.hours", name=name), _hours_lines(name), whole=("hours", name))
    for name in table_of(document, "lists"):
        yield Form(tr("form.list", name=name), _list_lines(name), whole=("lists", name))


def _hours_lines(name: str) -> tuple[Field, ...]:
    return (Field(("hours", name), Kind.WINDOWS, needed=True),)


def _list_lines(name: str) -> tuple[Field, ...]:
    return tuple(Field(("lists", name, what), Kind.LIST) for what in ("numbers", "prefixes", "areas"))


def _service() -> Iterator[Form]:
    yield Form(tr("form.welcome"), (Field(("welcome",)), Field(("record",), Kind.YES_NO)))
    yield Form(tr("form.holidays"), (Field(("holidays",), Kind.LIST),))
    colours = product(("black", "white"), ("numbers", "prefixes", "lists"))
    callers = (Field(("screen", *place), Kind.LIST, names="lists" if place[1] == "lists" else "") for place in colours)
    white_is = Field(("screen", "white_is"), choices=("exclusive", "priority"))
    yield Form(tr("form.lists"), (*callers, white_is))
    areas = (Field(("screen", name), Kind.LIST) for name in ("areas_only", "areas_never"))
    yield Form(tr("form.areas"), (*areas, Field(("screen", "overseas"), Kind.YES_NO)))
    password = Field(("verify", "password"), needed=True)
    yield Form(tr("form.password"), (password, Field(("verify", "tries"), Kind.WHOLE)), whole=("verify",))
    caps = (
        Field(("limit", "month_cost")),
        Field(("limit", "month_calls"), Kind.WHOLE),
        Field(("limit", "mode"), choices=("switchboard", "trunk")),
        Field(("limit", "lines"), Kind.WHOLE),
    )
    yield Form(tr("form.caps"), caps, whole=("limit",))


def _new(document: Document) -> Iterator[Form]:
    yield Form(tr("form.new_target"), _target_lines(""), (NAME,))
    start = start_of(document)
    before = Field(("before",), names="steps", needed=True, offered=start)
    for kind in STEPS:
        name = free_name(document, _STEP_NAMES[kind])
        lines = _step_lines(kind, name, start)
        yield Form(tr(f"form.new_{kind}"), lines, (before,), leads=name, begins=kind)
    yield Form(tr("form.new_hours"), _hours_lines(""), (NAME,))
    yield Form(tr("form.new_list"), _list_lines(""), (NAME,))
