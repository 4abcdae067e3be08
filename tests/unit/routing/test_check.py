"""What is suspicious in a plan, and where two versions differ."""

from datetime import date

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b2bua.admission.holidays import china
from routing import document
from routing.calendar import Calendar
from routing.check import Doubt, check
from routing.check.behaviour import behaviour
from routing.check.caller_groups import CallerGroups
from routing.check.descriptions import describe
from routing.check.time_classes import Times, moment_of, windows_of
from routing.facts import Caller, CallerClass, DayKind, Facts
from routing.hours import DAY_MIN
from routing.ids import NodeName
from routing.plan import Plan
from tests.unit.routing.calls import HEAD, TWO_TARGETS
from tests.unit.routing.example import PLAN, entered_anywhere
from tests.unit.routing.strategies import any_callers, days, facts, plans

TODAY = date(2026, 4, 15)
END = '[nodes.end]\nkind = "release"\n'


def doubts(text: str, **given: object) -> set[tuple[str, Doubt]]:
    """Places and kinds of everything suspicious in a document."""
    found = check(document.parse(text), TODAY, china(), **given)  # type: ignore[arg-type] # passed through
    assert all(str(one).startswith(one.path) for one in found)
    return {(one.path, one.doubt) for one in found}


def test_a_sound_plan_has_nothing_suspicious() -> None:
    """The simple plan passes."""
    assert doubts(TWO_TARGETS, prompts=()) == set()


@pytest.mark.parametrize(
    ("text", "path", "doubt"),
    [
        (TWO_TARGETS + END + '[nodes.lost]\nkind = "release"\n', "nodes.lost", Doubt.UNREACHED),
        (
            TWO_TARGETS + '[nodes.when]\nkind = "time"\notherwise = "end"\nbranches = [\n'
            '{ when = "Mon-Fri 08:00-18:00", then = "end" }, { when = "Mon 09:00-10:00", then = "end" }]\n' + END,
            "nodes.when.branches.2",
            Doubt.UNREACHED,
        ),
        (
            TWO_TARGETS + '[nodes.when]\nkind = "time"\notherwise = "end"\nbranches = [\n'
            '{ when = "Mon 08:00-12:00", then = "end" }, { when = "Mon 11:00-14:00", then = "end" }]\n' + END,
            "nodes.when.branches.2",
            Doubt.OVERLAP,
        ),
        (
            TWO_TARGETS + '[nodes.who]\nkind = "origin"\notherwise = "end"\nbranches = [\n'
            '{ prefixes = ["138"], then = "end" }, { numbers = ["138 0013 8000"], then = "end" }]\n' + END,
            "nodes.who.branches.2",
            Doubt.UNREACHED,
        ),
        (TWO_TARGETS + '[hours]\nwork = ["Mon 08:00-12:00", "Mon 12:01-18:00"]\n', "hours.work", Doubt.GAP),
        (TWO_TARGETS + '[hunt]\ntargets = ["mobile"]\n', "targets.front-desk", Doubt.UNUSED_TARGET),
        (
            HEAD + '[targets]\na = { address = "021-6228 8300", hours = "Mon-Sun 08:00-20:00" }\n',
            "nodes.hunt",
            Doubt.NOBODY,
        ),
        (
            HEAD + '[targets]\na = { address = "021-6228 8300", closed = "Sun 00:00-24:00" }\n',
            "nodes.hunt",
            Doubt.NOBODY,
        ),
        (HEAD + '[targets]\na = "sip:4006001234@carrier.example"\n', "targets.a", Doubt.OWN_TARGET),
        (TWO_TARGETS + "[hunt]\nring_s = 50\n", "nodes.hunt", Doubt.LONG_WAIT),
        ("max_forwards = 0\n" + TWO_TARGETS, "nodes.hunt", Doubt.NEVER_RUNG),
        ('welcome = "ours"\n' + TWO_TARGETS, "welcome", Doubt.NO_PROMPT),
        (
            HEAD + '[targets]\na = { address = "021-6228 8300", authorised_until = 2026-05-01 }\n',
            "targets.a.authorised_until",
            Doubt.AUTHORISATION,
        ),
        (
            HEAD + '[targets]\na = { address = "021-6228 8300", authorised_until = 2026-04-01 }\n',
            "targets.a.authorised_until",
            Doubt.AUTHORISATION,
        ),
        (TWO_TARGETS + '[screen]\nareas_only = ["0999", "0300"]\n', "areas", Doubt.NO_AREA),
    ],
)
def test_each_kind_of_doubt(text: str, path: str, doubt: Doubt) -> None:
    """Each suspicious thing is found at its place."""
    assert (path, doubt) in doubts(text, prompts=())


