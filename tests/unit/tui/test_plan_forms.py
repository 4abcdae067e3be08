"""The everyday things by form, from the simplest plan on: put in, changed and taken away again, in the text itself."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b2bua.console.protocol import Fault
from routing.document import PlanFaults, parse
from tui.i18n import Language, set_language
from tui.plan.edits import Field, read
from tui.plan.fill import emptied, faults_by_line, fill, first_lines
from tui.plan.forms import NAME, Form, forms
from tui.plan.remove_step import remove_part
from tui.plan.toml_edit import EditFault, drop, put

SIMPLE = """\
number = "400-600-1234"
subscriber = "示例公司"

[targets]
front-desk = "021-6228 8300"
mobile = "138 0013 8000"
"""

REMARKED = """\
# ours since 2019
number = "400-600-1234"
subscriber = "示例公司" # asked for by Wang

# who rings
[targets]
front-desk = "021-6228 8300" # second floor
mobile = "138 0013 8000"

# patience
[hunt]
ring_s = 20 # not less
announce = "busy"

# spam
[screen]
black.numbers = [
    "021-5555 0000", # every night
    "021-5555 0001",
]

# end
"""


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Tests read English."""
    set_language(Language.EN)
    yield
    set_language(Language.ZH)


def form(text: str, title: str) -> Form:
    """The form of this title."""
    return next(one for one in forms(tomllib.loads(text)) if one.title == title)


def filled(text: str, title: str, **typed: str) -> str:
    """The text after a form was filled in, line by the name of the line."""
    one = form(text, title)
    lines = {**first_lines(one, text), **{line: typed[line.name] for line in one.lines if line.name in typed}}
    changed, wrong = fill(one, text, lines)
    assert not wrong
    return changed


def refused(text: str, title: str, **typed: str) -> dict[str, str]:
    """What a form says at which line."""
    one = form(text, title)
    lines = {**first_lines(one, text), **{line: typed[line.name] for line in one.lines if line.name in typed}}
    same, wrong = fill(one, text, lines)
    assert same == text
    return {line.name: said for line, said in wrong.items()}


def away(text: str, title: str) -> str:
    """The text after a form's thing was taken away."""
    return remove_part(text, form(text, title).whole)


def means(text: str) -> dict[str, Any]:
    """The document; it is a plan without faults."""
    parse(text)
    return tomllib.loads(text)


@pytest.mark.req("S4", "R3")
@pytest.mark.parametrize(
    "typed", ["front-desk 37; mobile 63", "37 % to front-desk, 63% mobile", "front-desk 37％；mobile 63％"]
)
@pytest.mark.parametrize("text", [SIMPLE, REMARKED], ids=["simple", "remarked"])
def test_a_split_is_put_into_a_plan_without_nodes_and_taken_away_again(text: str, typed: str) -> None:
    """37 % to one and 63 % to the other, each with the other behind it; without the split the text is as it was."""
    split = filled(text, "+ shares in percent", branches=typed)
    plan = means(split)
    assert plan["nodes"]["split"]["branches"] == [
        {"percent": 37, "then": "front-desk"},
        {"percent": 63, "then": "mobile"},
    ]
    assert plan["nodes"]["front-desk"]["targets"] == ["front-desk", "mobile"]
    assert plan["nodes"]["mobile"]["targets"] == ["mobile", "front-desk"]
    assert parse(split).start == "split"
    waits = tomllib.loads(text).get("hunt", {}).get("ring_s")
    assert all(plan["nodes"][name].get("ring_s") == waits for name in ("front-desk", "mobile"))
    assert away(split, "Shares: split") == text


@pytest.mark.req("S4", "R3")
def test_a_split_is_changed_and_a_third_target_put_into_it() -> None:
    """Percentages change where they stand; a target without a node gets one, with the others behind it as they have."""
    text = filled(SIMPLE, "+ a target", name="night", address="139 1111 2222")
    text = filled(text, "+ shares in percent", branches="front-desk 50; mobile 50").replace('share"', 'share" # half')
    text = filled(text, "Shares: split", branches="front-desk 50; mobile 30; night 20")
    plan = means(text)
    assert plan["nodes"]["night"]["targets"] == ["night", "front-desk", "mobile"]
    assert [branch["percent"] for branch in plan["nodes"]["split"]["branches"]] == [50, 30, 20]
    assert 'share" # half' in text


