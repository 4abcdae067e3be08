"""The messages between the daemon and a call process, over a Unix socket (sans-I/O).

    process → daemon   Hello   the process's name and SIP port, and the call that it holds; first on every link
                       Update  the call's record as it stands now (whole; the highest seq wins)
                       Ask     a command that only the daemon can carry out; the answer is an event for the flow
                       Mishap  something failed that the call goes on without
                       Idle    the call is over and all its legs are down
    daemon → process   Assign  a call is coming on the process's SIP port: plan, facts, routes
                       Stored  the record is on disk, for the first time or because the caller waits for it
                       Tell    an event for the flow: the answer to an Ask, or an operator's request
                       Refer   a leg's telephone asks for a transfer
                       Retire  finish the call, take no more, exit

Rule: a process goes on without the daemon. It sends `Hello` with its call and its latest `Update` on every new link,
and answers no caller before `Stored` has come once, or the link is down.
Frames are a 4-byte big-endian length (`b2bua.base.framing`) and msgpack (`b2bua.base.serialization`).
"""

from collections.abc import Iterator
from typing import Any

import attrs
from cattrs.errors import BaseValidationError

from b2bua.base.framing import FrameCutter, make_frame
from b2bua.base.serialization import pack, tagged, unpack
from b2bua.records.call_record import CallRecord
from routing.command import Command
from routing.event import Event
from routing.facts import Facts


@attrs.frozen
class InviteKey:
    """What names an initial INVITE and its retransmissions, CANCEL and failure ACK: Call-ID and From tag."""

    sip_call_id: str
    from_tag: str


@attrs.frozen
class Route:
    """Where telephone numbers are sent: a gateway's `host:port`, transport (`udp`, `tcp`, `tls`) and name."""

    gateway: str
    host: str
    port: int
    transport: str = "udp"


@attrs.frozen
class Assign:
    """A call for this process. The INVITE follows on its SIP port.

    `plan` is the plain form of the plan (`routing.document.to_plain`), or None if this process was sent the plan of
    `plan_hash` before. `contact` is the SIP URI that both far ends see as ours. `identity` is the host part of the From
    URI and of our own name in Diversion. `max_forwards` is what is left of the caller's. `media_host` is the address
    for RTP.
    """

    call_id: str
    invite: InviteKey
    accepted_ms: int
    facts: Facts
    plan_hash: str
    plan: dict[str, Any] | None  # Any: a plan's plain form is whatever its nodes hold; the process checks it
    routes: tuple[Route, ...]
    contact: str
    identity: str
    media_host: str
    max_forwards: int = 70
    early_media: bool = True
    codecs: tuple[str, ...] = ("PCMA", "PCMU")


@attrs.frozen
class Hello:
    """The first message on every link. `sip_port` is the UDP port on loopback where this process takes SIP.

    `incarnation` is a random name of this process, never used again; it stands in the token of its Contact.
    """

    pid: int
    sip_port: int
    incarnation: str
    call_id: str = ""
    invite: InviteKey | None = None


@attrs.frozen
class Update:
    """The call's record as it stands now. `waits`: its caller is not answered before `Stored` comes."""

    record: CallRecord
    waits: bool = False


@attrs.frozen
class Ask:
    """A command that only the daemon can carry out: `TakePlace`, `LookAtTargets`, `JoinQueue`, `LeaveQueue`.

    `waited_s` is how long ago it was asked first: a new daemon is asked again.
    """

    call_id: str
    question: Command
    waited_s: float = 0.0


@attrs.frozen
class Mishap:
    """Something failed that the call goes on without, such as its recording; `text` is a sentence for operators."""

    call_id: str
    text: str


@attrs.frozen
class Idle:
    """The call is over, its last `Update` is sent. `leaves`: the process ends, since PJSIP keeps a leg of it."""

    call_id: str
    leaves: bool = False


@attrs.frozen
class Stored:
    """The record is on disk up to `seq`. Sent after its opening, and after an `Update` that waits."""

    call_id: str
    seq: int


@attrs.frozen
class Tell:
    """Something happened outside; `at_s` of the event is set by the process."""

    call_id: str
    event: Event


@attrs.frozen
class Refer:
    """The telephone of the leg with this Call-ID sent REFER (RFC 3515), which the edge has answered with 202.

    `cseq` is the REFER's: one that is not higher than the leg's last is a repetition. `to` is a SIP URI or a telephone
    number; `replaces` the value of a Replaces header, empty for a blind transfer; `quiet`: no NOTIFY is wanted.
    """

    call_id: str
    sip_call_id: str
    cseq: int
    to: str
    replaces: str = ""
    quiet: bool = False


@attrs.frozen
class Retire:
    """Take no more calls and exit when the one in hand is over."""


FromProcess = Hello | Update | Ask | Mishap | Idle
FromDaemon = Assign | Stored | Tell | Refer | Retire

_converter = tagged(Event, Command, FromProcess, FromDaemon)


def frame(message: FromProcess | FromDaemon) -> bytes:
    """A message as it goes over the wire."""
    union: Any  # Any: a union of classes has no type that mypy could name (PEP 747)
    union = FromDaemon if isinstance(message, Assign | Stored | Tell | Refer | Retire) else FromProcess
    return make_frame(pack(_converter.unstructure(message, unstructure_as=union)))


class Frames:
    """Cuts a byte stream into messages of one side: `FromProcess` or `FromDaemon`.

    `feed` gives Any, since mypy cannot name the members of a union that is passed as a value (PEP 747).
    """

    def __init__(self, side: Any) -> None:
        self._side = side
        self._cutter = FrameCutter()

    def feed(self, data: bytes) -> Iterator[Any]:
        """Whole messages in `data` and what came before it, in order. Raises ValueError for what is not one."""
        for body in self._cutter.feed(data):
            try:
                message = _converter.structure(unpack(body), self._side)
            except (BaseValidationError, KeyError, TypeError, AttributeError) as fault:
                raise ValueError("not a message of the link") from fault
            yield message
