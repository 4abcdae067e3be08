"""Converters and validators of request fields; their errors name the field and say how to correct it.

Rule: a value that passes here is not checked again by the implementations.
"""

from collections.abc import Callable
from typing import Any, Final

import attrs

from routing.ids import Number400
from routing.number import NumberFault, parse_400

MOST_ROWS: Final = 10_000
"""Rows in one reply; a longer search is to be narrowed."""
USUAL_ROWS: Final = 200
MOST_TIME_MS: Final = 253_402_300_799_999
"""The end of the year 9999, the last that a date can be printed of (UTC epoch milliseconds)."""
MOST_SERIAL: Final = 2**63 - 1
"""The databases' integers have 64 bits."""
MOST_LINE: Final = 2000
"""Characters of a name, a note or a search."""
MOST_NAMED: Final = 1000
"""Items of a list in one request."""

# Any: attrs gives a validator no closer types than these.
Value = Any
Check = Callable[[object, "attrs.Attribute[Value]", Value], None]
"""A validator: attrs calls it with the instance, the field, and the new value, which is of the field's type."""


class FieldFault(ValueError):
    """A field of a request has a wrong value: which field, what is wrong, and how to correct it."""

    def __init__(self, path: str, problem: str, mend: str) -> None:
        super().__init__(f"{path} {problem}; {mend}")
        self.path = path
        self.problem = problem
        self.mend = mend


def number_400(text: str) -> Number400:
    """A 400 number as people write it, in canonical form. Raises FieldFault."""
    try:
        return parse_400(text)
    except NumberFault as fault:
        raise FieldFault("number", f"is no 400 number ({fault})", "write it as 400-600-1234") from fault


def optional_number(text: str | None) -> Number400 | None:
    """The same, None if the text is empty or None."""
    return number_400(text) if text else None


def stripped(text: str) -> str:
    """A text without the spaces around it."""
    return text.strip()


def between(least: int, most: int, what: str) -> Check:
    """An integer from `least` to `most`, or None where the field may be None."""

    def check(_: object, field: "attrs.Attribute[Value]", value: int | None) -> None:
        if value is not None and not least <= value <= most:
            raise FieldFault(field.name, f"is {value}", f"it is {what} from {least} to {most}")

    return check


rows = between(1, MOST_ROWS, "a number of rows")
time_ms = between(0, MOST_TIME_MS, "a time in UTC epoch milliseconds")
serial = between(0, MOST_SERIAL, "an integer")


def short_text(_: object, field: "attrs.Attribute[Value]", value: Value) -> None:
    """A text of at most `MOST_LINE` characters."""
    if len(value) > MOST_LINE:
        raise FieldFault(field.name, f"has {len(value)} characters", f"write at most {MOST_LINE}")
    if "\0" in value:
        raise FieldFault(field.name, "has a zero character", "leave it out")


def non_empty_text(owner: object, field: "attrs.Attribute[Value]", value: Value) -> None:
    """The same, and not empty."""
    short_text(owner, field, value)
    if not value.strip():
        raise FieldFault(field.name, "is empty", "write it")


def non_empty_list(_: object, field: "attrs.Attribute[Value]", value: tuple[str, ...]) -> None:
    """A list of at least one item, and of as many as one frame of the protocol holds."""
    if not value:
        raise FieldFault(field.name, "is empty", "name at least one")


def bounded_non_empty_list(_: object, field: "attrs.Attribute[Value]", value: tuple[str, ...]) -> None:
    """A list of 1 to `MOST_NAMED` items."""
    if not 1 <= len(value) <= MOST_NAMED:
        raise FieldFault(field.name, f"has {len(value)} items", f"name 1 to {MOST_NAMED}")


def bounded_list(_: object, field: "attrs.Attribute[Value]", value: tuple[str, ...]) -> None:
    """A list of at most `MOST_NAMED` items."""
    if len(value) > MOST_NAMED:
        raise FieldFault(field.name, f"has {len(value)} items", f"name at most {MOST_NAMED}")
