"""The statutory holidays and make-up working days of the mainland (R2), from `chinesecalendar`.

Rule: only this module uses that library; the routing core gets a table.
"""

from datetime import timedelta
from functools import cache

import attrs
from chinese_calendar.constants import holidays, workdays

from routing.calendar import Calendar
from routing.facts import DayKind, Facts


@cache
def china() -> Calendar:
    """The calendar of every year that the library knows (2004–2026 in 1.11.0)."""
    worked = {day: DayKind.MAKEUP for day in workdays if day.weekday() >= 5}
    off = dict.fromkeys(holidays, DayKind.HOLIDAY)
    years = {day.year for day in off}
    return Calendar(min(years), max(years), worked | off)


def with_days(facts: Facts) -> Facts:
    """The facts with the kinds of their day and of the day before (R2)."""
    today = facts.arrived.date()
    calendar = china()
    return attrs.evolve(facts, today=calendar.kind(today), yesterday=calendar.kind(today - timedelta(days=1)))
