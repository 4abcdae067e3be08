"""Applies a filled-in form to a document, or finds the faults of its lines (pure).

Rule: only lines that were changed change the text; a fault is shown at its line, in the operator's language.
"""

import re
from collections.abc import Iterable

from b2bua.console.protocol import Fault
from tui.i18n import TEXTS, tr, tr_slug
from tui.plan.edits import Field, at, read, typed_value, write
from tui.plan.forms import NAME, Form
from tui.plan.graph import known, names_in
from tui.plan.insert_step import add_hunts, insert_step
from tui.plan.toml_edit import Document, EditFault, plain
from tui.plan.typed import then_of

Typed = dict[Field, str]
Wrong = dict[Field, str]
"""What is wrong with lines."""
_NAME = re.compile(r"\w[\w-]{0,63}")


def first_lines(form: Form, text: str) -> Typed:
    """What stands in the lines before anything is typed."""
    document = plain(text)
    return {line: (line not in form.asks and read(document, line)) or line.offered for line in form.lines}


def emptied(form: Form, text: str, typed: Typed) -> bool:
    """Whether a line was emptied that the rest has no use without: the whole thing is to go."""
    document = plain(text)
    return bool(form.whole) and any(
        field.needed and not typed[field].strip() and read(document, field) for field in form.fields
    )


def fill(form: Form, text: str, typed: Typed) -> tuple[str, Wrong]:
    """The text with what was typed, or what is wrong with it."""
    before, document = first_lines(form, text), plain(text)
    begun = bool(form.asks)
    changed = {line: typed[line] for line in form.lines if begun or typed[line].strip() != before[line]}
    if wrong := _misfits(form, document, changed):
        return text, wrong
    try:
        if form.begins:
            node = {field.name: typed_value(field, typed[field]) for field in form.fields if typed[field].strip()}
            (place,) = form.asks
            return insert_step(text, form.leads, {"kind": form.begins, **node}, typed[place].strip()), {}
        for line, field in zip(form.fields, form.named(typed.get(NAME, "").strip()).fields, strict=True):
            text = write(text, field, changed[line]) if line in changed else text
        return add_hunts(text, form.leads) if form.leads and changed else text, {}
    except EditFault as fault:
        return text, {next(iter(changed)): str(fault)}


def _misfits(form: Form, document: Document, changed: Typed) -> Wrong:
    wrong: Wrong = {}
    for line, typed in changed.items():
        try:
            value = typed_value(line, typed)
        except EditFault as fault:
            wrong[line] = str(fault)
            continue
        if value is None:
            if line.needed:
                wrong[line] = tr("edit.needed")
        elif line == NAME:
            if not _NAME.fullmatch(value):
                wrong[line] = tr("edit.name", typed=value)
            elif at(document, (form.fields[0].path[0], value)) is not None:
                wrong[line] = tr("edit.taken", typed=value)
        elif unknown_names := names_in(then_of(value, line.kind), document, line.names):
            there = ", ".join(known(document, line.names)) or tr("edit.none")
            unknown = "edit.no_hours" if line.names == "hours" else "edit.no_such"
            wrong[line] = tr(unknown, name=unknown_names[0], known=there)
    return wrong


def faults_by_line(form: Form, text: str, typed: Typed, faults: Iterable[Fault]) -> Wrong:
    """What the daemon's check says of the lines of this form, as the console says it."""
    wrong: Wrong = {}
    document = plain(text)
    lines = zip(form.fields, form.named(typed.get(NAME, "").strip()).fields, strict=True)
    places = [(line, field.path) for line, field in lines]
    for fault in faults:
        for line, path in places:
            # a target that is only its address is that line
            short = path[0] == "targets" and line.name == "address" and fault.path == ".".join(path[:2])
            if short or f"{fault.path}.".startswith(".".join(path) + "."):
                wrong[line] = tr("edit.not_so", typed=typed[line].strip(), wants=wants(line, document))
    return wrong


def wants(field: Field, document: Document) -> str:
    """What can be written in a line, in words."""
    return tr_slug("wants", field.name) if field.name in TEXTS["wants"] else hint_of(field, document)


def hint_of(field: Field, document: Document) -> str:
    """What stands in an empty line: what can be chosen, or an example with names of this document."""
    if field.choices:
        return " / ".join(tr_slug("choice", choice) for choice in field.choices)
    section, slug = ("example", field.name) if field.name in TEXTS["example"] else ("field_hint", f"{field.kind}")
    one, *others = [*known(document, "targets"), tr("edit.a_name")]
    return tr(f"{section}.{slug}", one=one, other=others[0] if others else one)


def label_of(field: Field) -> str:
    """What a line is called: by what it is written of, or by the list of callers that it belongs to."""
    if field.name == "branches":
        return tr(f"field.branches_{field.kind}")
    of_screen = field.path[:1] == ("screen",) and len(field.path) > 2
    return tr("field." + ("_".join(field.path[1:]) if of_screen else field.name))