@pytest.mark.req("S4", "M2")
def test_a_menu_is_put_in_changed_and_taken_away_again() -> None:
    """Keys lead to targets alone; whoever keys nothing goes where all went before."""
    text = filled(REMARKED, "+ a menu of keys", keys="1 = front-desk; 2 = mobile")
    plan = means(text)
    assert plan["nodes"]["menu"]["keys"] == {"1": "front-desk", "2": "mobile"}
    assert plan["nodes"]["menu"]["otherwise"] == "hunt"
    assert plan["nodes"]["mobile"]["targets"] == ["mobile"]
    assert plan["nodes"]["hunt"] == {"kind": "hunt", "ring_s": 20, "announce": "busy"}
    text = filled(text, "Menu: menu", keys="1=front-desk，2=mobile，9=hunt")
    assert means(text)["nodes"]["menu"]["keys"]["9"] == "hunt"
    assert away(text, "Menu: menu") == REMARKED


@pytest.mark.req("S4", "R1", "R2")
@pytest.mark.parametrize(
    ("new", "old", "typed"),
    [
        ("+ ways by time", "By time: when", "Sat 12:00-24:00 & Sun 00:00-24:00 -> mobile"),
        ("+ ways by area", "By area: where", "021 & 0512 & 138 -> mobile"),
    ],
)
def test_ways_by_time_and_by_area_are_put_in_and_taken_away_again(new: str, old: str, typed: str) -> None:
    """The branch leads to the target alone, all others go where they went; without it the text is as it was."""
    text = filled(REMARKED, new, branches=typed)
    means(text)
    field = form(text, old).fields[0]
    assert read(tomllib.loads(text), field) == typed
    assert away(text, old) == REMARKED


@pytest.mark.req("S4", "R3")
def test_a_step_stands_in_front_of_another_one_in_the_middle() -> None:
    """A split in front of a department: its key leads to the split, all else stays."""
    text = filled(SIMPLE, "+ a menu of keys", keys="1 = front-desk; 2 = mobile")
    split = filled(text, "+ shares in percent", before="mobile", branches="mobile 80; front-desk 20")
    plan = means(split)
    assert plan["nodes"]["menu"]["keys"] == {"1": "front-desk", "2": "split"}
    assert parse(split).start == "menu"
    assert away(split, "Shares: split") == text


EVERYDAY = [
    ("Target mobile", {"hours": "Mon-Fri 09:00-18:00; Sat 09:00-12:00", "closed": "holiday 00:00-24:00"}),
    ("Target mobile", {"ring_s": "20", "capacity": "2", "authorised_until": "2099-12-31"}),
    ("Order of ringing: hunt", {"targets": "mobile; front-desk", "order": "together", "ring_s": "30"}),
    ("Welcome and recording", {"welcome": "welcome", "record": "yes"}),
    ("Holidays of your own", {"holidays": "2026-10-01..2026-10-07; 12-24"}),
    ("Areas", {"areas_only": "021; 010", "areas_never": "0755", "overseas": "yes"}),
    ("Caps on cost and lines", {"month_cost": "300.00", "month_calls": "9000", "lines": "3", "mode": "trunk"}),
    ("Password", {"password": "2580", "tries": "2"}),
]


@pytest.mark.req("S4")
@pytest.mark.parametrize(("title", "lines"), EVERYDAY)
@pytest.mark.parametrize("text", [SIMPLE, REMARKED], ids=["simple", "remarked"])
def test_an_everyday_thing_is_added_and_emptied_again(text: str, title: str, lines: dict[str, str]) -> None:
    """What was typed makes a plan, is read back as typed, and emptied lines leave the text as it was."""
    before = first_lines(form(text, title), text)
    changed = filled(text, title, **lines)
    means(changed)
    now = first_lines(form(changed, title), changed)
    assert {line.name: typed for line, typed in now.items() if line.name in lines} == lines
    back = filled(
        changed, title, **{line.name: typed for line, typed in before.items() if line.name in lines and not line.needed}
    )
    if title == "Password":
        one = form(changed, title)
        assert emptied(one, changed, dict.fromkeys(one.lines, ""))
        back = away(changed, title)
    assert back == text


@pytest.mark.req("S4", "O3")
def test_lists_are_added_named_and_taken_away() -> None:
    """Black and white numbers, a list with a name, and a white list that names it; then none of it."""
    text = filled(SIMPLE, "+ a list of callers", name="vip", numbers="139 1234 5678", prefixes="0755-8888", areas="021")
    one = form(text, "Black and white lists")
    typed = dict.fromkeys(one.lines, "")
    typed |= {line: "vip" for line in one.lines if line.path == ("screen", "white", "lists")}
    typed |= {line: "0591；138" for line in one.lines if line.path == ("screen", "black", "prefixes")}
    typed |= {line: "priority" for line in one.lines if line.name == "white_is"}
    text, wrong = fill(one, text, typed)
    assert not wrong
    plan = means(text)
    assert plan["screen"] == {
        "black": {"prefixes": ["0591", "138"]},
        "white": {"lists": ["vip"]},
        "white_is": "priority",
    }
    text, wrong = fill(one, text, dict.fromkeys(one.lines, ""))
    assert not wrong
    assert away(text, "List: vip") == SIMPLE


