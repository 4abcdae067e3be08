"""Reads values from what TOML gives, strictly: nothing is guessed, nothing coerced, and every fault has its
place.

Rule: a hook looks at one value only. Whether names lead anywhere is `routing.document.references`' question.
"""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from enum import Enum
from typing import Annotated, Any, Final, TypeAlias, TypeVar, get_args, get_origin

import attrs
from cattrs import BaseConverter, Converter
from cattrs.errors import (
    AttributeValidationNote,
    BaseValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
    IterableValidationNote,
)
from cattrs.gen import make_dict_structure_fn

from routing.document.faults import Fault, Wrong
from routing.document.scalars import SCALARS, address, whole
from routing.measure import Between
from routing.node import KINDS, Node
from routing.plan import Target

Kind: TypeAlias = Any  # a class, an alias or an annotation: cattrs gives no type to what it reads by
Read: TypeAlias = Any  # what a hook makes of a value: of the type that its kind names
Hook = Callable[[Any, Kind], Read]  # Any: a value of a document, which the hook is to judge

Item = TypeVar("Item")

EXAMPLES: Final = {
    "number": 'number = "400-600-1234"',
    "subscriber": 'subscriber = "示例公司"',
    "targets": '[targets] with a line such as front-desk = "021-6228 8300"',
    "address": 'address = "021-6228 8300"',
    "then": "then = and the name of a node",
    "otherwise": "otherwise = and the name of a node",
    "branches": "branches, at least one",
    "keys": 'keys = { 1 = "sales" }',
    "prompts": 'prompts = ["welcome"]',
    "mailbox": 'mailbox = "office"',
    "password": 'password = "2580"',
    "percent": "percent = 1 to 100",
    "when": 'when = "Mon-Fri 08:30-17:30"',
}
"""How to write what a document must not lack."""


def _is_between(kind: Any) -> bool:  # Any: as Kind, which mypy does not narrow
    return get_origin(kind) is Annotated and isinstance(get_args(kind)[1], Between)


def _table(cls: Kind, converter: BaseConverter) -> Hook:
    """An attrs class from a table; keys that it has no field for are faults."""
    read: Hook = make_dict_structure_fn(
        cls, converter, _cattrs_forbid_extra_keys=True, _cattrs_detailed_validation=True
    )

    def structure(value: object, kind: Kind) -> Read:
        if not isinstance(value, dict):
            raise Wrong(f"must be a table, not {whole(value)}", "write it as { key = value, … }")
        return read(value, kind)

    return structure


def _target(value: object, read: Hook) -> Read:
    """A target is a table, or just its address."""
    return Target(address(value)) if isinstance(value, str) else read(value, Target)


def _each(values: Iterable[tuple[int | str, Item]], read: Callable[[Item], Read]) -> list[Read]:
    """Read every member; the faults of all come out together."""
    done, faults = [], []
    for at, value in values:
        try:
            done.append(read(value))
        except Exception as fault:  # noqa: BLE001 - carried on, with its place, in the group below
            place = IterableValidationNote("", at, Any)  # Any: of no type known
            fault.__notes__ = [*getattr(fault, "__notes__", ()), place]
            faults.append(fault)
    if faults:
        raise IterableValidationError("members", faults, list)
    return done


def _list(kind: Any, converter: BaseConverter) -> Hook:  # Any: as Kind, which mypy does not narrow
    """A tuple or set from an array; one value alone will do where an array of one is meant."""
    of, make = get_args(kind)[0], get_origin(kind)

    def structure(value: object, _: Kind) -> Read:
        values = value if isinstance(value, list) else [value]
        return make(_each(enumerate(values), lambda one: converter.structure(one, of)))

    return structure


def _mapping(kind: Kind, converter: BaseConverter) -> Hook:
    """A dictionary from a table; its keys are read like values."""
    key_kind, value_kind = get_args(kind)

    def structure(value: object, _: Kind) -> Read:
        if not isinstance(value, dict):
            raise Wrong(f"must be a table, not {whole(value)}", "write it as a table of names")
        pairs = ((key, (key, one)) for key, one in value.items())
        return dict(_each(pairs, lambda pair: _pair(pair, key_kind, value_kind, converter)))

    return structure


