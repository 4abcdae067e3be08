"""The fields of a form, and where each is in a document (pure).

Rule: a field changes only its own place in the text; an empty field removes it.
"""

from contextlib import suppress

import attrs

from tui.i18n import slug_of, tr, tr_slug
from tui.plan.toml_edit import Document, EditFault, Path, Value, drop, plain, put
from tui.plan.typed import Kind, shown, value_of


@attrs.frozen
class Field:
    """One line of a form.

    `path` is where it is in the document; its text is `field.<name>`. An empty part of it stands for a name that is
    typed in the same form. `names` is what the names in it must be names of (`tui.plan.graph.known`). Without it,
    where `needed`, the rest of the form has no use. `offered` stands in it at first.
    """

    path: Path
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()
    names: str = ""
    needed: bool = False
    offered: str = ""

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path[-1]


def at(document: Document, path: Path) -> Value:
    """What a document has at this place; None for nothing. A target that is only its address has one."""
    value: Value = document
    for place, part in enumerate(path):
        if isinstance(value, str) and path[0] == "targets" and place == 2:
            return value if part == "address" else None
        value = value.get(part) if isinstance(value, dict) else None
    return value


def read(document: Document, field: Field) -> str:
    """What the form shows for this field; empty if the document does not have it."""
    value = at(document, field.path)
    if value is None:
        return ""
    return tr_slug("choice", str(value)) if field.choices else shown(value, field.kind)


def typed_value(field: Field, typed: str) -> Value:
    """What was typed as a value for this field; None for nothing. Raises EditFault."""
    value = value_of(field.kind, typed)
    if not field.choices or value is None:
        return value
    slug = slug_of("choice", str(value), field.choices)
    if slug is None:
        choices = " / ".join(tr_slug("choice", choice) for choice in field.choices)
        raise EditFault(tr("edit.choice", choices=choices, typed=typed))
    return slug


def write(text: str, field: Field, typed: str) -> str:
    """The document's text with this field as typed; raises EditFault."""
    value, path = typed_value(field, typed), field.path
    if path[0] != "targets":
        return drop(text, path) if value is None else put(text, path, value)
    name, target = path[:2], at(plain(text), path[:2])
    if not isinstance(target, dict):
        # one that is only its address is written without a table, until it has more
        if field.name == "address":
            return drop(text, name) if value is None else put(text, name, value)
        return text if value is None else put(text, name, {**({"address": target} if target else {}), path[2]: value})
    if value is not None:
        return put(text, path, value)
    text = drop(text, path)
    if target.keys() - {field.name} == {"address"}:
        with suppress(EditFault):  # a table under a head of its own stays one
            return put(text, name, target["address"])
    return text
