"""Messages that callers left (M4)."""

from typing import ClassVar

import attrs

from b2bua.api.requests import fields
from b2bua.api.requests.operation import Operation, Scope
from b2bua.console.protocol import FaultKind, Role
from routing.ids import CallId, Number400


@attrs.frozen
class Message:
    """One message. Times are UTC epoch milliseconds; numbers are printed as people write them.

    `read_ms` None: nobody has read it. `notified_ms`: when the subscriber's system was notified of it. `sealed`: it can
    be played with a key only.
    """

    call_id: CallId
    number: str
    mailbox: str
    arrived_ms: int
    length_s: float
    caller: str
    place: str
    sealed: bool
    read_ms: int | None
    read_by: str
    notified_ms: int | None


@attrs.frozen
class MessagesListed:
    """Messages, newest first; `more` if there are more than were asked for."""

    rows: tuple[Message, ...]
    more: bool


@attrs.frozen
class ListMessages(Operation[MessagesListed]):
    """List the messages of a number, of a mailbox of its plan, or all; or only those that nobody has read."""

    NAME = "voicemail.list"
    ROLE = Role.VIEWER
    SCOPE = Scope.ALL

    number: Number400 | None = attrs.field(default=None, converter=fields.optional_number)
    mailbox: str = attrs.field(default="", validator=fields.short_text)
    unread: bool = False
    most: int = attrs.field(default=fields.USUAL_ROWS, validator=fields.rows)


@attrs.frozen
class MessagesMarked:
    """How many messages were marked."""

    marked: int


@attrs.frozen
class MarkMessages(Operation[MessagesMarked]):
    """Mark the messages of calls as read, or as new again; all or none."""

    NAME = "voicemail.mark"
    ROLE = Role.OPERATOR
    SCOPE = Scope.NUMBER
    AUDITED = True
    FAULTS: ClassVar = (FaultKind.NOT_FOUND,)

    call_ids: tuple[CallId, ...] = attrs.field(validator=fields.bounded_non_empty_list)
    read: bool = True


@attrs.frozen
class MessagesDeleted:
    """How many messages were deleted."""

    deleted: int


@attrs.frozen
class DeleteMessages(Operation[MessagesDeleted]):
    """Delete the messages of calls for good; if one is not there, none is deleted."""

    NAME = "voicemail.delete"
    ROLE = Role.OPERATOR
    SCOPE = Scope.NUMBER
    AUDITED = True
    FAULTS: ClassVar = (FaultKind.NOT_FOUND,)

    call_ids: tuple[CallId, ...] = attrs.field(validator=fields.bounded_non_empty_list)
