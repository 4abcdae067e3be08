"""The statutory holidays and make-up working days of the mainland (R2), from `chinesecalendar`.

Rule: this is the only place that knows where they come from; the core is given a table.
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
    """The facts, told what their day and the one before it are in the calendar (R2)."""
    today = facts.arrived.date()
    calendar = china()
    return attrs.evolve(facts, today=calendar.kind(today), yesterday=calendar.kind(today - timedelta(days=1)))
