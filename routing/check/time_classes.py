"""Time divided into the classes that plans can tell apart: days by what their windows make of them, and stretches of
the day.

Rule: every date of the years that a plan may name, whatever the calendar says of it and of its eve, is in exactly one
class, and all days of a class are decided alike.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Final

import attrs

from routing.check.dates import dated
from routing.facts import DayKind
from routing.hours import (
    DAY_MIN,
    WEEKDAYS,
    YEARS,
    Day,
    Moment,
    When,
    Window,
    day_before,
    print_weekdays,
)
from routing.node import CompareTime
from routing.plan import Plan

_ODD: Final = {DayKind.HOLIDAY: "holidays", DayKind.MAKEUP: "make-up days"}
"""What people call days that are not what their weekday says."""


@attrs.frozen
class Section:
    """How a day is named to people: the dates it lies in, empty for all others, and what the calendar says of it."""

    dates: str = ""
    odd: str = ""

    def wider(self) -> "Section":
        """What a day would be named if this were not told of it."""
        return Section(self.dates) if self.odd else Section()

    def __str__(self) -> str:
        return " ".join(filter(None, (self.dates, self.odd)))


@attrs.frozen
class DayClass:
    """Days that look the same: how people name them, each with such a day; one of them, its kind and its eve's."""

    names: tuple[tuple[Section, date], ...]
    day: date
    kind: DayKind
    eve_kind: DayKind

    def moment(self, plan: Plan, minute: int) -> Moment:
        """A minute of it, for a plan with its own holidays."""
        return moment_of(plan, self.day, self.kind, self.eve_kind, minute)

    def __str__(self) -> str:
        section, day = self.names[0]
        return " ".join(filter(None, (section.dates, WEEKDAYS[day.weekday()], section.odd)))

    def is_between(self, since: date | None, until: date | None) -> bool:
        """Whether there is such a day from one date to before another."""
        days = [day for _, day in self.names]
        return any(
            day.year not in YEARS or ((since is None or since <= day) and (until is None or day < until))
            for day in days
        )


def moment_of(plan: Plan, day: date, kind: DayKind, eve_kind: DayKind, minute: int) -> Moment:
    """A minute of a day of which the calendar says this."""
    return Moment(minute, Day.of(day, kind, plan.holidays), Day.of(day_before(day), eve_kind, plan.holidays))


def _whens(plan: Plan) -> Iterator[When]:
    for target in plan.targets.values():
        yield from (target.hours, target.closed)
    for node in plan.nodes.values():
        if isinstance(node, CompareTime):
            yield from (branch.when for branch in node.branches)
    yield from plan.hours.values()


def windows_of(plans: Iterable[Plan]) -> tuple[Window, ...]:
    """Every window that these plans name, each once."""
    return tuple(dict.fromkeys(window for plan in plans for when in _whens(plan) for window in when.windows))


Marks = tuple[frozenset[int], ...]
"""For each plan, the places of the windows that start on a day and, as those after them, on its eve."""


