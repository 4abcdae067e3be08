"""Recorded calls (M5)."""

import attrs

from b2bua.api.requests import fields
from b2bua.api.requests.operation import Operation, Scope
from b2bua.console.protocol import Role
from routing.ids import CallId, Number400


@attrs.frozen
class RecordedCall:
    """One recording. Times are UTC epoch milliseconds; numbers are printed as people write them.

    `sealed`: it can be played with a key only; `live`: its call is up, and it is still being recorded.
    """

    call_id: CallId
    number: str
    caller: str
    target: str
    arrived_ms: int
    length_s: float
    kept_until_ms: int
    sealed: bool
    live: bool


@attrs.frozen
class RecordingsListed:
    """Recordings, newest first; `more` if there are more than were asked for."""

    rows: tuple[RecordedCall, ...]
    more: bool


@attrs.frozen
class ListRecordings(Operation[RecordingsListed]):
    """List the recordings that are there, of one number or all."""

    NAME = "recording.list"
    ROLE = Role.VIEWER
    SCOPE = Scope.ALL

    number: Number400 | None = attrs.field(default=None, converter=fields.optional_number)
    most: int = attrs.field(default=fields.USUAL_ROWS, validator=fields.rows)
