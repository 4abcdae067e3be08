"""Operations on one call, whether it is up or over."""

from typing import ClassVar

import attrs

from b2bua.api.requests import fields
from b2bua.api.requests.operation import Operation, Scope
from b2bua.console.protocol import FaultKind, Role
from b2bua.records.call_record import CallRecord
from routing.ids import CallId


@attrs.frozen
class SipMessage:
    """One SIP message of a call, its secrets masked with `…`; `at_ms` is UTC epoch milliseconds.

    `leg` is 0 for the caller's, n for that of attempt n, -1 where it is not known. `ours`: the switch sent it.
    """

    at_ms: int
    leg: int
    ours: bool
    text: str


@attrs.frozen
class CallShown:
    """A call's record, its numbers printed as people write them, and its SIP messages with both sides, in order.

    `missing` says which messages are not there (`b2bua.edge.sip_capture.Missing`): empty for none, `thinned` some in
    the middle, `restarted` those before the daemon's start, `forgotten` all.
    """

    record: CallRecord
    messages: tuple[SipMessage, ...]
    missing: str


@attrs.frozen
class ShowCall(Operation[CallShown]):
    """Show one call: its record and its signalling."""

    NAME = "call.show"
    ROLE = Role.VIEWER
    SCOPE = Scope.NUMBER
    FAULTS: ClassVar = (FaultKind.NOT_FOUND,)

    call_id: CallId = attrs.field(validator=fields.non_empty_text)


@attrs.frozen
class HungUp:
    """The call's process was told to end it."""


@attrs.frozen
class HangUp(Operation[HungUp]):
    """End a call that is up."""

    NAME = "call.hangup"
    ROLE = Role.OPERATOR
    SCOPE = Scope.NUMBER
    AUDITED = True
    FAULTS: ClassVar = (FaultKind.NOT_FOUND,)

    call_id: CallId = attrs.field(validator=fields.non_empty_text)