@pytest.mark.req("S4", "R2")
def test_hours_are_named_used_and_taken_away() -> None:
    """Hours with a name are there for targets."""
    text = filled(SIMPLE, "+ hours with a name", name="work", edit="", **{"": "Mon-Fri 08:30-17:30"})
    text = filled(text, "Target front-desk", hours="work")
    assert parse(text).hours.keys() == {"work"}
    text = filled(text, "Target front-desk", hours="")
    assert means(away(text, "Hours: work")) == means(SIMPLE)


@pytest.mark.req("S4", "R5")
def test_a_target_is_added_and_taken_out_of_every_order() -> None:
    """A new target rings last; taken away it is out of the orders that name it; the last one of an order stays."""
    text = filled(SIMPLE, "+ a target", name="夜班", address="139 1111 2222", hours="daily 22:00-06:00")
    assert list(means(text)["targets"]) == ["front-desk", "mobile", "夜班"]
    text = filled(text, "Order of ringing: hunt", targets="夜班; mobile")
    assert means(away(text, "Target 夜班"))["hunt"]["targets"] == ["mobile"]
    alone = filled(text, "Order of ringing: hunt", targets="夜班")
    with pytest.raises(EditFault, match="needed by hunt"):
        away(alone, "Target 夜班")
    split = filled(SIMPLE, "+ shares in percent", branches="front-desk 40; mobile 60")
    with pytest.raises(EditFault, match="needed by split"):
        away(split, "Target mobile")
    with pytest.raises(EditFault, match="needed by split"):
        away(split, "Order of ringing: mobile")


@pytest.mark.req("S4")
def test_a_list_of_many_lines_keeps_the_remarks_in_it() -> None:
    """Entries come and go; what its author wrote beside the others stays."""
    one = form(REMARKED, "Black and white lists")
    (line,) = (line for line in one.lines if line.path == ("screen", "black", "numbers"))
    text, _ = fill(one, REMARKED, {**first_lines(one, REMARKED), line: "021-5555 0000; 021-5555 0009; 138 0000 0000"})
    assert means(text)["screen"]["black"]["numbers"] == ["021-5555 0000", "021-5555 0009", "138 0000 0000"]
    assert '"021-5555 0000", # every night\n' in text


REFUSALS = [
    ("+ shares in percent", {"branches": "front-desk 37; mobile 60"}, "branches", "97 % in all", "合计 97%"),
    ("+ shares in percent", {"branches": "front-desk 37; nobody 63"}, "branches", "no “nobody”", "没有“nobody”"),
    ("+ shares in percent", {"branches": ""}, "branches", "must be filled in", "必填"),
    ("+ shares in percent", {"branches": "mobile"}, "branches", "name 37", "名字 37"),
    ("+ shares in percent", {"before": "x", "branches": "mobile 100"}, "before", "no “x”", "没有“x”"),
    ("+ a menu of keys", {"keys": "1"}, "keys", "1 = name", "1 = 名字"),
    ("+ ways by time", {"branches": "Sat 12:00-18:00 mobile"}, "branches", "-> name", "-> 名字"),
    ("+ a target", {"name": "a b", "address": "021-6228 8300"}, "name", "is no name", "不能作名字"),
    ("+ a target", {"name": "mobile", "address": "021-6228 8300"}, "name", "already", "已经有"),
    ("Target mobile", {"ring_s": "ten"}, "ring_s", "whole number", "整数"),
    ("Target mobile", {"hours": "night"}, "hours", "“night” is neither", "“night”不是时间"),
    ("Order of ringing: hunt", {"order": "up"}, "order", "sequential", "依次"),
    ("Welcome and recording", {"record": "maybe"}, "record", "yes or no", "是 或 否"),
]


@pytest.mark.req("S4")
@pytest.mark.parametrize(("title", "lines", "at", "in_english", "in_chinese"), REFUSALS)
def test_what_cannot_be_is_said_at_its_line_in_both_languages(
    title: str, lines: dict[str, str], at: str, in_english: str, in_chinese: str
) -> None:
    """A form names the line and says what can be written, in the language of the console; the text stays."""
    assert in_english in refused(SIMPLE, title, **lines)[at]
    place = [one.title for one in forms(tomllib.loads(SIMPLE))].index(title)
    set_language(Language.ZH)
    assert in_chinese in refused(SIMPLE, forms(tomllib.loads(SIMPLE))[place].title, **lines)[at]


