"""Time and callers divided into the classes that plans can tell apart, so that a check is exact and not a sample.

Rule: whatever moment and caller there is, one instant and one caller here is decided just like it by these plans.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

import attrs

from routing.facts import Caller, CallerClass, DayKind
from routing.hours import DAY_MIN, WEEKDAYS, DateRange, Day, Moment, When, Window, day_before
from routing.node import CompareOrigin, CompareTime, Screen
from routing.number import read_number
from routing.origin import Origin
from routing.plan import Plan

_MONDAY: Final = date(1901, 1, 7)
"""A Monday long before any date that a plan names: an ordinary week for every plan."""


@attrs.frozen
class Instant:
    """A stretch of a day, with what the calendar says of it and of the day before; `label` says the day to people.

    `like` is the label of the ordinary day that a date would be if no plan named it.
    """

    label: str
    like: str
    day: date
    kind: DayKind
    eve_kind: DayKind
    from_min: int
    to_min: int

    def moment(self, plan: Plan) -> Moment:
        """The same for a plan, with its own holidays."""
        eve = day_before(self.day)
        return Moment(
            self.from_min, Day.of(self.day, self.kind, plan.holidays), Day.of(eve, self.eve_kind, plan.holidays)
        )


@attrs.frozen
class Who:
    """One caller who stands for all like it, and what they have in common."""

    label: str
    caller: Caller


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


def instants(plans: Sequence[Plan]) -> list[Instant]:
    """Every stretch of every kind of day that these plans can tell apart."""
    windows = windows_of(plans)
    edges = {window.from_min for window in windows} | {window.to_min % DAY_MIN for window in windows}
    cuts = sorted({0, DAY_MIN, *edges})
    return [
        Instant(label + odd, WEEKDAYS[day.weekday()] + odd, day, kind, eve_kind, begin, end)
        for label, odd, day, kind, eve_kind in _days(windows, [one for plan in plans for one in plan.holidays])
        for begin, end in pairwise(cuts)
    ]


_DayClass = tuple[str, str, date, DayKind, DayKind]
"""Its name, what is odd about it, a date that stands for it, its kind, and its eve's."""


def _days(windows: Sequence[Window], holidays: Sequence[DateRange]) -> Iterator[_DayClass]:
    words = any(window.words for window in windows)
    eves = any(window.words and window.to_min > DAY_MIN for window in windows)
    ranges = [one for window in windows for one in window.dates] + (list(holidays) if words else [])
    for label, day in (*_week(), *_dates(ranges)):
        for kind in _kinds(day, words):
            for eve_kind in _kinds(day_before(day), eves):
                odd = "" if kind in (DayKind.WORKDAY, DayKind.WEEKEND) else f" ({kind})"
                after = "" if eve_kind in (DayKind.WORKDAY, DayKind.WEEKEND) else f" after {eve_kind}"
                yield label, odd + after, day, kind, eve_kind


def _kinds(day: date, all_of_them: bool) -> tuple[DayKind, ...]:
    if day.weekday() >= 5:
        return (DayKind.WEEKEND, DayKind.MAKEUP, DayKind.HOLIDAY) if all_of_them else (DayKind.WEEKEND,)
    return (DayKind.WORKDAY, DayKind.HOLIDAY) if all_of_them else (DayKind.WORKDAY,)


def _week() -> list[tuple[str, date]]:
    return [(name, _MONDAY + timedelta(days=at)) for at, name in enumerate(WEEKDAYS)]


def _dates(ranges: Sequence[DateRange]) -> list[tuple[str, date]]:
    """Days between the edges of all ranges: of each stretch the first, whose eve is another's, and a week more."""
    edges = sorted({one.first for one in ranges} | {one.last + timedelta(days=1) for one in ranges})
    days = [
        first + timedelta(days=more)
        for first, end in pairwise([*edges, *(edge + timedelta(days=1) for edge in edges[-1:])])
        for more in range(min((end - first).days, 8))
    ]
    return [(f"{day} {WEEKDAYS[day.weekday()]}", day) for day in days]


