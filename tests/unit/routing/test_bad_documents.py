"""Wrong documents are refused whole, with every fault, its place and its mend."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing import document
from routing.document import PlanFaults
from routing.document.converter import faults_of
from tests.unit.routing.bad_documents import ROWS
from tests.unit.routing.example import PLAN, WHOLE


@pytest.mark.req("T3", "W1")
@pytest.mark.parametrize(("text", "expected"), [pytest.param(text, faults, id=what) for what, text, faults in ROWS])
def test_each_fault_has_its_place_and_its_mend(text: str, expected: list[tuple[str, str]]) -> None:
    """Exactly these faults come, each with a sentence on what to do."""
    with pytest.raises(PlanFaults) as caught:
        document.parse(text)
    faults = caught.value.faults
    assert [fault.path for fault in faults] == [path for path, _ in expected], str(caught.value)
    for fault, (_, word) in zip(faults, expected, strict=True):
        assert word in fault.problem
        assert fault.mend
        assert fault.mend in str(caught.value)


def test_the_corpus_is_large_enough() -> None:
    """At least 60 wrong documents, no two alike."""
    assert len({text for _, text, _ in ROWS}) == len(ROWS) >= 60


def test_all_faults_come_at_once() -> None:
    """Faults of different kinds and places are reported together."""
    text = "max_forwards = 99\n" + WHOLE
    text = text.replace('order = "round-robin"', 'order = "ring-robin"').replace('"0898"', '"98"')
    with pytest.raises(PlanFaults) as caught:
        document.parse(text)
    assert [fault.path for fault in caught.value.faults] == [
        "max_forwards",
        "nodes.sales.order",
        "screen.areas_never.1",
    ]


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150)
@given(st.text(max_size=200))
def test_any_text_is_a_plan_or_faults(text: str) -> None:
    """Garbage never raises anything but the fault report."""
    with contextlib.suppress(PlanFaults):
        document.parse(text)


@settings(max_examples=100)
@given(st.data())
def test_any_damage_is_a_plan_or_faults(data: st.DataObject) -> None:
    """A whole document with lines lost, doubled or cut, or characters changed: a plan, or faults, nothing else."""
    lines = document.write(PLAN).splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["lose", "double", "cut", "swap", "junk"])):
            case "lose":
                lines[at] = ""
            case "double":
                lines.insert(at, lines[at])
            case "cut":
                lines[at] = lines[at][: data.draw(st.integers(0, 40))]
            case "swap":
                other = data.draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case _:
                key = lines[at].partition("=")[0]
                lines[at] = f"{key}= {data.draw(st.sampled_from(['3', 'true', '[]', '{}', chr(34) * 2, '2026-01-01']))}"
    with contextlib.suppress(PlanFaults):
        document.parse("\n".join(lines))


@settings(max_examples=150)
@given(
    st.dictionaries(st.sampled_from(["number", "targets", "nodes", "hunt", "screen", "hours", "lists", "start"]), junk)
)
def test_any_table_is_a_plan_or_faults(table: dict[str, object]) -> None:
    """Values of any shape in any place are faults, not crashes."""
    from routing.document.converter import READER
    from routing.document.short_form import full, misplaced
    from routing.plan import Plan

    misplaced(table)
    try:
        READER.structure(full(table), Plan)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must be made of faults
        found = faults_of(error)
    else:
        return
    assert found


def test_what_is_no_fault_is_raised() -> None:
    """An error of our own is not dressed up as the author's."""
    with pytest.raises(ZeroDivisionError):
        faults_of(ZeroDivisionError())
