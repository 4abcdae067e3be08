"""Converts requests and replies to plain fields, and back.

Rule: a request that does not fit its class is refused, with the path of each wrong field and how to correct it: no
value is converted to another type, and no field is ignored.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Any, Final, TypeVar, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.errors import (
    AttributeValidationNote,
    BaseValidationError,
    ForbiddenExtraKeysError,
    IterableValidationNote,
)

from b2bua.api.requests.fields import FieldFault
from b2bua.api.requests.operation import AnOperation, Operation, Refusal, reply_class
from b2bua.console.protocol import Fault, FaultKind

R = TypeVar("R")
O = TypeVar("O", bound=AnOperation)  # noqa: E741  # the usual letter for an operation, with R for its reply

Value = Any
"""A value of one of msgpack's types, from outside and not checked yet (hence Any)."""
Plain = dict[str, Value]
"""Fields by name."""

_MOST_SENTENCE: Final = 1000
"""Characters of a refusal's sentence."""
_MOST_FAULTS: Final = 20
_KINDS: Final = {str: "a text", int: "an integer", bool: "true or false", float: "a number"}


def encode(value: object) -> Plain:
    """A request or a reply as plain fields."""
    plain: Plain = _CONVERTER.unstructure(value)
    return plain


def decode(kind: type[O], plain: object) -> O:
    """The request that these fields are. Raises Refusal (`bad-request`) that names each field that is wrong."""
    try:
        if not isinstance(plain, dict):
            raise FieldFault("", "fields are no map", "send them by name")
        return _CONVERTER.structure(plain, kind)
    except FieldFault as fault:
        faults: tuple[Fault, ...] = (Fault(fault.path, fault.problem, fault.mend),)
    except BaseValidationError as error:
        faults = tuple(_faults(error, ""))
    except Exception as error:  # noqa: BLE001 - whatever foreign fields raise, it is the fields that are wrong
        faults = (Fault("", f"cannot be read: {error!r:.80}", ""),)
    sentence = "; ".join(map(_sentence, faults))
    raise Refusal(FaultKind.BAD_REQUEST, f"{kind.NAME}: {sentence}"[:_MOST_SENTENCE], faults[:_MOST_FAULTS])


def decode_reply(request: Operation[R], plain: object) -> R:
    """The reply to a request. Raises ValueError for fields that are not such a reply's."""
    kind = reply_class(type(request))
    try:
        return _CONVERTER.structure(plain, kind)
    except Exception as error:
        raise ValueError(f"the reply to {request.NAME} is not one: {error!r:.200}") from error


def _sentence(fault: Fault) -> str:
    said = f"{fault.path} {fault.problem}".strip()
    return f"{said}: {fault.mend}" if fault.mend else said


def _exact(value: Value, kind: type) -> Value:
    """A value that is of this type already; for a StrEnum, which is a str too, one of its members."""
    if issubclass(kind, Enum):
        return _member(value, kind)
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise FieldFault("", f"is {_shown(value)}", f"it is {_KINDS[kind]}")
    return value


def _member(value: Value, kind: type[Enum]) -> Enum:
    if isinstance(value, str):
        for member in kind:
            if member.value == value:
                return member
    raise FieldFault("", f"is {_shown(value)}", f"it is one of {', '.join(str(each.value) for each in kind)}")


def _row(value: Value, kind: object) -> tuple[Value, ...]:
    """A list of items of one type. Without this a text would pass as a list of letters."""
    if not isinstance(value, list | tuple):
        raise FieldFault("", f"is {_shown(value)}", "it is a list")
    inner, items = get_args(kind)[0], []
    for place, each in enumerate(value):
        try:
            items.append(_CONVERTER.structure(each, inner))
        except FieldFault as fault:
            raise FieldFault(f"{place}{'.' if fault.path else ''}{fault.path}", fault.problem, fault.mend) from fault
    return tuple(items)


def _is_row(kind: object) -> bool:
    return bool(get_origin(kind) == tuple and get_args(kind)[1:] == (...,))  # noqa: E721 - an alias, not a value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _faults(error: BaseException, path: str) -> Iterator[Fault]:
    """Each fault in what cattrs raised, with the path of its field."""
    match error:
        case ForbiddenExtraKeysError(extra_fields=names):
            for name in sorted(map(str, names)):
                known = ", ".join(field.name for field in attrs.fields(error.cl)) or "none"
                yield Fault(_below(path, name[:80]), "is no field of this request", f"its fields: {known}")
        case FieldFault():
            yield Fault(_below(path, error.path), error.problem, error.mend)
        case BaseValidationError(exceptions=inner):
            for each in inner:
                yield from _faults(each, _below(path, _place(each)))
        case KeyError(args=(name,)) if not path or path == name:
            yield Fault(str(name), "is missing", "")
        case KeyError(args=(name,)):
            yield Fault(path if path.endswith(str(name)) else _below(path, str(name)), "is missing", "")
        case _:
            yield Fault(path, str(error)[:200] or type(error).__name__, "")


def _place(error: BaseException) -> str:
    """The name or index that cattrs noted at an error."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return note.name
        if isinstance(note, IterableValidationNote):
            return str(note.index)
    return ""


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    for kind in _KINDS:
        converter.register_structure_hook(kind, _exact)
    converter.register_structure_hook(Enum, _member)
    # Trace steps and the facts in records are plain already, and of any shape.
    converter.register_structure_hook_func(lambda kind: kind == Plain, lambda value, _: dict(value))
    converter.register_unstructure_hook_func(lambda kind: kind == Plain, lambda value: value)
    converter.register_structure_hook_func(_is_row, _row)
    return converter


_CONVERTER: Final = _converter()