def origins_of(plans: Iterable[Plan]) -> list[Origin]:
    """Every set of callers that these plans name, and their screens' areas as sets."""
    found: list[Origin] = []
    for plan in plans:
        found += plan.lists.values()
        for node in plan.nodes.values():
            if isinstance(node, CompareOrigin):
                found += node.branches
            elif isinstance(node, Screen):
                areas = Origin(areas=node.areas_only | node.areas_never, classes=node.refuse)
                found += (node.black, node.white, areas)
    return found


def callers(plans: Sequence[Plan]) -> list[Who]:
    """A caller for every class that these plans can tell apart."""
    named = origins_of(plans)
    numbers = sorted({number for one in named for number in one.numbers})
    prefixes = sorted({prefix for one in named for prefix in one.prefixes})
    areas = sorted({area for one in named for area in one.areas})
    return [
        *(who for number in numbers for who in _numbered(number, f"number {number}", areas)),
        *(who for prefix in prefixes for who in _prefixed(prefix, numbers, prefixes, areas)),
        *(who for area in areas for who in _from_area(area, f"callers from {area}", numbers, prefixes)),
        *_others(numbers, prefixes, areas),
    ]


def _numbered(number: str, label: str, areas: Sequence[str]) -> Iterator[Who]:
    """A number; a mobile may be at home in any area."""
    read = read_number(number)
    if read.caller_class is CallerClass.MOBILE:
        for area in ("", *areas):
            yield Who(f"{label} at home in {area}" if area else label, Caller(number, read.caller_class, area))
    else:
        yield Who(label, Caller(number, read.caller_class, read.area))


def _fresh(head: str, length: int, numbers: Sequence[str], prefixes: Sequence[str]) -> str | None:
    """A number with this head that no longer prefix and no whole number names; None if they leave none."""
    longer = [prefix for prefix in prefixes if len(prefix) > len(head)]
    for tail in range(100):
        number = head + f"{tail:02d}"[::-1].ljust(max(length - len(head), 2), "3")
        if number not in numbers and not number.startswith(tuple(longer)):
            return number
    return None


def _prefixed(prefix: str, numbers: Sequence[str], prefixes: Sequence[str], areas: Sequence[str]) -> Iterator[Who]:
    label = f"numbers beginning {prefix}"
    heads = {prefix} | {area for area in areas if area.startswith(prefix)}
    for head in sorted(heads):
        if number := _fresh(head, 11, numbers, prefixes):
            yield from _numbered(number, label, areas)


def _from_area(area: str, label: str, numbers: Sequence[str], prefixes: Sequence[str]) -> Iterator[Who]:
    if number := _fresh(area, 11, numbers, prefixes):
        yield Who(f"{label} (landline)", Caller(number, CallerClass.FIXED, area))
    if number := _fresh("199", 11, numbers, prefixes):
        yield Who(f"{label} (mobile)", Caller(number, CallerClass.MOBILE, area))


_HEADS: Final = {CallerClass.OVERSEAS: "+1", CallerClass.HK_MO_TW: "+852", CallerClass.SERVICE: "100"}


def _others(numbers: Sequence[str], prefixes: Sequence[str], areas: Sequence[str]) -> Iterator[Who]:
    elsewhere = next(area for area in ("0999", "0998", "0997", *map(str, range(10_000))) if area not in areas)
    for kind in CallerClass:
        head, area = _HEADS.get(kind, elsewhere), "" if kind in _HEADS else elsewhere
        if kind is CallerClass.MOBILE:
            head, area = "199", ""
        if number := _fresh(head, 11, numbers, prefixes):
            yield Who(f"other callers ({kind})", Caller(number, kind, area))
    yield Who("callers without a number", Caller("", CallerClass.UNKNOWN))
