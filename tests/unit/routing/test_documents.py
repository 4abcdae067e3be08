"""Plan documents: short to write, complete, printed without loss (T3)."""

import json
import tomllib
from pathlib import Path
from typing import Any

import attrs
import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b2bua.admission.holidays import china
from routing import document
from routing.cause import BUSY, CONGESTION, from_sip, is_busy, is_no_answer, of_all
from routing.check import check, difference
from routing.document.schema import schema
from routing.document.toml import print_toml
from routing.explain import World, explain
from routing.facts import Facts
from routing.hours import DateRange
from routing.ids import NodeName, TargetName
from routing.node import Hunt, Menu, Screen, Verify
from routing.plan import FIRST_HUNT, GATES, Plan
from routing.secret import hide, is_secret, matches
from tests.unit.routing.calls import TWO_TARGETS
from tests.unit.routing.example import PLAN, WHOLE
from tests.unit.routing.strategies import facts, plans


@pytest.mark.req("T3")
def test_the_simple_case_is_short() -> None:
    """One number and two targets are under ten lines; everything else has its default."""
    assert len(TWO_TARGETS.splitlines()) < 10
    plan = document.parse(TWO_TARGETS)
    assert plan.nodes == {FIRST_HUNT: Hunt((TargetName("front-desk"), TargetName("mobile"))), GATES[0]: Screen()}
    assert (plan.start, plan.zone, plan.most_forwards()) == (FIRST_HUNT, "Asia/Shanghai", 10)


@pytest.mark.req("T3")
def test_the_simple_case_is_printed_as_it_was_written() -> None:
    """Printing adds nothing that its author left out."""
    assert document.write(document.parse(TWO_TARGETS)) == TWO_TARGETS.replace("[targets]", "\n[targets]")


@pytest.mark.req("T3")
@settings(max_examples=60)
@given(plans())
def test_printing_loses_nothing(plan: Plan) -> None:
    """parse ∘ print is the identity, on whole plans; so are the link's forms, and the hash follows the content."""
    text = document.write(plan)
    again = document.parse(text)
    assert again == plan
    assert document.write(again) == text
    wire = msgpack.unpackb(msgpack.packb(document.to_plain(plan)))
    assert document.from_plain(wire) == plan
    assert document.content_hash(again) == document.content_hash(plan)


@pytest.mark.req("T3")
def test_the_order_of_tables_does_not_count() -> None:
    """Where the document has no order, another order is the same plan with the same hash."""
    tables = WHOLE.split("\n\n")
    head, rest = tables[0], tables[1:]
    other = document.parse("\n\n".join([head, *reversed(rest)]))
    assert other == PLAN
    assert document.content_hash(other) == document.content_hash(PLAN)
    lists = WHOLE.replace('refuse = ["payphone", "campus"]', 'refuse = ["campus", "payphone"]')
    assert document.content_hash(document.parse(lists)) == document.content_hash(PLAN)


def _shuffled(draw: st.DrawFn, table: dict[Any, Any]) -> dict[Any, Any]:
    return {name: table[name] for name in draw(st.permutations(list(table)))}


@st.composite
def _two_orders(draw: st.DrawFn) -> tuple[Plan, Plan]:
    """A plan, and the same with all its tables in another order, and the keys of its menus."""
    plan = draw(plans())
    nodes = {
        name: attrs.evolve(node, keys=_shuffled(draw, node.keys)) if isinstance(node, Menu) else node
        for name, node in _shuffled(draw, plan.nodes).items()
    }
    tables: Any = {name: _shuffled(draw, getattr(plan, name)) for name in ("targets", "hours", "lists", "extensions")}
    return plan, attrs.evolve(plan, nodes=nodes, **tables)


@pytest.mark.req("S2", "T3")
@settings(max_examples=15)
@given(_two_orders(), facts(), st.sampled_from(["", "1", "801"]))
def test_no_call_hangs_on_the_order_of_tables(pair: tuple[Plan, Plan], of: Facts, key: str) -> None:
    """Whole plans with their tables in another order have the same hash, and decide and explain every call alike."""
    plan, other = pair
    assert document.content_hash(plan) == document.content_hash(other)
    world = World(keys=("2580", key, key))
    assert explain(plan, of, world) == explain(other, of, world)
    assert check(plan, of.arrived.date(), china()) == check(other, of.arrived.date(), china())
    assert difference(plan, other) == ()


def test_a_plan_comes_back_from_each_of_its_forms() -> None:
    """Written as a document or as plain types and read again, the example is the same; so is one with another start."""
    for plan in (PLAN, attrs.evolve(PLAN, start=NodeName("menu"))):
        assert document.parse(document.write(plan)) == plan
        assert document.from_plain(document.to_plain(plan)) == plan
    assert 'start = "menu"' in document.write(attrs.evolve(PLAN, start=NodeName("menu")))


def test_another_content_has_another_hash() -> None:
    """The hash has 64 hexadecimal digits and tells contents apart."""
    assert len(document.content_hash(PLAN)) == 64
    assert document.content_hash(PLAN) != document.content_hash(document.parse(TWO_TARGETS))


