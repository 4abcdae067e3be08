"""Changing one field of a document's text and nothing else (pure).

Rule: comments, order and everything not named stay as the author wrote them; an empty value takes the field away.
"""

from enum import StrEnum
from typing import Any, Final

import attrs
import tomlkit
from tomlkit.exceptions import ParseError
from tomlkit.items import InlineTable, Table

from tui.say import say

Path = tuple[str, ...]


class Kind(StrEnum):
    """How a field is written in a form."""

    TEXT = "text"
    WHOLE = "whole"
    YES_NO = "yes-no"
    LIST = "list"
    """`a; b; c`"""
    WAYS = "ways"
    """`1 = sales; 2 = desk`: a table of names."""
    SHARES = "shares"
    """`sales 37; desk 63`: the branches of a Distribution."""
    TIMES = "times"
    """`Mon-Fri 08:30-17:30 -> desk; Sat 12:00-18:00 -> mobile`: the branches of a Compare (time)."""


class EditFault(ValueError):
    """What was typed into a field cannot be a value of its kind; the sentence says what can."""


@attrs.frozen
class Field:
    """One line of a form: where it is in the document, how it is written; its text is `field.<name>`."""

    path: Path
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path[-1]


_BREAK: Final = ";"
_ARROW: Final = "->"
_AND: Final = " & "
"""Between the windows of one branch."""


def read(document: dict[str, Any], field: Field) -> str:
    """What the form shows for this field; empty if the document does not have it."""
    value: Any = document
    for place, part in enumerate(field.path):
        if isinstance(value, str) and part == "address" and place == len(field.path) - 1:
            return value  # a target that is only its address
        if not isinstance(value, dict) or part not in value:
            return ""
        value = value[part]
    match field.kind:
        case Kind.LIST:
            return "; ".join(map(str, value)) if isinstance(value, list) else str(value)
        case Kind.WAYS if isinstance(value, dict):
            return "; ".join(f"{key} = {then}" for key, then in value.items())
        case Kind.SHARES if isinstance(value, list):
            return "; ".join(f"{branch.get('then')} {branch.get('percent')}" for branch in value)
        case Kind.TIMES if isinstance(value, list):
            return "; ".join(f"{_when(branch.get('when'))} {_ARROW} {branch.get('then')}" for branch in value)
        case Kind.YES_NO:
            return "yes" if value is True else "no" if value is False else str(value)
    return str(value)


def write(text: str, field: Field, typed: str) -> str:
    """The document's text with this field as typed; raises EditFault."""
    try:
        document = tomlkit.parse(text)
    except ParseError as fault:
        raise EditFault(say("edit.not_toml", fault=fault)) from fault
    value = value_of(field, typed)
    table: Any = document
    for place, part in enumerate(field.path[:-1]):
        below = table.get(part)
        if below is None:
            if value is None:
                return text
            table[part] = below = tomlkit.inline_table() if isinstance(table, InlineTable) else tomlkit.table()
        elif isinstance(below, str) and field.path[0] == "targets" and place == 1:
            if field.name == "address":
                if value is None:
                    table.pop(part)  # a target that is only its address goes with it
                else:
                    table[part] = value
                return tomlkit.dumps(document)
            short = tomlkit.inline_table()
            short["address"] = str(below)
            table[part] = short
        table = table[part]
    if not isinstance(table, dict | Table | InlineTable):
        raise EditFault(say("edit.no_table", path=".".join(field.path[:-1])))
    if value is None:
        table.pop(field.name, None)
    else:
        table[field.name] = value
    return tomlkit.dumps(document)


def value_of(field: Field, typed: str) -> Any:
    """What was typed as a value of the document; None for nothing. Raises EditFault."""
    typed = typed.strip()
    if not typed:
        return None
    match field.kind:
        case Kind.WHOLE:
            if not typed.isascii() or not typed.isdigit():
                raise EditFault(say("edit.whole", typed=typed))
            return int(typed)
        case Kind.YES_NO:
            if typed.lower() not in ("yes", "no"):
                raise EditFault(say("edit.yes_no", typed=typed))
            return typed.lower() == "yes"
        case Kind.LIST:
            return _parts(typed)
        case Kind.WAYS:
            return _ways(typed)
        case Kind.SHARES:
            return _shares(typed)
        case Kind.TIMES:
            return _times(typed)
    if field.choices and typed not in field.choices:
        raise EditFault(say("edit.choice", choices=", ".join(field.choices), typed=typed))
    return typed


def _parts(typed: str) -> list[str]:
    return [part.strip() for part in typed.replace("；", _BREAK).split(_BREAK) if part.strip()]


def _ways(typed: str) -> Any:
    table = tomlkit.inline_table()
    for part in _parts(typed):
        key, mark, then = part.partition("=")
        if not mark or not key.strip() or not then.strip():
            raise EditFault(say("edit.ways", typed=part))
        table[key.strip()] = then.strip()
    return table


def _shares(typed: str) -> Any:
    branches = tomlkit.array()
    for part in _parts(typed):
        then, _, percent = part.rpartition(" ")
        if not then.strip() or not percent.rstrip("%").isdigit():
            raise EditFault(say("edit.shares", typed=part))
        branch = tomlkit.inline_table()
        branch.update({"percent": int(percent.rstrip("%")), "then": then.strip()})
        branches.append(branch)
    return branches


def _when(value: Any) -> str:
    return _AND.join(map(str, value)) if isinstance(value, list) else str(value)


def _times(typed: str) -> Any:
    branches = tomlkit.array()
    for part in _parts(typed):
        when, mark, then = part.replace("→", _ARROW).partition(_ARROW)
        windows = [one.strip() for one in when.split(_AND.strip()) if one.strip()]
        if not mark or not windows or not then.strip():
            raise EditFault(say("edit.times", typed=part))
        branch = tomlkit.inline_table()
        branch.update({"when": windows if len(windows) > 1 else windows[0], "then": then.strip()})
        branches.append(branch)
    return branches
