"""docs/plans.md says what the code does: every example is sound, every key there with its range and default."""

import re
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import attrs
import pytest

from b2bua.admission.holidays import china
from routing.check import Doubt, check
from routing.check.static_checks import BUILT_IN
from routing.document import parse
from routing.measure import Between
from routing.node import KINDS
from routing.origin import Origin
from routing.plan import Plan, Target, Transfer

PAGE = (Path(__file__).parents[3] / "docs" / "plans.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
TABLES: dict[str, type[Any]] = {
    "The top of a plan": Plan,
    "targets": Target,
    "transfer": Transfer,
    "Callers": Origin,
    **KINDS,
}


def _whole(example: str) -> str:
    """An example as a document: one without a number is an addition to the first."""
    if example.startswith("number ="):
        return example
    top, tables = re.split(r"^(?=\[)", example, maxsplit=1, flags=re.MULTILINE)
    return f"{top}{EXAMPLES[0]}{tables}"


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_sound(example: str) -> None:
    """It is read without a fault, and nothing in it is suspicious."""
    found = check(parse(_whole(example)), date(2026, 4, 15), china())
    assert not [one for one in found if one.doubt is not Doubt.GAP]


def test_the_short_case_is_short() -> None:
    """One number and two targets take fewer than ten lines."""
    assert len(EXAMPLES[0].splitlines()) < 10


def _between(kind: Any) -> Between | None:
    """The range of a whole number, optional or not."""
    for one in (kind, *get_args(kind)):
        if get_origin(one) is Annotated and isinstance(get_args(one)[1], Between):
            found: Between = get_args(one)[1]
            return found
    return None


@pytest.mark.req("T3")
@pytest.mark.parametrize("title", TABLES)
def test_every_key_is_told_as_it_is(title: str) -> None:
    """The table under each heading has exactly the keys of the code, in its order, with their ranges and defaults."""
    section = re.split(r"^##+ ", PAGE.split(f"### {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    rows = {cells[0]: cells for cells in re.findall(r"^\| `(\w+)` \| (.*) \| (.*)\| (.*) \|$", section, re.MULTILINE)}
    fields = {field.name: field for field in attrs.fields(TABLES[title])}
    assert list(rows) == list(fields), (
        f"docs/plans.md, “{title}”: tell the keys of {TABLES[title].__name__}, in its order"
    )
    for name, (_, _, unit, default) in rows.items():
        field = fields[name]
        if between := _between(field.type):
            assert str(between) in unit, name
        is_word = isinstance(field.type, type) and issubclass(field.type, Enum)
        words = [member.value for member in field.type] if is_word else []
        assert all(f"`{word}`" in unit for word in words), name
        if isinstance(field.default, bool | int | str) and field.default != "":
            shown = field.default.value if isinstance(field.default, Enum) else field.default
            assert default == f"`{str(shown).lower() if isinstance(shown, bool) else shown}`", name
        elif (title, name) != ("hunt", "targets") and (title, name) not in _FILLED_IN:
            assert ("required" in default) == (field.default is attrs.NOTHING or field.default == ""), name


_FILLED_IN = {("The top of a plan", "nodes"), ("The top of a plan", "start")}
"""What a document may leave out although a plan has it."""


def test_the_built_in_prompts_are_told() -> None:
    """Every prompt that is there without an upload, but for the numbers and the English ones."""
    told = set(re.findall(r"`([\w-]+)`", PAGE.split("## Prompts\n", 1)[1].split("\n## ")[0])) - {"-en"}
    assert told >= {name for name in BUILT_IN if not name.startswith("number-") and not name.endswith("-en")}
