"""What the daemon and its consoles say to each other over a Unix socket (sans-I/O).

    console → daemon   Hello      the version I speak, the most I want to be allowed, who sits here, their token
                       Subscribe  send me these topics: whole now, then what changes
                       Request    do this (an operation and its fields); the reply bears the same id
    daemon → console   Welcome    the link stands, for this person in this role
                       Refused    the link does not stand, and why; then the daemon closes it
                       Snapshot   the topics as they stand at `seq`; replaces all that was sent before
                       Delta      what changed between `seq` - 1 and `seq`
                       Reply      the answer to one Request

Rule: `Hello` comes first and once. It and `Refused` keep their fields in every version; a new one has a default, and a
field that a reader does not know is passed over, so that two versions can always tell each other that they differ. A
console that finds a gap in `seq` subscribes anew; the daemon may send a Snapshot at any time in place of deltas that a
slow console did not take. The operations and their fields are those of `b2bua.api.requests` (docs/operations.md).
State is topic → key → row → field (`b2bua.console.rows` names the topics and the fields). A Delta names only fields
that changed; None in place of a row says that the row is gone.
Frames are a 4-byte big-endian length (`b2bua.base.framing`) and msgpack (`b2bua.base.serialization`).
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final

import attrs
from attrs.validators import instance_of
from cattrs.errors import BaseValidationError

from b2bua.base.framing import MOST_FRAME_BYTES, FrameCutter, framed
from b2bua.base.serialization import pack, tagged, unpack

VERSION: Final = 3
MOST_SNAPSHOT_BYTES: Final = 64 * 1024 * 1024
"""What a console takes from its daemon; what a daemon takes from a console is `MOST_FRAME_BYTES`."""

Row = dict[str, Any]
State = dict[str, dict[str, Row]]
Changes = dict[str, dict[str, Row | None]]


class Role(StrEnum):
    """What a console may do; each role may do all that the one before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def may(self, least: "Role") -> bool:
        """Whether this role is at least `least`."""
        order = list(Role)
        return order.index(self) >= order.index(least)


class FaultKind(StrEnum):
    """Why something that was asked is not done."""

    BAD_REQUEST = "bad-request"
    """A field is missing, unknown or cannot be so; or there is no such operation."""
    FORBIDDEN = "forbidden"
    """The asker's role may not."""
    NOT_FOUND = "not-found"
    """What the request names is not there."""
    CONFLICT = "conflict"
    """Somebody else has changed it meanwhile."""
    BAD_PLAN = "bad-plan"
    """A document is no plan."""
    UNAVAILABLE = "unavailable"
    """The disk or the database refuses, or no daemon runs."""
    FAILED = "failed"
    """A fault of the program; its log says more."""


@attrs.frozen
class Hello:
    """The first message on a link.

    `token` is what the daemon's owner gave this person (`b2bua.control.tokens`): it says who they are and the most that
    they may do. Without one only the owner is let in, and `who` is the name they go by. The role given may be lower
    than `role`.
    """

    version: int = attrs.field(validator=instance_of(int))
    role: Role
    who: str
    token: str = attrs.field(default="", repr=False)


@attrs.frozen
class Subscribe:
    """Replaces the topics subscribed before; empty for none."""

    topics: tuple[str, ...]


@attrs.frozen
class Request:
    """`id` is the console's own; it is unique among its requests not yet answered."""

    id: int
    operation: str
    fields: dict[str, Any]  # Any: foreign until `b2bua.api.requests.wire` has decoded them


@attrs.frozen
class Welcome:
    """The role that this link has, the feed's `seq` now, and the person's name as the audit trail has it."""

    version: int
    role: Role
    seq: int
    name: str = ""


@attrs.frozen
class Refused:
    """The last message on a link that is refused or ended, with the reason. `version` is the daemon's."""

    version: int
    why: str


@attrs.frozen
class Snapshot:
    """Everything in the subscribed topics at `seq`."""

    seq: int
    state: State


@attrs.frozen
class Delta:
    """What changed; empty if nothing did in the subscribed topics."""

    seq: int
    changes: Changes


@attrs.frozen
class Fault:
    """One fault of a document or of a request.

    Where (`path`, such as `nodes.menu.keys.1` or a field's name), what is wrong, and how to mend it.
    """

    path: str
    problem: str
    mend: str = ""


@attrs.frozen
class Reply:
    """The answer to the Request of this id: the reply's `fields`, or which `fault`, with a sentence for a person."""

    id: int
    ok: bool
    fields: dict[str, Any] = attrs.field(factory=dict)  # Any: plain fields of a reply class, decoded by the client
    fault: FaultKind | None = None
    error: str = ""
    faults: tuple[Fault, ...] = ()


FromConsole = Hello | Subscribe | Request
FromDaemon = Welcome | Refused | Snapshot | Delta | Reply

_converter = tagged(FromConsole, FromDaemon)


def frame(message: FromConsole | FromDaemon) -> bytes:
    """A message as it goes over the wire; raises ValueError for one that is longer than its reader takes."""
    if isinstance(message, Hello | Subscribe | Request):
        return framed(pack(_converter.unstructure(message, unstructure_as=FromConsole)))
    return framed(pack(_converter.unstructure(message, unstructure_as=FromDaemon)), MOST_SNAPSHOT_BYTES)


class Frames:
    """Cuts a byte stream into messages of one side: `FromConsole` or `FromDaemon`."""

    def __init__(self, side: Any) -> None:
        self._side = side
        self._cutter = FrameCutter(MOST_SNAPSHOT_BYTES if side is FromDaemon else MOST_FRAME_BYTES)

    def feed(self, piece: bytes) -> Iterator[Any]:
        """Whole messages in `piece` and what came before it, in order.

        Raises ValueError for what is not one.
        """
        for body in self._cutter.feed(piece):
            try:
                message = _converter.structure(unpack(body), self._side)
            except (BaseValidationError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
                raise ValueError("not a message of the control protocol") from fault
            yield message