@pytest.mark.req("O5")
def test_a_password_is_never_kept_in_digits() -> None:
    """The digits that a document gives are gone: the plan, its plain form and its text hold a salted hash."""
    verify = PLAN.nodes[NodeName("verify")]
    assert isinstance(verify, Verify)
    assert is_secret(verify.password)
    assert matches(verify.password, "2580")
    assert not matches(verify.password, "2581")
    assert not matches(hide("2580", "x").__class__("no hash"), "2580")
    for text in (repr(PLAN), json.dumps(document.to_plain(PLAN), ensure_ascii=False), document.write(PLAN)):
        assert '"2580"' not in text
        assert "'2580'" not in text


@pytest.mark.req("O5")
def test_an_author_s_text_is_kept_without_its_password() -> None:
    """The concealed text is the same plan, keeps its comments, and has no digits of the password left."""
    text = WHOLE.replace("[verify]", "# ask first\n[verify]")
    kept = document.conceal(text)
    assert "2580" not in kept
    assert "# ask first" in kept
    assert document.parse(kept) == PLAN
    assert document.conceal(kept) == kept


def test_dates_on_either_side_of_toml() -> None:
    """A date may stand bare or in quotes."""
    head = 'holidays = [2026-06-01, "2026-06-02..2026-06-03"]\n' + TWO_TARGETS
    assert [str(one) for one in document.parse(head).holidays] == ["2026-06-01", "2026-06-02..2026-06-03"]
    assert isinstance(document.parse(head).holidays[0], DateRange)


def test_printed_toml_is_read_back() -> None:
    """Awkward keys and texts survive."""
    table = {"a b": 'qu"ote\\', "名": ["中"], "t": {"x": 1, "y": True, "z": {"k": "v"}}, "empty": {}}
    assert tomllib.loads(print_toml(table)) == table


def _fits(value: object, schema: dict[str, object]) -> bool:
    """Enough of JSON Schema to see that a document fits one."""
    match schema:
        case {"anyOf": list(choices)}:
            return any(_fits(value, one) for one in choices)
        case {"const": const}:
            return value == const
        case {"enum": list(known)}:
            return value in known
        case {"type": "object"}:
            properties = schema.get("properties", {})
            other = schema.get("additionalProperties", {})
            assert isinstance(properties, dict)
            return (
                isinstance(value, dict)
                and all(key in value for key in schema.get("required", ()))  # type: ignore[attr-defined] # a list
                and all(
                    _fits(one, properties[key]) if key in properties else isinstance(other, dict) and _fits(one, other)
                    for key, one in value.items()
                )
            )
        case {"type": "array", "items": dict(items)}:
            return isinstance(value, list) and all(_fits(one, items) for one in value)
        case {"type": "integer"}:
            return isinstance(value, int)
        case {"type": "boolean"}:
            return isinstance(value, bool)
        case {"type": "string"}:
            return isinstance(value, str)
        case _:
            return True


def _as_json(value: object) -> object:
    return json.loads(json.dumps(value, default=str))


@pytest.mark.req("T3")
@settings(max_examples=30)
@given(plans())
def test_documents_fit_the_schema(plan: Plan) -> None:
    """Every document that we print fits the published schema; one with an unknown key does not."""
    whole = schema()
    table = _as_json(tomllib.loads(document.write(plan)))
    assert _fits(table, whole)
    assert not _fits({**table, "colour": "red"}, whole)  # type: ignore[dict-item] # a table
    assert _fits(_as_json(tomllib.loads(WHOLE)), whole)


def test_causes_keep_the_status_they_came_with() -> None:
    """RFC 3398: a Q.850 value of the target's own wins, a missing one is the status's; the status itself stays."""
    assert (from_sip(486, None).slug, from_sip(600, None).sip) == ("busy", 600)
    assert (from_sip(480, 20).slug, from_sip(480, None).slug) == ("unreachable", "no-answer")
    assert (from_sip(503, 34).slug, from_sip(603, None).sip) == ("no-circuit", 603)
    assert (from_sip(302, None).sip, from_sip(302, None).slug, from_sip(302, 17).slug) == (480, "moved", "busy")
    assert (from_sip(420, None).slug, from_sip(420, None).q850) == ("sip-420", 127)
    assert (from_sip(408, None).slug, from_sip(404, 900).q850) == ("no-answer", 1)
    assert is_busy(from_sip(500, 17))
    assert is_no_answer(from_sip(480, 19))
    assert of_all([BUSY, from_sip(404, None)]).slug == "unreachable"
    assert of_all([CONGESTION, CONGESTION]) == CONGESTION


@pytest.mark.req("T3")
def test_a_hunt_s_settings_stay_short() -> None:
    """The settings of the only hunt stand under `[hunt]`; a node of that name and another kind does not."""
    text = TWO_TARGETS + "\n[hunt]\nring_s = 20\n"
    assert document.write(document.parse(text)).endswith("[hunt]\nring_s = 20\n")
    other = TWO_TARGETS + '\n[nodes.hunt]\nkind = "release"\n'
    assert document.parse(document.write(document.parse(other))) == document.parse(other)


def test_the_plan_s_zone() -> None:
    """Zones are fixed offsets: the mainland has no summer time."""
    far = document.parse('zone = "Asia/Urumqi"\n' + TWO_TARGETS)
    assert str(far.timezone()) == "UTC+06:00"


@pytest.mark.req("T3")
def test_the_published_schema_is_this_one() -> None:
    """docs/plan.schema.json is what the code would write today."""
    published = Path(__file__).parents[3] / "docs" / "plan.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == schema()
