"""Prints a table as TOML 1.0 text that a person reads with ease.

Rule: what is printed is read back as the same values, in the same order, by `tomllib`.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, TypeGuard

Document = dict[str, Any]  # Any: tables from outside, or from cattrs, whose values no hook has read yet

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def print_toml(table: Mapping[str, object]) -> str:
    """A table as a document: single values first, then its tables."""
    return "\n".join(_lines(table, ())) + "\n"


def _lines(table: Mapping[str, object], path: tuple[str, ...]) -> list[str]:
    lines = [f"{_key(key)} = {_value(value)}" for key, value in table.items() if not _is_section(value, path)]
    for key, value in table.items():
        if _is_section(value, path):
            inner = (*path, key)
            head = f"[{'.'.join(map(_key, inner))}]"
            body = _lines(value, inner)
            # A table of tables needs no head of its own unless it has lines that are not tables.
            own = body and not body[0].startswith(("[", "\n")) and body[0] != ""
            lines += ["", head, *body] if own or not body else body
    return lines


def _is_section(value: object, path: tuple[str, ...]) -> TypeGuard[dict[str, object]]:
    """Tables stand under their own head down to the nodes; deeper ones, and a target's, are written in a
    line."""
    return isinstance(value, dict) and (not path or path == ("nodes",))


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _quoted(key)


def _quoted(text: str) -> str:
    # JSON's escapes are TOML's, but for DEL, which TOML wants escaped and no plan can hold.
    return json.dumps(text, ensure_ascii=False)


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _quoted(value)
        case dict():
            return "{ " + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(_value, value)) + "]"
        case _:  # a whole number or a date
            return str(value)
