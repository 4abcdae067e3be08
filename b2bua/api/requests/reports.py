"""Calls counted (P2)."""

from enum import StrEnum

import attrs

from b2bua.api.requests import fields
from b2bua.api.requests.operation import Operation, Scope
from b2bua.console.protocol import Role
from routing.ids import Number400


class CountBy(StrEnum):
    """The key that calls are counted by; hours and days are Asia/Shanghai's."""

    HOUR = "hour"
    DAY = "day"
    AREA = "area"
    CAUSE = "cause"
    TARGET = "target"


@attrs.frozen
class CallCount:
    """The calls of one hour, day, area, cause or target; `talk_ms` of all of them together."""

    key: str
    calls: int
    answered: int
    busy: int
    no_answer: int
    talk_ms: int


@attrs.frozen
class CallsCounted:
    """Hours and days in order of time; others in order of calls, most first."""

    rows: tuple[CallCount, ...]


@attrs.frozen
class CountCalls(Operation[CallsCounted]):
    """Count the calls accepted in `[from_ms, to_ms)` (UTC epoch milliseconds), to one number or all."""

    NAME = "report.calls"
    ROLE = Role.VIEWER
    SCOPE = Scope.ALL

    from_ms: int = attrs.field(validator=fields.time_ms)
    to_ms: int = attrs.field(validator=fields.time_ms)
    by: CountBy = CountBy.DAY
    number: Number400 | None = attrs.field(default=None, converter=fields.optional_number)
