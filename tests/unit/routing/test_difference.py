"""Where two versions of a plan differ: exactly there, and in the right words."""

from collections.abc import Sequence
from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing import document
from routing.check import Change, difference
from routing.check.behaviour import behaviour, lapsed
from routing.check.caller_groups import CallerGroups
from routing.check.descriptions import describe
from routing.check.difference import FURTHER_ON
from routing.check.time_classes import Times, moment_of
from routing.facts import Caller, DayKind, Facts
from routing.plan import Plan
from tests.unit.routing.calls import HEAD, TWO_TARGETS
from tests.unit.routing.example import PLAN, WHOLE, entered_anywhere
from tests.unit.routing.paired_calls import decide_differently
from tests.unit.routing.strategies import any_callers, days, edits, facts, plans


def _saturday(text: str = "17:30") -> Plan:
    return document.parse(WHOLE.replace('"Sat 08:30-12:00"', f'"Sat 08:30-{text}"'))


@pytest.mark.req("R2", "T3")
def test_a_change_is_told_in_people_s_words() -> None:
    """Saturday from 12:00 to 17:30: who was where, and who is where now; nothing else changed."""
    changes = difference(PLAN, _saturday())
    assert {(one.from_min, one.to_min) for one in changes} == {(12 * 60, 17 * 60 + 30)}
    assert all("Sat" in one.when for one in changes)
    assert "was night" in str(changes[0])
    assert difference(PLAN, PLAN) == ()
    simple, other = document.parse(TWO_TARGETS), document.parse(TWO_TARGETS.replace("8300", "8399"))
    assert [str(one) for one in difference(simple, other)] == [
        (
            "daily 00:00–24:00, all callers but callers from abroad: "
            "was 021-6228 8300, 138 0013 8000, now 021-6228 8399, 138 0013 8000"
        )
    ]


def test_what_changes_further_on_is_said() -> None:
    """A change that the first words do not show is listed all the same."""
    [change] = difference(document.parse(TWO_TARGETS), document.parse(TWO_TARGETS + "[hunt]\nring_s = 20\n"))
    assert change.now.endswith(FURTHER_ON)


def test_a_change_for_everybody() -> None:
    """Where callers from abroad are let in too, a change may be for all."""
    text = TWO_TARGETS + "[screen]\noverseas = true\n"
    [change] = difference(document.parse(text), document.parse(text.replace("8300", "8399")))
    assert change.whom == ("all callers",)


def test_what_has_no_effect_is_no_change() -> None:
    """Names of nodes, the order of keys, two nodes alike in place of one, a wave where nothing rings together."""
    one = (
        '[nodes.menu]\nkind = "menu"\nprompts = ["menu"]\nkeys = { 1 = "a", 2 = "b" }\notherwise = "a"\n'
        '[nodes.a]\nkind = "hunt"\n[nodes.b]\nkind = "hunt"\n'
    )
    other = (
        '[nodes.hello]\nkind = "menu"\nprompts = ["menu"]\nkeys = { 2 = "c", 1 = "c" }\notherwise = "c"\n'
        '[nodes.c]\nkind = "hunt"\nwave = 2\n'
    )
    assert difference(document.parse(TWO_TARGETS + one), document.parse(TWO_TARGETS + other)) == ()


def test_recording_has_no_effect_where_only_faxes_answer() -> None:
    """A fax is not recorded, and its caller is told nothing (M6): whether the plan records is no change there."""
    text = TWO_TARGETS + "[hunt]\nfax = true\n"
    recorded = 'record = true\nrecord_announce = "caller"\n' + text
    assert difference(document.parse(text), document.parse(recorded)) == ()
    assert difference(document.parse(TWO_TARGETS), document.parse("record = true\n" + TWO_TARGETS))


def test_nodes_alike_that_lead_elsewhere() -> None:
    """Two hunts that differ only in what comes after them cannot be exchanged."""
    text = (
        '[nodes.menu]\nkind = "menu"\nprompts = ["menu"]\nkeys = { 1 = "a", 2 = "b" }\notherwise = "a"\n'
        '[nodes.a]\nkind = "hunt"\notherwise = "end"\n[nodes.b]\nkind = "hunt"\notherwise = "message"\n'
        '[nodes.end]\nkind = "release"\n[nodes.message]\nkind = "voicemail"\nmailbox = "office"\n'
    )
    [change] = difference(
        document.parse(TWO_TARGETS + text),
        document.parse(TWO_TARGETS + text.replace('1 = "a", 2 = "b"', '1 = "b", 2 = "a"')),
    )
    assert change.was == "menu"


