"""No pattern of the edge repeats a group possessively: Debian 12's Python matches part of such a group."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

import b2bua.edge

_parser: Any = re._parser  # type: ignore[attr-defined]  # the only reader of patterns that Python has
ONE_CHARACTER = {"IN", "LITERAL", "NOT_LITERAL", "ANY"}


def patterns() -> list[re.Pattern[str]]:
    """Every compiled pattern that a module of the edge names."""
    names = [f"b2bua.edge.{module.name}" for module in pkgutil.iter_modules(b2bua.edge.__path__)]
    found = [value for name in names for value in vars(importlib.import_module(name)).values()]
    return [value for value in found if isinstance(value, re.Pattern)]


def repeated_groups(parsed: Any) -> Iterator[Any]:
    """What is repeated possessively and is more than one character, however deep inside."""
    for operator, argument in parsed:
        inner = argument if isinstance(argument, list | tuple) else [argument]
        if str(operator) == "POSSESSIVE_REPEAT":
            repeated = argument[2]
            if len(repeated) > 1 or str(repeated[0][0]) not in ONE_CHARACTER:
                yield argument
        for part in inner:
            if isinstance(part, _parser.SubPattern):
                yield from repeated_groups(part)
            elif isinstance(part, list):
                for branch in part:
                    if isinstance(branch, _parser.SubPattern):
                        yield from repeated_groups(branch)


@pytest.mark.req("S5")
def test_no_group_is_repeated_possessively() -> None:
    """Neither in the patterns nor inside them; and the reader of patterns finds one that is."""
    assert list(repeated_groups(_parser.parse(r"a(?:b|c(?:d;)?+)")))
    every = patterns()
    assert len(every) > 10
    assert [pattern.pattern for pattern in every if list(repeated_groups(_parser.parse(pattern.pattern)))] == []