class Times:
    """What some plans can tell apart of time: `days`, and the minutes that the stretches of a day begin and end at.

    At the `cuts` dates are divided too, for whoever looks at the time before and after each by itself.
    """

    def __init__(self, plans: Sequence[Plan], cuts: Sequence[date] = ()) -> None:
        self._plans = plans
        self._divided = cuts
        self._windows = windows_of(plans)
        self._places = {window: at for at, window in enumerate(self._windows)}
        edges = {window.from_min for window in self._windows} | {window.to_min % DAY_MIN for window in self._windows}
        self.cuts = sorted({0, DAY_MIN, *edges})
        self.stretches = tuple(pairwise(self.cuts))
        self._words = any(window.words for window in self._windows)
        self._late = any(window.to_min > DAY_MIN for window in self._windows)
        self._late_words = any(window.words and window.to_min > DAY_MIN for window in self._windows)
        named: dict[Marks, DayClass] = {}
        for section, day, kind, eve_kind in self._all():
            marks = self.of(day, kind, eve_kind)
            name = (section, day)
            known = named.get(marks)
            names = (*known.names, name) if known else (name,)
            named[marks] = attrs.evolve(known, names=names) if known else DayClass(names, day, kind, eve_kind)
        self.days = tuple(named.values())
        self._at = {marks: at for at, marks in enumerate(named)}
        self._marks = tuple(named)

    def of(self, day: date, kind: DayKind, eve_kind: DayKind) -> Marks:
        """What these plans see of a day; `day` must be in `routing.hours.YEARS` or not be named by any plan."""
        marks: list[frozenset[int]] = []
        for plan in self._plans:
            moment = moment_of(plan, day, kind, eve_kind, 0)
            marks.append(frozenset(at for at, one in enumerate(self._windows) if one.on(moment.today)))
            late = ((at, one) for at, one in enumerate(self._windows) if one.to_min > DAY_MIN) if self._late else ()
            marks.append(frozenset(at for at, one in late if one.on(moment.eve)))
        return tuple(marks)

    def class_of(self, day: date, kind: DayKind, eve_kind: DayKind) -> DayClass:
        """The class that a day is in."""
        return self.days[self._at[self.of(day, kind, eve_kind)]]

    def held(self, plan: int, window: Window) -> int:
        """A bit for each stretch of each day, in their order: whether a window of one of the plans holds there."""
        at = self._places[window]
        today = self._bits(window.from_min, min(window.to_min, DAY_MIN))
        eve = self._bits(0, window.to_min - DAY_MIN)
        held = 0
        for place, marks in enumerate(self._marks):
            bits = (today if at in marks[2 * plan] else 0) | (eve if at in marks[2 * plan + 1] else 0)
            held |= bits << place * len(self.stretches)
        return held

    def alike(self) -> list[list[int]]:
        """All the stretches' bits, those together at which the same windows of each plan hold."""
        masks = [self.held(plan, window) for plan in range(len(self._plans)) for window in self._windows]
        parts: dict[tuple[int, ...], list[int]] = {}
        for place in range(len(self.days) * len(self.stretches)):
            parts.setdefault(tuple(mask >> place & 1 for mask in masks), []).append(place)
        return list(parts.values())

    @property
    def all(self) -> int:
        """The bits of all stretches."""
        return (1 << len(self.days) * len(self.stretches)) - 1

    def ordinary(self) -> int:
        """The bits of days that no plan names and of which the calendar says nothing."""
        days = (at for at, day in enumerate(self.days) if any(section == Section() for section, _ in day.names))
        whole = (1 << len(self.stretches)) - 1
        return sum(whole << at * len(self.stretches) for at in days)

    def _bits(self, from_min: int, to_min: int) -> int:
        if to_min <= from_min:
            return 0
        first, end = self.cuts.index(from_min), self.cuts.index(to_min)
        return (1 << end) - (1 << first)

    def at(self, place: int) -> tuple[DayClass, int, int]:
        """The stretch that a bit stands for: its day, and the minutes it begins and ends at."""
        day, stretch = divmod(place, len(self.stretches))
        return (self.days[day], *self.stretches[stretch])

    def describe(self, some: Collection[DayClass]) -> str:
        """Some of the days in words, exactly: a day that is not named is like the wider one that is."""
        whole: dict[Section, set[int]] = {}
        inside: dict[Section, set[int]] = {}
        for one in self.days:
            for section, day in one.names:
                whole.setdefault(section, set()).add(day.weekday())
                inside.setdefault(section, set()).update({day.weekday()} if one in some else ())
        said, but = [], []
        for section, all_its in sorted(whole.items(), key=lambda one: str(one[0])):
            implied = all_its & inside.get(section.wider(), set()) if section != Section() else set()
            now = inside[section]
            if now - implied:
                said.append(_days_of(section, now, all_its))
            if implied - now:
                but.append(_days_of(section, implied - now, implied if now else implied - now))
        return ", ".join(said) + (f" but not {', '.join(but)}" if but else "")

    def _all(self) -> Iterator[tuple[Section, date, DayKind, DayKind]]:
        """Days of every class, as people name them."""
        every = {one for window in self._windows for one in window.dates}
        every |= {one for plan in self._plans for one in plan.holidays} if self._words else set()
        for dates, day in dated(every, self._divided, eves=self._late):
            for kind in _kinds(day, self._words):
                for eve_kind in _kinds(day_before(day), self._late_words):
                    after = f"after {_ODD[eve_kind]}" if eve_kind in _ODD else ""
                    odd = " ".join(filter(None, (_ODD.get(kind, ""), after)))
                    yield Section(dates, odd), day, kind, eve_kind


def _days_of(section: Section, weekdays: set[int], all_its: set[int]) -> str:
    """The days of a section in words; its weekdays only where not all are meant."""
    if section != Section() and weekdays == all_its:
        return str(section)
    return " ".join(filter(None, (",".join(print_weekdays(frozenset(weekdays))), str(section))))


def _kinds(day: date, all_of_them: bool) -> tuple[DayKind, ...]:
    if day.weekday() >= 5:
        return (DayKind.WEEKEND, DayKind.MAKEUP, DayKind.HOLIDAY) if all_of_them else (DayKind.WEEKEND,)
    return (DayKind.WORKDAY, DayKind.HOLIDAY) if all_of_them else (DayKind.WORKDAY,)
