"""Hours: windows, days, holidays (R2)."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.admission.holidays import china
from routing.calendar import Calendar
from routing.facts import DayKind
from routing.hours import DateRange, Day, HoursFault, Moment, When, day_before, parse_dates, parse_windows
from tests.unit.routing.strategies import windows


def at(text: str, kind: DayKind = DayKind.UNKNOWN, eve: DayKind = DayKind.UNKNOWN) -> Moment:
    """The moment of an ISO date and time."""
    when = datetime.fromisoformat(text)
    today = when.date()
    return Moment(when.hour * 60 + when.minute, Day.of(today, kind, ()), Day.of(day_before(today), eve, ()))


def holds(text: str, moment: Moment) -> bool:
    """Whether one of the windows that a text names holds."""
    return When((), parse_windows(text)).holds(moment, {})


@pytest.mark.req("R2")
def test_the_working_hours_of_the_documents() -> None:
    """Document D's example: Mon-Fri 08:30-17:30 and Sat 08:30-12:00 to a landline, all other times to a mobile."""
    work = When((), parse_windows("周一至周五 08:30-17:30") + parse_windows("Sat 08:30-12:00"))
    inside = ["2026-04-13T08:30", "2026-04-17T17:29", "2026-04-18T11:59"]
    outside = ["2026-04-13T08:29", "2026-04-17T17:30", "2026-04-18T12:00", "2026-04-19T10:00"]
    assert all(work.holds(at(text), {}) for text in inside)
    assert not any(work.holds(at(text), {}) for text in outside)


@pytest.mark.req("R2")
def test_a_window_across_midnight_belongs_to_the_day_it_starts_on() -> None:
    """Friday 22:00-06:00 holds on Friday night and Saturday morning, not on Friday morning."""
    assert holds("Fri 22:00-06:00", at("2026-04-17T23:00"))
    assert holds("Fri 22:00-06:00", at("2026-04-18T05:59"))
    assert not holds("Fri 22:00-06:00", at("2026-04-18T06:00"))
    assert not holds("Fri 22:00-06:00", at("2026-04-17T05:00"))


@pytest.mark.req("R2")
def test_the_whole_day_and_dates() -> None:
    """00:00-24:00 is the whole day; dates and ranges include both ends."""
    assert holds("daily 00:00-24:00", at("2026-04-17T00:00"))
    assert holds("2026-10-01..2026-10-03 00:00-24:00", at("2026-10-03T23:59"))
    assert not holds("2026-10-01..2026-10-03 00:00-24:00", at("2026-10-04T00:00"))
    assert holds("2026-10-01 09:00-10:00,11:00-12:00", at("2026-10-01T11:30"))
    assert not holds("2026-10-01 09:00-10:00,11:00-12:00", at("2026-10-01T10:30"))


@pytest.mark.req("R2")
def test_holidays_and_make_up_days() -> None:
    """A statutory holiday is no working day though a Thursday; a make-up Saturday is one (调休)."""
    calendar = china()
    national, makeup = (
        date(2026, 10, 1),
        next(day for day, kind in calendar.odd.items() if kind is DayKind.MAKEUP and day.year == 2026),
    )
    assert calendar.kind(national) is DayKind.HOLIDAY
    assert holds("工作日 00:00-24:00", at(f"{makeup}T10:00", calendar.kind(makeup)))
    assert not holds("workday 00:00-24:00", at("2026-10-01T10:00", calendar.kind(national)))
    assert holds("holiday 00:00-24:00", at("2026-10-01T10:00", calendar.kind(national)))
    assert holds("restday 00:00-24:00", at("2026-10-01T10:00", calendar.kind(national)))
    assert not holds("holiday 00:00-24:00", at("2026-04-18T10:00", calendar.kind(date(2026, 4, 18))))


@pytest.mark.req("R2")
def test_a_year_that_the_calendar_does_not_know() -> None:
    """Outside its years the calendar says so, and plain weekdays decide."""
    calendar = Calendar(2004, 2026, {})
    assert calendar.kind(date(2040, 1, 2)) is DayKind.UNKNOWN
    assert calendar.kind(date(2026, 4, 18)) is DayKind.WEEKEND
    assert holds("workday 00:00-24:00", at("2040-01-02T10:00"))
    assert not holds("workday 00:00-24:00", at("2040-01-01T10:00"))


