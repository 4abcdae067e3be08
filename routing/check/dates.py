"""Dates among which there is one of every kind that some named dates make, of one year or of every year.

Rule: a date is told from another by which of the named dates it is, by its weekday and, where eves count, by which of
them its eve is; whatever date there is, one like it is here.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from routing.hours import DateRange, Dates, Yearly, day_before

DAY: Final = timedelta(days=1)
_CALENDARS: Final = (*range(1901, 1909), 1910, 1912, 1916, 1920, 1924, 1928)
"""Years that no plan may name, with every date on every day of the week: one of each kind of year."""
_LEAP: Final = 2000
_MONDAY: Final = date(_LEAP, 1, 3)


def dated(named: Collection[Dates], cuts: Sequence[date], *, eves: bool) -> Iterator[tuple[str, date]]:
    """Such dates, each with the dates that people name it by: empty for those that are no named ones.

    Ranges of certain years are divided at the `cuts` too.
    """
    yearly = [one for one in named if isinstance(one, Yearly)]
    ranges = [one for one in named if isinstance(one, DateRange)]
    edges = _edges(yearly)
    known: set[tuple[str, int, tuple[bool, ...]]] = set()
    for year in _CALENDARS:
        for day in sorted({_in(year, edge) + more * DAY for edge in edges for more in range(2)}):
            name = _name(edges, day.replace(year=_LEAP), day, yearly, "%m-%d", eves=eves)
            kind = (name, day.weekday(), tuple(one.holds(day - DAY) for one in yearly) if eves else ())
            if kind not in known:
                known.add(kind)
                yield name, day
    if ranges:
        yield from _of_years(ranges, cuts, edges if yearly else [], eves=eves)


def _of_years(
    ranges: Sequence[DateRange], cuts: Sequence[date], yearly: Sequence[date], *, eves: bool
) -> Iterator[tuple[str, date]]:
    """Dates of certain years: of each stretch its first day, and one of each weekday after that."""
    edges = {one.first for one in ranges} | {one.last + DAY for one in ranges}
    years = range(min(edges).year, max(edges).year + 1)
    more = (*cuts, *(_in(year, edge) for year in years for edge in yearly))
    ordered = sorted(edges | {edge for edge in more if any(one.holds(edge) for one in ranges)})
    for first, end in pairwise([*ordered, ordered[-1] + DAY]):
        for day in (first + more * DAY for more in range(min((end - first).days, 8))):
            if name := _name(ordered, day, day, ranges, "%Y-%m-%d", eves=eves):
                yield name, day


def _name(edges: Sequence[date], at: date, day: date, named: Sequence[Dates], form: str, *, eves: bool) -> str:
    """The stretch between edges that `at` lies in; its first day apart from the others if eves count.

    Empty for a day that is in none of the `named`, but for one whose eve is.
    """
    place = bisect_right(edges, at) - 1
    first = edges[place]  # of a yearly stretch over New Year's Eve, the last edge, by its place -1
    last = (edges[place + 1] if place + 1 < len(edges) else edges[0]) - DAY
    is_first = eves and at == first
    if not any(one.holds(day) for one in named):
        return f"{first:{form}}" if is_first and any(one.holds(day_before(day)) for one in named) else ""
    if eves and first != last:
        first, last = (first, first) if is_first else (first + DAY, last)
    return f"{first:{form}}" if first == last else f"{first:{form}}..{last:{form}}"


def _edges(yearly: Sequence[Yearly]) -> list[date]:
    """The first days and those after the last, in a leap year; some day if there is none."""
    firsts = {date(_LEAP, *one.first) for one in yearly}
    return sorted(firsts | {(date(_LEAP, *one.last) + DAY).replace(year=_LEAP) for one in yearly}) or [_MONDAY]


def _in(year: int, day: date) -> date:
    """This day in that year, or the next if that year has none (02-29)."""
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
