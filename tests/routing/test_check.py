"""What is suspicious in a plan, and where two versions differ."""

from datetime import date, datetime, timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b2bua.calendar import china
from routing import document
from routing.calendar import Calendar
from routing.check import Change, Doubt, check, difference
from routing.check.classes import callers, instants, windows_of
from routing.check.outline import outline, tell
from routing.facts import Caller, CallerClass, DayKind, Facts
from routing.hours import DAY_MIN, Moment
from routing.ids import NodeName
from routing.plan import Plan
from tests.routing.calls import HEAD, TWO_TARGETS
from tests.routing.example import PLAN, WHOLE, ways_in
from tests.routing.strategies import facts, plans

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
    assert check(document.parse(TWO_TARGETS), TODAY, old) == ()


@settings(max_examples=12, deadline=None)
@given(plans())
def test_every_plan_can_be_checked(plan: Plan) -> None:
    """The check is total, and finds the same each time."""
    assert check(plan, TODAY, china()) == check(plan, TODAY, china())


def _saturday(text: str = "17:30") -> Plan:
    return document.parse(WHOLE.replace('"Sat 08:30-12:00"', f'"Sat 08:30-{text}"'))


@pytest.mark.req("R2", "T3")
def test_a_change_is_told_in_people_s_words() -> None:
    """Saturday from 12:00 to 17:30: who was where, and who is where now; nothing else changed."""
    changes = difference(PLAN, _saturday())
    assert {(one.from_min, one.to_min) for one in changes} == {(12 * 60, 17 * 60 + 30)}
    assert all("Sat" in one.days for one in changes)
    assert "was night" in str(changes[0])
    assert difference(PLAN, PLAN) == ()
    simple, other = document.parse(TWO_TARGETS), document.parse(TWO_TARGETS.replace("8300", "8399"))
    change = difference(simple, other)
    assert [str(one) for one in change] == [
        (
            "Mon to Sun 00:00–24:00, all callers but other callers (overseas), other callers (hk-mo-tw): "
            "was 021-6228 8300, 138 0013 8000, now 021-6228 8399, 138 0013 8000"
        )
    ]


def test_what_changes_further_on_is_said() -> None:
    """A change that the first words do not show is listed all the same."""
    [change] = difference(document.parse(TWO_TARGETS), document.parse(TWO_TARGETS + "[hunt]\nring_s = 20\n"))
    assert isinstance(change, Change)
    assert change.now.endswith("in its settings")


def _holds_at(change: Change, moment: Moment) -> bool:
    return change.from_min <= moment.minute < change.to_min


@pytest.mark.req("T3")
@settings(max_examples=20, deadline=None)
@given(ways_in(), ways_in(), facts())
def test_no_difference_means_no_difference(old: Plan, new: Plan, of: Facts) -> None:
    """Against brute force: at a minute that no change covers, any caller is decided alike by both plans."""
    changes = difference(old, new)
    moment, after = old.moment(of), new.moment(of)
    if outline(old, of.caller, moment) != outline(new, of.caller, after):
        assert any(_holds_at(change, moment) for change in changes)
    if not any(_holds_at(change, moment) for change in changes):
        assert tell(old, of.caller, moment) == tell(new, of.caller, after)


def _kind(day: datetime, holiday: bool) -> DayKind:
    """What a day may be: its weekday's own kind, or a holiday."""
    ordinary = DayKind.WEEKEND if day.weekday() >= 5 else DayKind.WORKDAY
    return DayKind.HOLIDAY if holiday else ordinary


@pytest.mark.req("T3")
@settings(max_examples=30, deadline=None)
@given(plans(), facts(), st.booleans(), st.booleans())
def test_every_call_is_in_a_class(plan: Plan, of: Facts, today: bool, yesterday: bool) -> None:
    """The classes are exact: whoever calls, whenever, there is an instant and a caller here decided just the same."""
    eve = of.arrived - timedelta(days=1)
    moment = plan.moment(attrs.evolve(of, today=_kind(of.arrived, today), yesterday=_kind(eve, yesterday)))
    windows = windows_of((plan,))

    def truth(at: Moment) -> list[bool]:
        return [window.holds(at) for window in windows]

    here = [at.moment(plan) for at in instants((plan,)) if at.from_min <= moment.minute < at.to_min]
    alike = next(at for at in here if truth(at) == truth(moment))
    there = outline(plan, of.caller, moment)
    assert any(outline(plan, who.caller, alike) == there for who in callers((plan,)))


def test_a_day_has_no_gaps() -> None:
    """The stretches of each day cover it whole."""
    days: dict[str, int] = {}
    for at in instants((PLAN,)):
        days[at.label] = days.get(at.label, 0) + at.to_min - at.from_min
    assert set(days.values()) == {DAY_MIN}


def test_telling_goes_no_further_than_it_can() -> None:
    """Words for refused callers, for menus, for queues, for releases."""
    nobody = Caller("", CallerClass.UNKNOWN)
    moment = instants((PLAN,))[0].moment(PLAN)
    silent = attrs.evolve(PLAN, start=NodeName("wait"))
    assert tell(silent, nobody, moment).startswith("queue wait")
    assert tell(attrs.evolve(PLAN, start=NodeName("sorry")), nobody, moment) == "release busy"
    assert tell(PLAN, Caller("+14155550100", CallerClass.OVERSEAS), moment) == "refused"
    assert tell(attrs.evolve(PLAN, start=NodeName("menu")), nobody, moment) == "menu"


def test_long_chains_are_told_in_part() -> None:
    """Of five hunts one after another the first four are told."""
    hunts = "".join(
        f'[nodes.n{at}]\nkind = "hunt"\ntargets = ["mobile"]\n' + (f'otherwise = "n{at + 1}"\n' if at < 4 else "")
        for at in range(5)
    )
    plan = document.parse(TWO_TARGETS + hunts)
    caller = Caller("02112345678", CallerClass.FIXED, "021")
    assert tell(plan, caller, instants((plan,))[0].moment(plan)).count("138 0013 8000") == 4


def test_classes_that_nobody_is_in() -> None:
    """Where longer prefixes leave a shorter one nobody, there is no caller to stand for it."""
    heads = ("0", "021", "199", "0999", "+1")
    prefixes = [*heads, *(f"{head}{digit}" for head in heads for digit in range(10))]
    text = TWO_TARGETS + f"[screen]\nblack = {{ prefixes = {prefixes}, areas = ['021'] }}\n"
    labels = {who.label for who in callers((document.parse(text),))}
    assert "numbers beginning 0" not in labels
    assert "callers from 021 (landline)" not in labels
    assert "other callers (overseas)" not in labels


def test_prompts_of_every_kind_of_node_are_looked_for() -> None:
    """The whole example with an empty library: only its own prompts are missing."""
    found = check(PLAN, TODAY, china(), prompts=())
    assert {one.path for one in found if one.doubt is Doubt.NO_PROMPT} == {"nodes.night"}
