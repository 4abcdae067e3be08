"""What is known of a call when it arrives. Facts come from outside; the core never fetches one."""

from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from routing.ids import CallId, Number400, TargetName, TrunkName


class CallerClass(StrEnum):
    """The kinds of caller that a plan can tell apart (O1, O2)."""

    FIXED = "fixed"
    MOBILE = "mobile"
    PHS = "phs"
    CAMPUS = "campus"
    VOIP = "voip"
    PAYPHONE = "payphone"
    SERVICE = "service"
    """A short or service number such as 10086 or 95588."""
    OVERSEAS = "overseas"
    HK_MO_TW = "hk-mo-tw"
    UNKNOWN = "unknown"


ABROAD: Final = frozenset({CallerClass.OVERSEAS, CallerClass.HK_MO_TW})
"""Those who call from outside the mainland (O2)."""


@attrs.frozen
class Caller:
    """Who is calling.

    `number` is canonical: national landlines and mobiles without trunk prefix or country code for mobiles
    (`13800138000`) and with area code for landlines (`02112345678`); numbers from abroad start with `+`. It
    is empty if the caller's network did not give one. `withheld` means that the caller asked for privacy (RFC
    3323): the number may be used to decide, and must not be shown to the target. `area` is the area code
    (`021`), empty if none.
    """

    number: str
    caller_class: CallerClass
    area: str = ""
    place: str = ""
    display: str = ""
    withheld: bool = False


@attrs.frozen
class Usage:
    """What the number has used in the current billing month (F3): money in 厘 (¥0.001) and incoming calls
    (O6)."""

    cost_li: int = 0
    calls: int = 0


class DayKind(StrEnum):
    """What a date is in the calendar (R2). A year that the calendar does not know has UNKNOWN days."""

    WORKDAY = "workday"
    MAKEUP = "makeup"
    """A weekend day that is worked, to make up for a holiday (调休)."""
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    """A statutory holiday."""
    UNKNOWN = "unknown"


@attrs.frozen
class Facts:
    """Everything about one call that a decision may look at, fixed at its arrival.

    `arrived` is aware and in the plan's zone. `seed` stands for chance: whatever is "random" is a function of
    it.
    `live_calls` counts the calls of this number already connected or being connected. `down` names targets
    that must not be rung and why (gateway dead, authorisation ended, taken out by an operator).
    """

    call_id: CallId
    dialled: Number400
    caller: Caller
    trunk: TrunkName
    arrived: datetime
    seed: int = 0
    usage: Usage = attrs.field(factory=Usage)
    live_calls: int = 0
    down: dict[TargetName, str] = attrs.field(factory=dict)
    today: DayKind = DayKind.UNKNOWN
    yesterday: DayKind = DayKind.UNKNOWN
