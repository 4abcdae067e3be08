"""When: windows of the day on days of the week, on dates, on working days and holidays (R2).

Rule: a window is half-open, `[start, end)`, to the minute. One that crosses midnight belongs to the day it
starts on.
Written as `Mon-Fri 08:30-17:30`, `workday 09:00-18:00`, `2026-10-01..2026-10-03 09:00-12:00`, every year
`12-24 09:00-12:00`, `daily 22:00-06:00`; days and times may each be several, with commas.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

import attrs

from routing.facts import DayKind

DAY_MIN: Final = 24 * 60
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_CHINESE: Final = {"周" + name: day for name, day in zip("一二三四五六日", WEEKDAYS, strict=True)} | {
    "周天": "Sun",
    "每天": "daily",
    "工作日": "workday",
    "休息日": "restday",
    "节假日": "holiday",
    "至": "-",
    "，": ",",
    "、": ",",
    "：": ":",
}
_TIMES = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))")


_YEARLY = re.compile(r"\d\d-\d\d")
_LEAP: Final = 2000
"""A year that has every date."""

YEARS: Final = range(2000, 2100)
"""The years that a plan's dates may be in."""


class HoursFault(ValueError):
    """A text is no window; the message is a sentence for the person who wrote it."""


class DayWord(StrEnum):
    """Days told by what they are in the calendar, not by their name."""

    WORKDAY = "workday"
    """Worked: an ordinary weekday that is no holiday, or a make-up working day (调休)."""
    RESTDAY = "restday"
    """Not worked: a weekend, or a holiday."""
    HOLIDAY = "holiday"
    """A statutory holiday, or one of the subscriber's own."""


_DAY_WORDS: Final = frozenset(word.value for word in DayWord)
_KINDS: Final = {
    DayWord.WORKDAY: (DayKind.WORKDAY, DayKind.MAKEUP),
    DayWord.RESTDAY: (DayKind.WEEKEND, DayKind.HOLIDAY),
    DayWord.HOLIDAY: (DayKind.HOLIDAY,),
}


@attrs.frozen(order=True)
class DateRange:
    """From one date to another, both included."""

    first: date
    last: date

    def holds(self, day: date) -> bool:
        """Whether a date is one of them."""
        return self.first <= day <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}..{self.last}"


@attrs.frozen(order=True)
class Yearly:
    """The same dates every year, both included, as (month, day); past New Year's Eve if `last` is the earlier one."""

    first: tuple[int, int]
    last: tuple[int, int]

    def holds(self, day: date) -> bool:
        """Whether a date is one of them."""
        at = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= at <= self.last
        return at >= self.first or at <= self.last

    def __str__(self) -> str:
        first, last = ("{:02d}-{:02d}".format(*one) for one in (self.first, self.last))
        return first if first == last else f"{first}..{last}"


Dates = DateRange | Yearly
"""Dates of one year, or of every year."""


@attrs.frozen
class Day:
    """A date with what the calendar and the subscriber say of it; `kind` is never UNKNOWN."""

    day: date
    kind: DayKind

    @classmethod
    def of(cls, day: date, kind: DayKind, holidays: tuple[Dates, ...]) -> "Day":
        """A date whose calendar kind may be unknown: then it is a plain weekday or weekend. Own holidays go
        first."""
        if any(one.holds(day) for one in holidays):
            return cls(day, DayKind.HOLIDAY)
        if kind is DayKind.UNKNOWN:
            return cls(day, DayKind.WEEKEND if day.weekday() >= 5 else DayKind.WORKDAY)
        return cls(day, kind)


@attrs.frozen
class Moment:
    """A minute of a day (0–1439), that day, and the day before, on which a window across midnight began."""

    minute: int
    today: Day
    eve: Day


@attrs.frozen
class Window:
    """From one minute to another on some days. `to_min` is above 1440 when the window crosses midnight."""

    weekdays: frozenset[int]
    words: frozenset[DayWord]
    dates: tuple[Dates, ...]
    from_min: int
    to_min: int

    def on(self, day: Day) -> bool:
        """Whether a window starts on this day."""
        if day.day.weekday() in self.weekdays:
            return True
        return any(day.kind in _KINDS[word] for word in self.words) or any(one.holds(day.day) for one in self.dates)

    def holds(self, moment: Moment) -> bool:
        """Whether this moment lies in it."""
        if self.from_min <= moment.minute < self.to_min and self.on(moment.today):
            return True
        return moment.minute + DAY_MIN < self.to_min and self.on(moment.eve)

    def __str__(self) -> str:
        days = [*print_weekdays(self.weekdays), *sorted(self.words), *map(str, self.dates)]
        return f"{','.join(days)} {_clock(self.from_min)}-{_clock(self.to_min)}"