MANY = HEAD + "[targets]\n" + "".join(f'd{at} = "021-6228 83{at:02d}"\n' for at in range(20))


@pytest.mark.req("R12")
@pytest.mark.parametrize(
    ("text", "never"),
    [
        (MANY, 0),
        ("max_forwards = 10\n" + MANY, 9),
        ('profile = "carrier-classic"\n' + MANY, 17),
        ("max_forwards = 4\n" + MANY + '[hunt]\norder = "together"\n', 5),
        ("max_forwards = 6\n" + MANY + '[hunt]\norder = "together"\n', 0),
    ],
)
def test_how_many_targets_are_never_rung(text: str, never: int) -> None:
    """Of twenty targets the default rings all; a smaller `max_forwards` is obeyed, and what it leaves out is said."""
    says = [one.says for one in check(document.parse(text), TODAY, china()) if one.doubt is Doubt.NEVER_RUNG]
    assert [one.partition(" of its 20 ")[0] for one in says] == ([str(never)] if never else [])


def test_what_is_meant_is_not_suspicious() -> None:
    """A long authorisation, waits below the carrier's, waves that ring together, hours with someone after them."""
    text = HEAD + (
        '[targets]\na = { address = "021-6228 8300", authorised_until = 2027-05-01, hours = "Mon 08:00-20:00" }\n'
        'b = { address = "021-6228 8301", ring_s = 60 }\nc = { address = "021-6228 8302", ring_s = 60 }\n'
        '[extensions]\n801 = "b"\n'
        '[nodes.menu]\nkind = "menu"\nprompts = ["menu"]\nkeys = { 1 = "first" }\n'
        'extensions = true\notherwise = "first"\n'
        '[nodes.first]\nkind = "hunt"\ntargets = ["a"]\notherwise = "all"\nring_s = 20\n'
        '[nodes.all]\nkind = "hunt"\norder = "together"\ntargets = ["b", "c"]\n'
    )
    assert doubts(text) == set()
    assert ("nodes.first", Doubt.LONG_WAIT) in doubts(text, carrier_wait_s=60)


@pytest.mark.req("R2")
def test_a_year_that_the_calendar_does_not_know() -> None:
    """Hours by working days in a year without a calendar are a finding; plain weekdays are none."""
    plan = document.parse(TWO_TARGETS + '[hours]\nwork = "workday 08:00-18:00"\n')
    old = Calendar(2004, 2010, {})
    assert [one.doubt for one in check(plan, TODAY, old)] == [Doubt.CALENDAR]
    assert check(plan, TODAY, china()) == ()
    near = Calendar(2004, 2026, {})
    assert [one.says for one in check(plan, date(2026, 12, 10), near)] == [
        "the calendar does not know 2027: plain weekdays are used"
    ]
    assert check(document.parse(TWO_TARGETS), TODAY, old) == ()


@settings(max_examples=12)
@given(plans())
def test_every_plan_can_be_checked(plan: Plan) -> None:
    """The check is total, and finds the same each time."""
    assert check(plan, TODAY, china()) == check(plan, TODAY, china())


@pytest.mark.req("T3")
@settings(max_examples=25)
@given(plans() | entered_anywhere(), facts(), st.lists(any_callers(), min_size=10, max_size=10))
def test_every_caller_is_in_a_class(plan: Plan, of: Facts, some: list[Caller]) -> None:
    """Whoever calls, there is one caller who stands for them, and is decided just the same."""
    moment, groups = plan.moment(of), CallerGroups((plan,))
    of_class = {who.traits: who.caller for who in groups.classes}
    for caller in (of.caller, *some):
        assert behaviour(plan, caller, moment) == behaviour(plan, of_class[groups.of(caller)], moment)


@pytest.mark.req("R2", "T3")
@settings(max_examples=40)
@given(plans(), st.lists(st.tuples(days(), st.integers(0, DAY_MIN - 1)), min_size=10, max_size=10))
def test_every_moment_is_in_a_class(plan: Plan, some: list[tuple[tuple[date, DayKind, DayKind], int]]) -> None:
    """Whenever a call comes, there is one day and one stretch in which each window holds just as it does then."""
    times = Times((plan,))
    for day, minute in some:
        alike, moment = times.class_of(*day), moment_of(plan, *day, minute)
        place = times.days.index(alike) * len(times.stretches)
        place += next(at for at, (begin, end) in enumerate(times.stretches) if begin <= minute < end)
        assert times.at(place)[0] == alike
        for window in windows_of((plan,)):
            assert bool(times.held(0, window) >> place & 1) == window.holds(moment)


