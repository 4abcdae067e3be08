"""Whole numbers that a plan holds, each with its range and unit, so that a document cannot hold a wrong
one."""

from typing import Annotated, NewType

import attrs


@attrs.frozen
class Between:
    """The range of a whole number in a document, both ends included, and its unit."""

    least: int
    most: int
    unit: str

    def __str__(self) -> str:
        return f"{self.least} to {self.most} {self.unit}"


Waiting = Annotated[int, Between(1, 1000, "callers")]
RingS = Annotated[int, Between(5, 300, "seconds")]
WaitS = Annotated[int, Between(1, 60, "seconds")]
LongS = Annotated[int, Between(5, 3600, "seconds")]
OptionalS = Annotated[int, Between(0, 3600, "seconds")]
Calls = Annotated[int, Between(0, 10_000, "calls")]
MonthCalls = Annotated[int, Between(1, 10_000_000, "calls")]
Forwards = Annotated[int, Between(0, 20, "forwards")]
Percent = Annotated[int, Between(1, 100, "percent")]
Tries = Annotated[int, Between(1, 9, "tries")]
Days = Annotated[int, Between(0, 3650, "days")]
Together = Annotated[int, Between(1, 3, "telephones")]

Li = NewType("Li", int)
"""Money in 厘, ¥0.001."""