@pytest.mark.req("W3")
def test_an_authorisation_that_ends_later() -> None:
    """Only the dates between its old end and its new one are decided differently."""
    text = HEAD + '[targets]\na = { address = "021-6228 8300", authorised_until = 2026-12-31 }\n'
    [change] = difference(document.parse(text), document.parse(text.replace("2026", "2027")))
    assert str(change).startswith("from 2027-01-01 until 2027-12-31, daily 00:00–24:00, all callers but")
    assert change.was == "nobody at hunt"
    [lost] = difference(document.parse(text), document.parse(text.replace("8300", "8301")))
    assert (lost.since, lost.until) == (None, date(2027, 1, 1))


@pytest.mark.req("R2")
def test_dates_and_their_exceptions_in_words() -> None:
    """A date that is not like its weekday is named, and one that stays as it was is taken out."""
    days = (
        'holidays = ["10-01..10-03", 2026-12-24]\n'
        + TWO_TARGETS
        + (
            '[nodes.when]\nkind = "time"\notherwise = "end"\n'
            'branches = [{ when = "workday 08:00-18:00", then = "hunt" }]\n'
            '[nodes.hunt]\nkind = "hunt"\n[nodes.end]\nkind = "release"\n'
        )
    )
    [change] = difference(document.parse(days), document.parse(days.replace("18:00", "19:00")))
    assert change.when == "Mon-Fri, make-up days but not 10-01..10-03, 2026-12-24, holidays"
    [other] = difference(document.parse(days), document.parse(days.replace("10-03", "10-05")))
    assert other.when == "Mon-Fri 10-04..10-05, 10-04..10-05 make-up days but not 10-04..10-05 holidays"


@pytest.mark.req("R2")
def test_dates_told_with_their_eves() -> None:
    """Where windows cross midnight the first day of some dates is not like those after it; leap days have their own."""
    text = (
        'holidays = ["10-01..10-03", "02-29"]\n' + TWO_TARGETS + '[nodes.when]\nkind = "time"\notherwise = "end"\n'
        'branches = [{ when = "holiday 22:00-06:00", then = "hunt" }]\n'
        '[nodes.hunt]\nkind = "hunt"\n[nodes.end]\nkind = "release"\n'
    )
    [change] = difference(document.parse(text), document.parse(text.replace("22:00-06:00", "22:00-05:00")))
    assert (change.from_min, change.to_min) == (5 * 60, 6 * 60)
    assert "03-01" in change.when
    assert "10-02..10-03" in change.when
    first, eve = DayKind.WORKDAY, DayKind.WORKDAY
    leap = document.parse(text.replace('"02-29"', '"02-20..02-28", "03-01"'))
    assert all(Times((leap,)).class_of(date(year, 3, 1), first, eve) for year in (2027, 2028))
    times = Times((document.parse(text),))
    assert times.class_of(date(2028, 2, 29), first, eve) == times.class_of(date(2027, 10, 1), first, eve)


def test_one_change_at_two_times_of_day() -> None:
    """What changes in the same way in the morning and in the afternoon is told twice, and midday not at all."""
    text = TWO_TARGETS + (
        '[hours]\nwork = ["Mon 08:00-10:00", "Mon 14:00-16:00"]\n[nodes.when]\nkind = "time"\notherwise = "end"\n'
        'branches = [{ when = "work", then = "hunt" }]\n[nodes.hunt]\nkind = "hunt"\n[nodes.end]\nkind = "release"\n'
    )
    changes = difference(document.parse(text), document.parse(text.replace("8300", "8399")))
    assert [(one.from_min, one.to_min) for one in changes] == [(8 * 60, 10 * 60), (14 * 60, 16 * 60)]


@pytest.mark.req("W3")
def test_a_change_that_outlasts_an_authorisation_is_one() -> None:
    """Where the target whose authorisation ends has no part, nothing is said of it."""
    text = HEAD + (
        '[targets]\na = { address = "021-6228 8300", authorised_until = 2026-12-31 }\nb = "021-6228 8301"\n'
        '[nodes.when]\nkind = "time"\notherwise = "second"\nbranches = [{ when = "Mon 08:00-10:00", then = "first" }]\n'
        '[nodes.first]\nkind = "hunt"\ntargets = ["a"]\n[nodes.second]\nkind = "hunt"\ntargets = ["b"]\n'
    )
    changes = difference(document.parse(text), document.parse(text.replace("8301", "8399")))
    assert {(one.since, one.until) for one in changes} == {(None, None)}