@settings(max_examples=25)
@given(plans(), st.data())
def test_other_classes_other_words(plan: Plan, data: st.DataObject) -> None:
    """No two sets of days, and no two sets of callers, are told in the same words."""
    times, groups = Times((plan,)), CallerGroups((plan,))
    in_words: dict[object, object] = {}
    for _ in range(6):
        some_days = data.draw(st.sets(st.sampled_from(times.days), min_size=1))
        people = data.draw(st.sets(st.sampled_from(groups.classes), min_size=1))
        assert in_words.setdefault(times.describe(some_days), some_days) == some_days
        assert in_words.setdefault(groups.describe([who for who in groups.classes if who in people]), people) == people


def test_a_day_has_no_gaps() -> None:
    """The stretches of each day cover it whole."""
    stretches = Times((PLAN,)).stretches
    assert [begin for begin, _ in stretches] == [0, *(end for _, end in stretches[:-1])]
    assert stretches[-1][1] == DAY_MIN


def test_telling_goes_no_further_than_it_can() -> None:
    """Words for refused callers, for menus, for queues, for releases."""
    nobody = Caller("", CallerClass.UNKNOWN)
    moment = Times((PLAN,)).days[0].moment(PLAN, 0)
    silent = attrs.evolve(PLAN, start=NodeName("wait"))
    assert describe(silent, nobody, moment).startswith("queue wait")
    assert describe(attrs.evolve(PLAN, start=NodeName("sorry")), nobody, moment) == "release busy"
    assert describe(PLAN, Caller("+14155550100", CallerClass.OVERSEAS), moment) == "refused"
    assert describe(attrs.evolve(PLAN, start=NodeName("menu")), nobody, moment) == "menu"


def test_long_chains_are_told_in_part() -> None:
    """Of five hunts one after another the first four are told."""
    hunts = "".join(
        f'[nodes.n{at}]\nkind = "hunt"\ntargets = ["mobile"]\n' + (f'otherwise = "n{at + 1}"\n' if at < 4 else "")
        for at in range(5)
    )
    plan = document.parse(TWO_TARGETS + hunts)
    caller = Caller("02112345678", CallerClass.FIXED, "021")
    assert describe(plan, caller, Times((plan,)).days[0].moment(plan, 0)).count("138 0013 8000") == 4


def test_classes_that_nobody_is_in() -> None:
    """Where longer prefixes leave a shorter one nobody, there is no caller to stand for it."""
    heads = ("0", "021", "199", "0999", "+1")
    prefixes = [*heads, *(f"{head}{digit}" for head in heads for digit in range(10))]
    lists = "".join(f'[lists.l{at}]\nprefixes = ["{prefix}"]\n' for at, prefix in enumerate(prefixes))
    groups = CallerGroups((document.parse(TWO_TARGETS + lists),))
    by_head = {head: {prefixes.index(one) for one in heads if head.startswith(one)} for head in heads}
    lone = [head for head in heads if any(who.traits.named == by_head[head] for who in groups.classes)]
    assert lone == ["199"], "which is a service number by itself"


def test_a_caller_stands_for_whoever_is_left() -> None:
    """Where ten numbers in a row are named, another stands for the landlines of their area; the ten are one class."""
    named = [f"0213333333{digit}" for digit in range(10)]
    groups = CallerGroups(
        (document.parse(TWO_TARGETS + f"[screen]\nblack = {{ numbers = {named} }}\nareas_never = ['021']\n"),)
    )
    by_name = {bool(who.traits.named): who.caller.number for who in groups.classes if who.traits.areas}
    assert by_name[True] in named
    assert by_name[False].startswith("021333333")
    black = [who for who in groups.classes if who.traits.named]
    assert groups.describe(black)[0].endswith("or 4 more from 021")


def test_holidays_before_the_rule_are_no_overlap() -> None:
    """An exception for holidays or a date that goes before the weekdays' rule is how it is meant."""
    text = (
        '[nodes.when]\nkind = "time"\notherwise = "end"\nbranches = [\n'
        '{ when = ["holiday 00:00-24:00", "12-24 00:00-24:00"], then = "end" },\n'
        '{ when = "Mon-Fri 08:00-18:00", then = "end" }]\n'
    )
    assert {doubt for _, doubt in doubts(TWO_TARGETS + text + END)} == {Doubt.UNUSED_TARGET}


def test_prompts_of_every_kind_of_node_are_looked_for() -> None:
    """The whole example with an empty library: only its own prompts are missing."""
    found = check(PLAN, TODAY, china(), prompts=())
    assert {one.path for one in found if one.doubt is Doubt.NO_PROMPT} == {"nodes.night"}