Hours = Mapping[Any, "When"]  # Any: Mapping is invariant in its key, which is routing.plan.HoursName
"""Named hours: their names are the plan's own type."""


@attrs.frozen
class When:
    """A time that a plan can tell: the windows written here, and those of the named hours."""

    names: tuple[str, ...] = ()
    windows: tuple[Window, ...] = ()

    def holds(self, moment: Moment, hours: "Hours") -> bool:
        """Whether this moment lies in it; `hours` are the plan's named ones."""
        for window in self.windows:  # plain loops: this is asked thousands of times in a check
            if window.holds(moment):
                return True
        return any(hours[name].holds(moment, hours) for name in self.names)

    def texts(self) -> list[str]:
        """As a document has it."""
        return [*self.names, *map(str, self.windows)]


def _clock(minute: int) -> str:
    minute = minute - DAY_MIN if minute > DAY_MIN else minute
    return f"{minute // 60:02d}:{minute % 60:02d}"


def print_weekdays(weekdays: frozenset[int]) -> list[str]:
    """Weekdays as people write them: `daily`, or runs of two and more with a hyphen."""
    if len(weekdays) == 7:
        return ["daily"]
    runs: list[list[int]] = []
    for day in sorted(weekdays):
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return [WEEKDAYS[run[0]] if len(run) == 1 else f"{WEEKDAYS[run[0]]}-{WEEKDAYS[run[-1]]}" for run in runs]


def parse_windows(text: str) -> tuple[Window, ...]:
    """The windows that a text names: one for each of its times. Raises HoursFault."""
    for chinese, plain in _CHINESE.items():
        text = text.replace(chinese, plain)
    days, _, times = re.sub(r"\s*,\s*", ",", text.strip()).partition(" ")
    weekdays: set[int] = set()
    words: set[DayWord] = set()
    dates: set[Dates] = set()
    for word in days.split(","):
        if word in _DAY_WORDS:
            words.add(DayWord(word))
        elif word[:1].isdigit():
            dates.add(parse_dates(word))
        else:
            weekdays |= _weekdays(word)
    return tuple(
        Window(frozenset(weekdays), frozenset(words), tuple(sorted(dates, key=str)), *_minutes(one))
        for one in times.strip().split(",")
    )


def parse_dates(word: str) -> Dates:
    """`2026-10-01` or `2026-10-01..2026-10-07`; every year `10-01` or `12-30..01-02`. Raises HoursFault."""
    first, dots, last = word.partition("..")
    try:
        if _YEARLY.fullmatch(first):
            ends = [date.fromisoformat(f"{_LEAP}-{end}") for end in (first, last if dots else first)]
            return Yearly(*((end.month, end.day) for end in ends))
        dates = DateRange(date.fromisoformat(first), date.fromisoformat(last if dots else first))
    except ValueError:
        raise HoursFault(f"“{word}” is no date") from None
    if dates.last < dates.first:
        raise HoursFault(f"“{word}” ends before it begins")
    if not (dates.first.year in YEARS and dates.last.year in YEARS):
        raise HoursFault(f"“{word}” is not between {YEARS[0]} and {YEARS[-1]}")
    return dates


def _weekdays(word: str) -> set[int]:
    if word == "daily":
        return set(range(7))
    first, hyphen, last = word.partition("-")
    ends = [first.capitalize(), last.capitalize() if hyphen else first.capitalize()]
    if not all(end in WEEKDAYS for end in ends):
        raise HoursFault(f"“{word}” is no day: write Mon, Mon-Fri, daily, workday, restday, holiday or a date")
    begin, end = map(WEEKDAYS.index, ends)
    return {(begin + step) % 7 for step in range((end - begin) % 7 + 1)}


def _minutes(times: str) -> tuple[int, int]:
    found = _TIMES.fullmatch(times)
    if not found:
        raise HoursFault(f"“{times}” is no time of day: write 08:30-17:30, at most to 24:00")
    begin = int(found[1]) * 60 + int(found[2])
    end = DAY_MIN if found[5] else int(found[3]) * 60 + int(found[4])
    if begin == end:
        raise HoursFault(f"“{times}” begins and ends at once: write 00:00-24:00 for the whole day")
    return begin, end if end > begin else end + DAY_MIN


def day_before(day: date) -> date:
    """The date before; the first date of all has itself."""
    return day - timedelta(days=1) if day > date.min else day
