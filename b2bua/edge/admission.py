"""What the edge asks the rest of the daemon: whether a new call may come in, and which process takes it.

Rule: admission is asked for each well-formed initial INVITE of a configured trunk, never for a retransmission, and
answers without waiting; again only after `NoProcess`. When it returns `Admitted`, the call has been assigned to the
process.
"""

from typing import Protocol

import attrs

from b2bua.config.trunks import Trunk
from b2bua.edge.rate_limit import Address
from b2bua.edge.token import ProcessAddress
from b2bua.ipc.protocol import InviteKey
from routing.ids import CallId


@attrs.frozen
class NewCall:
    """A call that a trunk brings.

    `dialled` and `caller` are the user parts as sent, unescaped, without parameters; `caller` is empty if there is
    none. It comes from P-Asserted-Identity (RFC 3325: a trunk is trusted), without one from From, and where that names
    nobody from Remote-Party-ID. `category` is the calling party's category (`cpc`, 3GPP TS 24.229, 7.2A.12) that comes
    with it, in lower case, empty if there is none. `withheld`: the caller asks for privacy (RFC 3323). `max_forwards`
    is already lowered by this hop. `diversion` is the Diversion or else History-Info value, `session_id` the Session-ID
    value, each empty if there is none.
    """

    trunk: Trunk
    dialled: str
    caller: str
    display: str
    withheld: bool
    key: InviteKey
    max_forwards: int
    source: Address
    transport: str
    diversion: str = ""
    session_id: str = ""
    category: str = ""


@attrs.frozen
class Admitted:
    """The call has this id and goes to this process."""

    sip_port: int
    incarnation: str
    call_id: CallId


@attrs.frozen
class Refused:
    """The call is refused: `status` 400–699; `retry_after_s` and `q850` (1–127, in Reason) are sent if given."""

    status: int
    phrase: str
    retry_after_s: int | None = None
    q850: int | None = None


@attrs.frozen
class NoProcess:
    """No process is free for the call now, but one may be within a second: it is to be asked again."""


@attrs.frozen
class Referral:
    """A sound REFER, in the dialog with this Call-ID that a process holds; its fields as in `b2bua.ipc.protocol.Refer`.

    `met_at` is the process that holds the call to be replaced, if that goes through us; then `to` is not known here.
    """

    sip_call_id: str
    cseq: int
    to: str
    replaces: str
    quiet: bool
    met_at: ProcessAddress | None = None


class Admission(Protocol):
    """What the edge asks the daemon."""

    def admit(self, call: NewCall) -> Admitted | Refused | NoProcess:
        """Find a process for the call and assign it, or say why not. Does not block."""
        ...

    def refer(self, process: ProcessAddress, referral: Referral) -> Refused | None:
        """Hand a REFER to the call that it is about; or why not. Does not block."""
        ...

    def incarnation_at(self, sip_port: int) -> str | None:
        """Which live process has this UDP port on loopback; None if none has."""
        ...


def lives(admission: Admission, process: ProcessAddress) -> bool:
    """Whether this very process, not a later one, has its port."""
    return admission.incarnation_at(process.sip_port) == process.incarnation
