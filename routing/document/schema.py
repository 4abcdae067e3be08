"""The JSON Schema of plan documents, for editors that complete and check while one writes.

Rule: it is made from the same classes and words that documents are read by, so it cannot fall behind them. It is
looser than the reader: names that lead nowhere only the reader finds.
"""

from enum import Enum
from types import UnionType
from typing import Annotated, Any, Final, NewType, Union, get_args, get_origin

import attrs

from routing.document.short_form import SECTIONS
from routing.hours import Dates, When
from routing.measure import Between, Li
from routing.node import KINDS, Node
from routing.origin import AreaCode
from routing.plan import FIRST_HUNT, Plan, Target

Schema = dict[str, Any]  # Any: JSON of any shape

_TEXT: Final[Schema] = {"type": "string", "minLength": 1}
_PATTERNS: Final[dict[object, Schema]] = {
    Li: {"type": ["string", "integer"], "description": "yuan"},
    AreaCode: {"type": "string", "pattern": r"^(010|02\d|0[3-9]\d\d)$"},
    Dates: _TEXT,
    When: {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]},
}


def schema() -> Schema:
    """The schema of a whole document."""
    top = _table(Plan)
    nodes = [_node(word, kind) for word, kind in KINDS.items()]
    top["properties"]["nodes"] = {"type": "object", "additionalProperties": {"anyOf": nodes}}
    for section in SECTIONS:
        own = _table(KINDS[section])
        own["required"] = [name for name in own["required"] if not (section == FIRST_HUNT and name == "targets")]
        own["properties"].pop("then", None)
        top["properties"][section] = own
    top["required"] = ["number", "subscriber", "targets"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "switch400 plan", **top}


def _node(word: str, kind: type) -> Schema:
    one = _table(kind)
    one["properties"] = {"kind": {"const": word}, **one["properties"]}
    one["required"] = ["kind", *(name for name in one["required"] if name != "targets")]
    return one


def _table(cls: type) -> Schema:
    fields = attrs.fields(cls)
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {field.name: _value(field.type) for field in fields},
        "required": [field.name for field in fields if field.default is attrs.NOTHING],
    }


def _value(kind: Any) -> Schema:  # Any: an annotation, for which Python has no type
    origin, args = get_origin(kind), get_args(kind)
    if kind in _PATTERNS:
        return _PATTERNS[kind]
    if isinstance(kind, NewType) or kind is str:
        return _TEXT
    if kind == Node:
        return {"type": "object"}
    if origin is Annotated and isinstance(args[1], Between):
        return {"type": "integer", "minimum": args[1].least, "maximum": args[1].most, "description": args[1].unit}
    if origin in (Union, UnionType):
        return next(_value(one) for one in args if one is not type(None))
    if origin in (tuple, frozenset):
        one = _value(args[0])
        return {"anyOf": [one, {"type": "array", "items": one}]}
    if origin is dict:
        return {"type": "object", "additionalProperties": _value(args[1])}
    if kind is Target:
        return {"anyOf": [_TEXT, _table(Target)]}
    return _plain(kind)


def _plain(kind: Any) -> Schema:  # Any: as above
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [member.value for member in kind]}
    if kind is bool:
        return {"type": "boolean"}
    return _table(kind) if attrs.has(kind) else _TEXT