def _pair(pair: tuple[object, object], key_kind: Kind, value_kind: Kind, converter: BaseConverter) -> tuple[Read, Read]:
    """A key and its value; the faults of both."""
    kinds = iter((key_kind, value_kind))
    faults, read = [], []
    for one in pair:
        try:
            read.append(converter.structure(one, next(kinds)))
        except Exception as fault:  # noqa: BLE001 - carried on in the group below
            faults.append(fault)
    if faults:
        raise IterableValidationError("a key and its value", faults, dict)
    return read[0], read[1]


def _word(value: object, kind: Kind) -> Read:
    """Text, or a member of a set of words: cattrs finds one hook for str and the enums made of it."""
    if not issubclass(kind, Enum):
        return SCALARS[str](value)
    known = [member.value for member in kind]
    if value not in known:
        raise Wrong(f"{whole(value)} is not known here", _nearest(str(value), known))
    return kind(value)


def _range(kind: Kind, _: BaseConverter) -> Hook:
    between: Between = get_args(kind)[1]

    def structure(value: object, _: Kind) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Wrong(f"must be a whole number of {between.unit}, not {whole(value)}", f"write {between}")
        if not between.least <= value <= between.most:
            raise Wrong(f"{value} {between.unit} is out of range", f"write {between}")
        return value

    return structure


def _nearest(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"


def _scalar(read: Callable[[object], Read]) -> Hook:
    return lambda value, _: read(value)


def _is_class(kind: Kind) -> bool:
    return isinstance(kind, type) and attrs.has(kind)


def _is_list(kind: Any) -> bool:  # Any: as Kind, which mypy does not narrow
    return get_origin(kind) in (tuple, frozenset)


def _is_mapping(kind: Any) -> bool:  # Any: as Kind, which mypy does not narrow
    return get_origin(kind) is dict


def _build() -> Converter:
    converter = Converter(detailed_validation=True)
    factories: tuple[tuple[Callable[[Kind], bool], Callable[[Kind, BaseConverter], Hook]], ...] = (
        (_is_list, _list),
        (_is_mapping, _mapping),
        (_is_class, _table),
        (_is_between, _range),
    )
    for fits, factory in factories:
        converter.register_structure_hook_factory(fits, factory)
    converter.register_structure_hook(str, _word)
    converter.register_structure_hook(bool, _scalar(SCALARS[bool]))
    for kind, read in SCALARS.items():
        converter.register_structure_hook_func(_is(kind), _scalar(read))
    read_target = _table(Target, converter)
    converter.register_structure_hook_func(_is(Target), lambda value, _: _target(value, read_target))
    converter.register_structure_hook_func(_is_node, lambda value, _: _node(value, converter))
    return converter


def _is_node(kind: Kind) -> bool:
    return bool(kind == Node)


def _node(value: object, converter: Converter) -> Node:
    """A node is of the kind that its table names."""
    if not isinstance(value, dict):
        raise Wrong(f"must be a table, not {whole(value)}", "write it as [nodes.its-name] with its kind")
    fields = dict(value)
    kind = fields.pop("kind", None)
    if not isinstance(kind, str) or kind not in KINDS:
        what = "has no kind" if kind is None else f"is of no known kind, {whole(kind)}"
        raise Wrong(what, _nearest(str(kind), list(KINDS)))
    node: Node = converter.structure(fields, KINDS[kind])
    return node


def _is(kind: Kind) -> Callable[[Kind], bool]:
    return lambda other: other is kind


READER: Final = _build()


def faults_of(error: BaseException, path: tuple[str, ...] = ()) -> list[Fault]:
    """What cattrs raised, as faults with their places."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            path = (*path, note.name)
        else:  # an IterableValidationNote: nothing else is noted here
            path = (*path, str(note.index + 1 if isinstance(note.index, int) else note.index))
    if isinstance(error, BaseValidationError):
        return [fault for inner in error.exceptions for fault in faults_of(inner, path)]
    place = ".".join(path)
    if isinstance(error, ForbiddenExtraKeysError):
        known = [field.name for field in attrs.fields(error.cl)]
        return [
            Fault(".".join((*path, key)), "is not known here", _nearest(key, known))
            for key in sorted(error.extra_fields)
        ]
    if isinstance(error, Wrong):
        return [Fault(place, error.problem, error.mend)]
    if isinstance(error, KeyError):
        return [Fault(place, "is missing", f"add {EXAMPLES.get(path[-1], f'{path[-1]} = …')}")]
    raise error
