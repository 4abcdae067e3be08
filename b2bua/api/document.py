"""Writes docs/operations.md, the list of all operations: `python -m b2bua.api.document`.

Rule: the page is made from the request classes only; a test checks that it is up to date.
"""

import inspect
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Union, get_args, get_origin

import attrs

from b2bua.api.requests.catalogue import operations_of, subjects
from b2bua.api.requests.operation import AnOperation, reply_class

PAGE: Final = Path(__file__).parents[2] / "docs" / "operations.md"
_HEAD: Final = """# Operations

What can be asked of the switch over its control socket, written by `python -m b2bua.api.document` from the classes in
`b2bua/api/requests/`. Besides its own faults each operation may be refused as `bad-request`, `forbidden`, `unavailable`
or `failed`. Times are UTC epoch milliseconds. What is audited is written in the audit trail under its name.
*Scope*: whose 400 numbers it is about.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(line for module in subjects() for line in _subject(module))])


def _subject(module: types.ModuleType) -> Iterator[str]:
    yield f"## {module.__name__.rpartition('.')[2]}\n"
    yield f"{_prose(module)}\n"
    for kind in operations_of(module):
        yield from _operation(kind)


def _operation(kind: type[AnOperation]) -> Iterator[str]:
    reply = reply_class(kind)
    yield f"### `{kind.NAME}`\n"
    yield f"{_prose(kind)}\n"
    yield "| | |"
    yield "|---|---|"
    yield f"| class | `{kind.__name__}` → `{reply.__name__}` |"
    yield f"| role | {kind.ROLE} |"
    yield f"| scope | {kind.SCOPE} |"
    yield f"| audited | {'yes' if kind.AUDITED else 'no'} |"
    yield f"| faults | {', '.join(kind.FAULTS) or 'none of its own'} |"
    yield f"| fields | {_fields(kind)} |"
    yield f"| reply | {_fields(reply)} |\n"


def _fields(kind: type) -> str:
    """The fields of an attrs class with their types."""
    return ", ".join(map(_field, attrs.fields(kind))) or "none"


def _field(field: "attrs.Attribute[object]") -> str:
    shown = f"`{field.name}`: {_type(field.type)}"
    return shown if field.default is attrs.NOTHING else f"{shown} (may be left out)"


def _type(kind: object) -> str:
    if get_origin(kind) in (types.UnionType, Union):
        return " or ".join(map(_type, get_args(kind)))
    if get_origin(kind) is tuple:
        return f"list of {_type(get_args(kind)[0])}"
    if get_origin(kind) is dict:
        return "map"
    return "null" if kind is types.NoneType else str(getattr(kind, "__name__", kind))


def _prose(what: object) -> str:
    return " ".join((inspect.getdoc(what) or "").split())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE} is written\n")