CHECKED = [
    ("Target mobile", {"address": "12345"}, "address"),
    ("Target mobile", {"hours": "Mon 99:00-10:00"}, "hours"),
    ("Target mobile", {"ring_s": "2"}, "ring_s"),
    ("Target mobile", {"authorised_until": "soon"}, "authorised_until"),
    ("Areas", {"areas_only": "99"}, "areas_only"),
    ("Password", {"password": "abc"}, "password"),
    ("Caps on cost and lines", {"month_cost": "much"}, "month_cost"),
    ("Holidays of your own", {"holidays": "Easter"}, "holidays"),
    ("+ a menu of keys", {"keys": "12 = mobile"}, "keys"),
    ("+ a target", {"name": "x", "address": "+1 212 555 0100"}, "address"),
    ("+ ways by area", {"branches": "nobody -> mobile"}, "branches"),
]


@pytest.mark.req("S4")
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(("title", "lines", "at"), CHECKED)
def test_what_the_check_finds_is_said_at_its_line(
    title: str, lines: dict[str, str], at: str, language: Language
) -> None:
    """The place of the daemon's fault is a line of the form; the sentence there is the console's, in its language."""
    place = [one.title for one in forms(tomllib.loads(SIMPLE))].index(title)
    set_language(language)
    one = forms(tomllib.loads(SIMPLE))[place]
    typed = {**first_lines(one, SIMPLE), **{line: lines[line.name] for line in one.lines if line.name in lines}}
    text, wrong = fill(one, SIMPLE, typed)
    assert not wrong
    with pytest.raises(PlanFaults) as found:
        parse(text)
    said = faults_by_line(
        one, text, typed, [Fault(fault.path, fault.problem, fault.mend) for fault in found.value.faults]
    )
    assert [line.name for line in said] == [at]
    assert lines[at] in said[next(iter(said))]
    assert said[next(iter(said))].isascii() is False
    assert ("应为" in said[next(iter(said))]) is (language is Language.ZH)


words = st.text("abcxyz-_12汉字", min_size=1, max_size=6)
values = st.recursive(
    st.booleans() | st.integers(0, 99) | words | st.lists(words, max_size=3),
    lambda inner: st.dictionaries(words, inner, max_size=3),
)
DOCUMENTS = [
    REMARKED,
    "a.b = 1\na.c = 2 # two\n\n# x\n[x]\ny = { z = [1, 2] }\n",
    "[n.a]\nk = 1 # one\n\n# about m\n[m]\nk = 2\n\n# about b\n[n.b]\nk = 3\n\n[n]\nown = true\n",
    "t = { a = 'x', b = { c = 1 } } # inline\n\n[[rows]]\nk = 1\n",
    "",
]


def paths(document: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every place of a document."""
    for key, value in document.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from paths(value, (*above, key))


@settings(deadline=None)
@given(st.data(), st.sampled_from(DOCUMENTS))
def test_a_place_is_put_and_dropped_exactly_or_not_at_all(data: st.DataObject, text: str) -> None:
    """Whatever is put anywhere is there and nothing else differs, remarks stay, or it is refused.

    That nothing else differs `put` and `drop` see to themselves; a table of tables takes the remarks in it along.
    """
    remarks = {line.partition("#")[2] for line in text.splitlines() if line.startswith("#")}
    for _ in range(data.draw(st.integers(1, 4))):
        there = list(paths(tomllib.loads(text)))
        at = data.draw(st.sampled_from(there) if there else st.just(()))
        path = (*at, *data.draw(st.lists(words, min_size=0 if at else 1, max_size=2)))
        before = tomllib.loads(text)
        holds_tables = any(place[: len(path)] == path and len(place) > len(path) + 1 for place in there)
        try:
            dropped = not holds_tables and data.draw(st.booleans())
            text = drop(text, path) if dropped else put(text, path, data.draw(values))
        except EditFault:
            assert tomllib.loads(text) == before
    assert remarks <= {line.partition("#")[2] for line in text.splitlines()}


def test_a_field_that_is_no_table_is_refused() -> None:
    """A form does not write over what it does not know."""
    with pytest.raises(EditFault, match="is not a table"):
        put("hunt = 3\n", ("hunt", "ring_s"), 20)
    with pytest.raises(EditFault, match="not TOML"):
        put("hunt = \n", ("hunt", "ring_s"), 20)


def test_the_name_line_belongs_to_no_place() -> None:
    """A new thing's lines are placed by the name that is typed."""
    assert form(SIMPLE, "+ a target").named("x").fields[0] == Field(("targets", "x", "address"), needed=True)
    assert form(SIMPLE, "+ a target").asks == (NAME,)
