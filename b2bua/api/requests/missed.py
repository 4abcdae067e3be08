"""Missed calls: the list to call back from, and closing one by hand (P4)."""

from typing import ClassVar

import attrs

from b2bua.api.requests import fields
from b2bua.api.requests.operation import Operation, Scope
from b2bua.api.requests.records import CallSearch, FoundCall
from b2bua.console.protocol import FaultKind, Role
from routing.ids import CallId


@attrs.frozen
class MissedListed:
    """Missed calls, newest first; `more` if there are more than were asked for."""

    rows: tuple[FoundCall, ...]
    more: bool


@attrs.frozen(kw_only=True)
class ListMissed(CallSearch, Operation[MissedListed]):
    """List the missed calls that wait to be called back, or (`all`) those that are closed too."""

    NAME = "missed.list"
    ROLE = Role.VIEWER
    SCOPE = Scope.ALL

    all: bool = False


@attrs.frozen
class MissedClosed:
    """The missed call is closed."""


@attrs.frozen
class CloseMissed(Operation[MissedClosed]):
    """Close a missed call with a note of what was done about it; one that is closed already is refused (`conflict`)."""

    NAME = "missed.close"
    ROLE = Role.OPERATOR
    SCOPE = Scope.NUMBER
    AUDITED = True
    FAULTS: ClassVar = (FaultKind.NOT_FOUND, FaultKind.CONFLICT)

    call_id: CallId = attrs.field(validator=fields.non_empty_text)
    note: str = attrs.field(converter=fields.stripped, validator=fields.non_empty_text)
