"""Searching the records of calls."""

import attrs

from b2bua.api.requests import fields
from b2bua.api.requests.operation import Operation, Scope
from b2bua.console.protocol import Role
from b2bua.console.rows import LiveCall
from routing.cause import Blame
from routing.ids import CallId, Number400


@attrs.frozen(kw_only=True)
class FoundCall(LiveCall):
    """A call as a row of the console's tables, with what is known only after its end. Times are UTC epoch milliseconds.

    `missed`: it ended before it talked to a target, and not because the plan refused it. `closed`: the person who
    closed it, or the target that the caller talked to later, in the call `closed_call`; empty, and `closed_ms` None,
    while it waits to be called back.
    """

    call_id: CallId
    talk_ms: int
    hung_up_by: str
    missed: bool
    closed: str = ""
    closed_ms: int | None = None
    closed_note: str = ""
    closed_call: str = ""


@attrs.frozen
class CallsFound:
    """What matches, newest first; `more` if there is more than was asked for."""

    rows: tuple[FoundCall, ...]
    more: bool


@attrs.frozen(kw_only=True)
class CallSearch:
    """Conditions on calls, of which all that are given must hold. Times are of acceptance, `to_ms` is not included.

    `caller` may end in `*`, for all numbers with that beginning; `cause` is the slug of a release cause.
    """

    number: Number400 | None = attrs.field(default=None, converter=fields.optional_number)
    caller: str = attrs.field(default="", validator=fields.short_text)
    target: str = attrs.field(default="", validator=fields.short_text)
    cause: str = attrs.field(default="", validator=fields.short_text)
    blame: Blame | None = None
    plan_hash: str = attrs.field(default="", validator=fields.short_text)
    from_ms: int | None = attrs.field(default=None, validator=fields.time_ms)
    to_ms: int | None = attrs.field(default=None, validator=fields.time_ms)
    most: int = attrs.field(default=fields.USUAL_ROWS, validator=fields.rows)


@attrs.frozen(kw_only=True)
class FindRecords(CallSearch, Operation[CallsFound]):
    """Find records of calls; `missed`: only missed calls, closed or not."""

    NAME = "record.find"
    ROLE = Role.VIEWER
    SCOPE = Scope.ALL

    missed: bool = False
