"""Where two versions of a plan differ: when, for whom, what it was and what it is now.

Rule: exact. A moment and a caller are listed if, and only if, some call then can be decided differently.
"""

from collections.abc import Iterator
from datetime import date
from itertools import groupby, pairwise

import attrs

from routing.check.behaviour import behaviour, lapsed
from routing.check.caller_groups import CallerGroup, CallerGroups
from routing.check.dates import DAY
from routing.check.descriptions import describe
from routing.check.time_classes import DayClass, Times
from routing.plan import Plan

FURTHER_ON = ", with a change further on or in its settings"
"""Said where the first words about both versions are the same."""


@attrs.frozen
class Change:
    """On these days, from one minute to another (half-open), these callers: what was done with them, what is now.

    It holds from the date `since` to the day before `until`, where authorisations end; None for no such date.
    `when` and `whom` say in words what `days` and `callers` are.
    """

    days: tuple[DayClass, ...]
    from_min: int
    to_min: int
    callers: tuple[CallerGroup, ...]
    when: str
    whom: tuple[str, ...]
    was: str
    now: str
    since: date | None = None
    until: date | None = None

    def __str__(self) -> str:
        begin, end = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in (self.from_min, self.to_min))
        dates = (f"from {self.since}" if self.since else "", f"until {self.until - DAY}" if self.until else "")
        era = " ".join(filter(None, dates))
        when = f"{era}, {self.when}" if era else self.when
        return f"{when} {begin}–{end}, {', '.join(self.whom)}: was {self.was}, now {self.now}"


Entry = tuple[str, str, tuple[CallerGroup, ...]]
"""What was, what is, and for whom."""


def difference(old: Plan, new: Plan) -> tuple[Change, ...]:
    """Every change from one version to another, in the order of the week, then of dates; empty if there is none."""
    ends = {one.authorised_until for plan in (old, new) for one in plan.targets.values() if one.authorised_until}
    cuts = sorted(end + DAY for end in ends)
    times, groups = Times((old, new), cuts), CallerGroups((old, new))
    found: list[Change] = []
    for since, until in pairwise([None, *cuts, None]):
        on = since or date.min
        here = _changes(times, groups, _entries(lapsed(old, on), lapsed(new, on), times, groups))
        found += (attrs.evolve(change, since=since, until=until) for change in here)
    order = {day: at for at, day in enumerate(times.days)}
    real = (one for one in _lasting(found) if any(day.is_between(one.since, one.until) for day in one.days))
    return tuple(sorted(real, key=lambda one: (order[one.days[0]], one.from_min)))


def _lasting(changes: list[Change]) -> list[Change]:
    """Changes that go on from one stretch of dates to the next, as one."""
    lasting: list[Change] = []
    for change in changes:
        before = attrs.evolve(change, since=None, until=change.since)
        for at, known in enumerate(lasting):
            if change.since and attrs.evolve(known, since=None) == before:
                lasting[at] = attrs.evolve(known, until=change.until)
                break
        else:
            lasting.append(change)
    return lasting


def _entries(old: Plan, new: Plan, times: Times, groups: CallerGroups) -> dict[Entry, list[int]]:
    """What changes, with the stretches of time where it does."""
    found: dict[Entry, list[int]] = {}
    for part in times.alike():
        day, minute, _ = times.at(part[0])
        before, after = day.moment(old, minute), day.moment(new, minute)
        here: dict[tuple[str, str], list[CallerGroup]] = {}
        for who in groups.classes:
            if behaviour(old, who.caller, before) != behaviour(new, who.caller, after):
                was, now = describe(old, who.caller, before), describe(new, who.caller, after)
                here.setdefault((was, now if now != was else now + FURTHER_ON), []).append(who)
        for words, people in here.items():
            found.setdefault((*words, tuple(people)), []).extend(part)
    return found


def _changes(times: Times, groups: CallerGroups, found: dict[Entry, list[int]]) -> Iterator[Change]:
    for (was, now, people), places in found.items():
        spans: dict[tuple[int, int], list[DayClass]] = {}
        for day, stretches in groupby(map(times.at, sorted(places)), key=lambda one: one[0]):
            for span in _joined((begin, end) for _, begin, end in stretches):
                spans.setdefault(span, []).append(day)
        whom = groups.describe(people)
        for (begin, end), days in spans.items():
            yield Change(tuple(days), begin, end, people, times.describe(days), whom, was, now)


def _joined(stretches: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Stretches one after another as one."""
    begin, end = next(stretches)
    for first, last in stretches:
        if first != end:
            yield begin, end
            begin = first
        end = last
    yield begin, end
