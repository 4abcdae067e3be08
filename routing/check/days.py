"""Time divided into the classes that plans can tell apart: days by what their windows make of them, and stretches of
the day.

Rule: every date of the years that a plan may name, whatever the calendar says of it and of its eve, is in exactly one
class, and all days of a class are decided alike.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

import attrs

from routing.facts import DayKind
from routing.hours import (
    DAY_MIN,
    WEEKDAYS,
    YEARS,
    DateRange,
    Dates,
    Day,
    Moment,
    When,
    Window,
    Yearly,
    day_before,
    print_weekdays,
)
from routing.node import CompareTime
from routing.plan import Plan

DAY: Final = timedelta(days=1)
_ODD: Final = {DayKind.HOLIDAY: "holidays", DayKind.MAKEUP: "make-up days"}
"""What people call days that are not what their weekday says."""
_CALENDARS: Final = (*range(1901, 1909), 1910, 1912, 1916, 1920, 1924, 1928)
"""Years that no plan may name, with every date on every day of the week: one of each kind of year."""
_LEAP: Final = 2000
_MONDAY: Final = date(_LEAP, 1, 3)


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

    def tell(self, some: Collection[DayClass]) -> str:
        """Some of the days in words, exactly: a day that is not named is like the wider one that is."""
        whole: dict[Section, set[int]] = {}
        inside: dict[Section, set[int]] = {}
        for one in self.days:
            for section, day in one.names:
                whole.setdefault(section, set()).add(day.weekday())
                inside.setdefault(section, set()).update({day.weekday()} if one in some else ())
        told, but = [], []
        for section, all_its in sorted(whole.items(), key=lambda one: str(one[0])):
            implied = all_its & inside.get(section.wider(), set()) if section != Section() else set()
            now = inside[section]
            if now - implied:
                told.append(_days_of(section, now, all_its))
            if implied - now:
                but.append(_days_of(section, implied - now, implied if now else implied - now))
        return ", ".join(told) + (f" but not {', '.join(but)}" if but else "")

    def _all(self) -> Iterator[tuple[Section, date, DayKind, DayKind]]:
        """Days of every class, as people name them."""
        for dates, day in self._dated():
            for kind in _kinds(day, self._words):
                for eve_kind in _kinds(day_before(day), self._late_words):
                    after = f"after {_ODD[eve_kind]}" if eve_kind in _ODD else ""
                    odd = " ".join(filter(None, (_ODD.get(kind, ""), after)))
                    yield Section(dates, odd), day, kind, eve_kind

    def _dated(self) -> Iterator[tuple[str, date]]:
        """Dates among which there is one of every class, each with the dates that people name it by."""
        every = {one for window in self._windows for one in window.dates}
        every |= {one for plan in self._plans for one in plan.holidays} if self._words else set()
        yearly = [one for one in every if isinstance(one, Yearly)]
        ranges = [one for one in every if isinstance(one, DateRange)]
        edges = _yearly_edges(yearly)
        known: set[tuple[str, int]] = set()
        for year in _CALENDARS:
            for day in sorted({_in(year, edge) + more * DAY for edge in edges for more in range(2)}):
                dates = self._name(edges, day.replace(year=_LEAP), day, yearly, "%m-%d")
                if (dates, day.weekday()) not in known:
                    known.add((dates, day.weekday()))
                    yield dates, day
        if ranges:
            yield from self._concrete(ranges, edges if yearly else [])

    def _concrete(self, ranges: Sequence[DateRange], yearly: Sequence[date]) -> Iterator[tuple[str, date]]:
        """Dates of certain years: of each stretch its first day, and one of each weekday after that."""
        edges = {one.first for one in ranges} | {one.last + DAY for one in ranges}
        years = range(min(edges).year, max(edges).year + 1)
        inside = (*self._divided, *(_in(year, edge) for year in years for edge in yearly))
        cuts = sorted(edges | {edge for edge in inside if any(one.holds(edge) for one in ranges)})
        for first, end in pairwise([*cuts, cuts[-1] + DAY]):
            for day in (first + more * DAY for more in range(min((end - first).days, 8))):
                if name := self._name(cuts, day, day, ranges, "%Y-%m-%d"):
                    yield name, day

    def _name(self, edges: Sequence[date], at: date, day: date, named: Sequence[Dates], form: str) -> str:
        """The dates of a stretch between edges that `at` lies in; the first apart from the others if eves count.

        Empty for a day that is in none of the `named`, but for one whose eve is.
        """
        place = bisect_right(edges, at) - 1
        first = edges[place]  # of a yearly stretch over New Year's Eve, the last edge, by its place -1
        last = (edges[place + 1] if place + 1 < len(edges) else edges[0]) - DAY
        is_first = self._late and at == first
        if not any(one.holds(day) for one in named):
            return f"{first:{form}}" if is_first and any(one.holds(day_before(day)) for one in named) else ""
        if self._late and first != last:
            first, last = (first, first) if is_first else (first + DAY, last)
        return f"{first:{form}}" if first == last else f"{first:{form}}..{last:{form}}"


def _days_of(section: Section, weekdays: set[int], all_its: set[int]) -> str:
    """The days of a section in words; its weekdays only where not all are meant."""
    if section != Section() and weekdays == all_its:
        return str(section)
    return " ".join(filter(None, (",".join(print_weekdays(frozenset(weekdays))), str(section))))


def _yearly_edges(yearly: Sequence[Yearly]) -> list[date]:
    """The first days and those after the last, in a leap year; some day if there is none."""
    firsts = {date(_LEAP, *one.first) for one in yearly}
    return sorted(firsts | {(date(_LEAP, *one.last) + DAY).replace(year=_LEAP) for one in yearly}) or [_MONDAY]


def _in(year: int, day: date) -> date:
    """This day in that year, or the next if that year has none (02-29)."""
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def _kinds(day: date, all_of_them: bool) -> tuple[DayKind, ...]:
    if day.weekday() >= 5:
        return (DayKind.WEEKEND, DayKind.MAKEUP, DayKind.HOLIDAY) if all_of_them else (DayKind.WEEKEND,)
    return (DayKind.WORKDAY, DayKind.HOLIDAY) if all_of_them else (DayKind.WORKDAY,)
