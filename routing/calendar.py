"""The statutory calendar as a table of values; `b2bua.admission.holidays` fills it.

Rule: outside the years it knows every day is UNKNOWN, which counts as a plain weekday or weekend; the trace says so.
"""

from collections.abc import Mapping
from datetime import date

import attrs

from routing.facts import DayKind


@attrs.frozen
class Calendar:
    """What each date of some years is: `odd` are those that are not what their weekday says."""

    first_year: int
    last_year: int
    odd: Mapping[date, DayKind]

    def kind(self, day: date) -> DayKind:
        """What a date is."""
        if not self.first_year <= day.year <= self.last_year:
            return DayKind.UNKNOWN
        return self.odd.get(day, DayKind.WEEKEND if day.weekday() >= 5 else DayKind.WORKDAY)
