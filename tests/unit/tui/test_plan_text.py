"""The pure parts of editing a plan: fields in a text, lines of faults, the tree, drafts."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.tui.plan_store import PLAN
from tui.i18n import Language, set_language
from tui.plan.compare import MOST_LINES, compare
from tui.plan.drafts import Draft, Drafts
from tui.plan.edits import Field, read, write
from tui.plan.forms import forms
from tui.plan.lines import line_of
from tui.plan.outline import outline
from tui.plan.toml_edit import EditFault
from tui.plan.typed import Kind

FIELDS = [field for form in forms(tomllib.loads(PLAN)) for field in form.named("neu").fields]
words = st.text(st.characters(whitelist_categories=("L", "N"), whitelist_characters="-"), min_size=1, max_size=8)
typed_of = {
    Kind.TEXT: words,
    Kind.WHOLE: st.integers(0, 999).map(str),
    Kind.YES_NO: st.sampled_from(["yes", "no"]),
    Kind.LIST: st.lists(words, min_size=1, max_size=3).map("; ".join),
    Kind.WAYS: st.dictionaries(words, words, min_size=1, max_size=3).map(
        lambda ways: "; ".join(f"{key} = {then}" for key, then in ways.items())
    ),
    Kind.WINDOWS: st.lists(words, min_size=1, max_size=3).map("; ".join),
    Kind.SHARES: st.tuples(words, words, st.integers(1, 99)).map(
        lambda shares: f"{shares[0]} {shares[2]}; {shares[1]} {100 - shares[2]}"
    ),
    Kind.TIMES: st.tuples(words, words, words).map(lambda names: f"{names[0]} & {names[1]} -> {names[2]}"),
    Kind.AREAS: st.tuples(words, words).map(lambda names: f"021 & 138 & x{names[0]} -> {names[1]}"),
}


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Tests read English."""
    set_language(Language.EN)
    yield
    set_language(Language.ZH)


def put(field: Field) -> st.SearchStrategy[tuple[Field, str]]:
    """This field, and something that fits it."""
    fitting = st.sampled_from(field.choices) if field.choices else typed_of[field.kind]
    return st.tuples(st.just(field), fitting)


@settings(deadline=None)
@given(st.lists(st.sampled_from(FIELDS).flatmap(put), max_size=5))
def test_a_form_reads_back_what_it_wrote_and_touches_nothing_else(puts: list[tuple[Field, str]]) -> None:
    """Any fields in any order: the last word of each is read back, comments and the rest stay."""
    text, last = PLAN, dict[Field, str]()
    for field, typed in puts:
        text = write(text, field, typed)
        last[field] = typed
    document = tomllib.loads(text)
    for field, typed in last.items():
        assert read(document, field) == typed
    assert "# 耐思智慧" in text
    assert "# on call" in text
    for field in FIELDS:
        if field not in last:
            assert read(document, field) == read(tomllib.loads(PLAN), field)


@settings(deadline=None)
@given(st.sampled_from(FIELDS).flatmap(put))
def test_an_emptied_field_is_taken_away(one: tuple[Field, str]) -> None:
    """An empty line in a form takes the field out of the document."""
    field, typed = one
    assert read(tomllib.loads(write(write(PLAN, field, typed), field, "")), field) == ""


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (Kind.WHOLE, "ten"),
        (Kind.YES_NO, "maybe"),
        (Kind.WAYS, "1"),
        (Kind.SHARES, "sales"),
        (Kind.TIMES, "Sat"),
        (Kind.AREAS, "021"),
    ],
)
def test_what_does_not_fit_a_field_is_told(kind: Kind, typed: str) -> None:
    """A form says what can be written there, and shows what was."""
    with pytest.raises(EditFault, match=typed):
        write(PLAN, Field(("hunt", "x"), kind), typed)


@pytest.mark.parametrize(
    ("path", "problem", "line"),
    [
        ("targets.night-mobile.ring_s", "", 6),
        ("hunt.ring_s", "", 9),
        ("hunt.order", "", 8),
        ("number", "", 1),
        ("nodes.nowhere", "", 0),
        ("document", "is not TOML: … (at line 4, column 2)", 3),
    ],
)
def test_a_fault_leads_to_its_line(path: str, problem: str, line: int) -> None:
    """The line of the path, of what is written of it, or the one that the parser names."""
    assert line_of(PLAN, path, problem) == line


def plain_text(document: dict[str, Any]) -> str:
    """The tree as text."""
    return "\n".join(" ".join(cell.text for cell in line) for line in outline(document))


def test_the_tree_reads_aloud() -> None:
    """Targets in order with their fields; ways by branch and key; loops named once; strays found."""
    tree = plain_text(
        {
            "number": "400-600-1234",
            "targets": {"a": "010-1", "b": {"address": "020-2", "hours": "work"}},
            "verify": {"password": "2580"},
            "start": "when",
            "nodes": {
                "when": {"kind": "time", "branches": [{"when": "work", "then": "menu"}], "otherwise": "gone"},
                "menu": {"kind": "menu", "keys": {"1": "sales", "9": "menu"}, "otherwise": "sales"},
                "sales": {"kind": "hunt", "targets": ["b", "c"]},
                "stray": {"kind": "release"},
            },
        }
    )
    for faults_by_line in (
        "when work menu",
        "key 1 sales",
        "020-2 hours work",
        "c no such target",
        "gone no such node",
    ):
        assert faults_by_line in tree
    for faults_by_line in ("menu menu (as above)", "nothing leads here", "stray release", "••••"):
        assert faults_by_line in tree
    assert "2580" not in tree


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=12,
    ),
    st.sampled_from(["targets", "nodes", "hunt", "start", "screen"]),
)
def test_the_tree_bears_any_document(value: Any, name: str) -> None:
    """A half-typed document has a tree too."""
    outline({name: value})
    outline({"nodes": {"a": {"kind": "menu", name: value, "keys": value, "branches": [value]}}})


def test_compare_marks_lines() -> None:
    """A change is a line with - and one with +; no change is nothing."""
    marks = [line[0].text[:1] for line in compare(PLAN, PLAN.replace("15", "16"))]
    assert marks.count("+") == marks.count("-") == 1
    assert compare(PLAN, PLAN) == []


def test_a_long_difference_ends_with_what_is_left_out() -> None:
    """After a thousand lines the rest is only counted: a megabyte of them would hold up every key."""
    lines = compare(PLAN, PLAN + "# x\n" * 10_000)
    assert len(lines) == MOST_LINES + 1
    assert lines[-1][0].text == f"… and {10_000 + 4 - MOST_LINES} lines more"


def test_drafts_are_private_whole_and_forgiving(tmp_path: Path) -> None:
    """A draft comes back as it was, is nobody else's to read, and a broken file is no draft."""
    drafts = Drafts(tmp_path / "own")
    assert drafts.read("4006001234") is None
    drafts.keep("4006001234", Draft("text 中", "ab"))
    assert drafts.read("4006001234") == Draft("text 中", "ab")
    (file,) = (tmp_path / "own").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("{")
    assert drafts.read("4006001234") is None
    drafts.drop("4006001234")
    drafts.drop("4006001234")