@pytest.mark.req("R2")
def test_own_holidays_go_on_top() -> None:
    """The subscriber's own holiday is a holiday, whatever the calendar says."""
    own = (DateRange(date(2026, 6, 1), date(2026, 6, 2)),)
    assert Day.of(date(2026, 6, 1), DayKind.WORKDAY, own).kind is DayKind.HOLIDAY
    assert Day.of(date(2026, 6, 3), DayKind.WORKDAY, own).kind is DayKind.WORKDAY


@pytest.mark.req("R2")
@given(windows())
def test_windows_are_printed_without_loss(window: object) -> None:
    """What is printed is read as the same window."""
    assert parse_windows(str(window)) == (window,)


@pytest.mark.req("R2")
@given(windows(), st.dates(date(2025, 12, 1), date(2026, 12, 1)), st.integers(0, 1439))
def test_half_open_against_brute_force(window: object, day: date, minute: int) -> None:
    """A window holds at exactly the minutes from its start to before its end, on each day it starts on."""
    one = parse_windows(str(window))[0]
    kinds = china()

    def day_of(of: date) -> Day:
        return Day.of(of, kinds.kind(of), ())

    expected = any(
        one.on(day_of(start))
        and (start - day).days * 1440 + one.from_min <= minute < (start - day).days * 1440 + one.to_min
        for start in (day - timedelta(days=1), day)
    )
    assert one.holds(Moment(minute, day_of(day), day_of(day - timedelta(days=1)))) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Mon-Fri 8:30-17:30", "no time of day"),
        ("Mon-Fri 08:30-25:00", "no time of day"),
        ("Mon-Fri", "no time of day"),
        ("Mon 08:30-08:30", "begins and ends at once"),
        ("Monday 08:30-17:30", "no day"),
        ("Mon-Xyz 08:30-17:30", "no day"),
        ("2026-02-30 08:30-17:30", "no date"),
        ("2026-03-02..2026-03-01 08:30-17:30", "ends before it begins"),
        ("2026-03-02..x 08:30-17:30", "no date"),
        ("13-01 08:30-17:30", "no date"),
        ("02-30 08:30-17:30", "no date"),
        ("10-01..2026-10-02 08:30-17:30", "no date"),
        ("1999-12-31 08:30-17:30", "not between 2000 and 2099"),
    ],
)
def test_what_is_no_window(text: str, says: str) -> None:
    """A text that is no window is refused, with the reason."""
    with pytest.raises(HoursFault, match=says):
        parse_windows(text)


def test_first_date_of_all() -> None:
    """The first date that there is has no day before it."""
    assert day_before(date.min) == date.min
    assert str(parse_dates("2026-10-01")) == "2026-10-01"


def test_weeks_may_wrap() -> None:
    """Sat-Mon is three days."""
    assert parse_windows("Sat-Mon 00:00-24:00")[0].weekdays == frozenset({5, 6, 0})


@pytest.mark.req("R2")
@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("10-01..10-03", ["2026-10-01", "2031-10-03"], ["2026-09-30", "2026-10-04"]),
        ("12-30..01-02", ["2026-12-30", "2027-01-01", "2028-01-02"], ["2026-12-29", "2026-01-03"]),
        ("02-29", ["2028-02-29"], ["2026-02-28", "2026-03-01"]),
    ],
)
def test_dates_of_every_year(text: str, inside: list[str], outside: list[str]) -> None:
    """Dates without a year come every year, past New Year's Eve too; they are written back as they were."""
    dates = parse_dates(text)
    assert str(dates) == text
    assert [dates.holds(date.fromisoformat(day)) for day in inside] == [True] * len(inside)
    assert [dates.holds(date.fromisoformat(day)) for day in outside] == [False] * len(outside)
    assert Day.of(date.fromisoformat(inside[0]), DayKind.WORKDAY, (dates,)).kind is DayKind.HOLIDAY