def test_prompts_that_are_never_heard() -> None:
    """With one try a menu has no second prompt, nor has a password."""
    text = TWO_TARGETS + (
        '[verify]\npassword = "2580"\ntries = 1\nwrong_prompt = "one"\n[nodes.menu]\nkind = "menu"\n'
        'prompts = ["menu"]\nkeys = { 1 = "hunt" }\notherwise = "hunt"\ntries = 1\nwrong_prompt = "one"\n'
        '[nodes.hunt]\nkind = "hunt"\n'
    )
    assert difference(document.parse(text), document.parse(text.replace('"one"', '"other"'))) == ()
    several = text.replace("tries = 1", "tries = 2")
    assert difference(document.parse(several), document.parse(several.replace('"one"', '"other"')))


Point = tuple[date, DayKind, DayKind, int, Caller]


def _covering(changes: Sequence[Change], times: Times, groups: CallerGroups, point: Point) -> list[Change]:
    """The changes that this moment and caller lie in."""
    day, kind, eve_kind, minute, caller = point
    its, traits = times.class_of(day, kind, eve_kind), groups.of(caller)
    return [
        one
        for one in changes
        if its in one.days
        and (one.since is None or one.since <= day)
        and (one.until is None or day < one.until)
        and one.from_min <= minute < one.to_min
        and any(who.traits == traits for who in one.callers)
    ]


def _points(changes: Sequence[Change], data: st.DataObject) -> list[Point]:
    """Points anywhere, and the corners of some changes."""
    found = [
        (
            *data.draw(days()),
            data.draw(st.integers(0, 1439)),
            data.draw(any_callers() | facts().map(lambda f: f.caller)),
        )
        for _ in range(6)
    ]
    for change in changes[:: max(1, len(changes) // 4)]:
        day, who = data.draw(st.sampled_from(change.days)), data.draw(st.sampled_from(change.callers))
        corners = (change.from_min - 1, change.from_min, change.to_min - 1, change.to_min)
        found += [(day.day, day.kind, day.eve_kind, at, who.caller) for at in corners if 0 <= at < 1440]
    return found


@pytest.mark.req("T3", "R1", "R2")
@settings(max_examples=15)
@given(
    st.one_of(edits(plans()), edits(entered_anywhere()), st.tuples(entered_anywhere(), entered_anywhere())), st.data()
)
def test_exactly_where_two_plans_differ(pair: tuple[Plan, Plan], data: st.DataObject) -> None:
    """Against brute force: a point lies in one change if the plans decide it differently, and in none if not.

    The change's words are those of that very point.
    """
    changes, times, groups = difference(*pair), Times(pair), CallerGroups(pair)
    for point in _points(changes, data):
        day, kind, eve_kind, minute, caller = point
        old, new = (lapsed(plan, day) for plan in pair)
        before, after = (moment_of(plan, day, kind, eve_kind, minute) for plan in pair)
        covering = _covering(changes, times, groups, point)
        if behaviour(old, caller, before) == behaviour(new, caller, after):
            assert covering == []
        else:
            [change] = covering
            assert change.was == describe(old, caller, before)
            now = describe(new, caller, after)
            assert change.now == (now if now != change.was else now + FURTHER_ON)


# Derandomized: a walk that must be found is looked for by chance, and a search that fails must fail again.
@pytest.mark.req("T3")
@settings(max_examples=60, derandomize=True)
@given(edits(plans()) | edits(entered_anywhere()), facts(), st.integers(0, 2**32))
def test_an_outline_says_what_calls_can_tell(pair: tuple[Plan, Plan], of: Facts, seed: int) -> None:
    """With equal outlines no walk through both plans parts; with different ones some walk does.

    But for the forwards: their most is counted as if telephones that ring together rang one after another.
    """
    old, new = pair
    chance, day = Random(seed), of.arrived.date()
    alike = behaviour(lapsed(old, day), of.caller, old.moment(of)) == behaviour(
        lapsed(new, day), of.caller, new.moment(of)
    )
    walks = (decide_differently(old, new, of, chance) for _ in range(30 if alike else 1500))
    assert any(walks) != alike or (not alike and old.max_forwards != new.max_forwards)
