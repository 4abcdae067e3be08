"""The messages between the daemon and its consoles over a Unix socket (no I/O here).

    console → daemon   Hello      protocol version, highest role wanted, user's name, token
                       Subscribe  send these topics: a snapshot now, then what changes
                       Request    an operation and its fields; the reply has the same id
    daemon → console   Welcome    the link is accepted, for this person in this role
                       Refused    the link is refused or ended, and why; then the daemon closes it
                       Snapshot   the topics at `seq`; replaces all that was sent before
                       Delta      what changed between `seq` - 1 and `seq`
                       Reply      the answer to one Request

Rule: `Hello` comes first and once. It and `Refused` keep their fields in every version; a new field has a default, and
a reader ignores fields that it does not know, so that two versions can always detect that they differ. A console that
finds a gap in `seq` subscribes again; the daemon may send a Snapshot at any time in place of deltas that a slow console
did not read. The operations and their fields are those of `b2bua.api.requests` (docs/operations.md).
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

from b2bua.base.framing import MOST_FRAME_BYTES, FrameCutter, make_frame
from b2bua.base.serialization import pack, tagged, unpack

VERSION: Final = 3
MOST_SNAPSHOT_BYTES: Final = 64 * 1024 * 1024
"""The longest frame that a console accepts from the daemon; the daemon accepts `MOST_FRAME_BYTES`."""

Row = dict[str, Any]
"""Fields by name. Any: a row is plain values from msgpack. Its fields and their types are those of its topic's class in
`b2bua.console.rows`; a Delta has only some of them, so a console keeps rows plain."""
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
    """Why a request is refused."""

    BAD_REQUEST = "bad-request"
    """A field is missing, unknown or has a wrong value; or there is no such operation."""
    FORBIDDEN = "forbidden"
    """The asker's role may not."""
    NOT_FOUND = "not-found"
    """What the request names is not there."""
    CONFLICT = "conflict"
    """Somebody else has changed it in the meantime."""
    BAD_PLAN = "bad-plan"
    """A document has faults as a plan."""
    UNAVAILABLE = "unavailable"
    """The disk or the database refuses, or no daemon runs."""
    FAILED = "failed"
    """A fault of the program; its log says more."""


@attrs.frozen
class Hello:
    """The first message on a link.

    `token` identifies a person and limits their role (`b2bua.control.tokens`). Without one only the switch's own user
    and root are accepted, and `who` is the name that they give. The role granted may be lower than `role`.
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
    fields: Row  # foreign until `b2bua.api.requests.wire` has decoded them


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
    fields: Row = attrs.field(factory=dict)  # plain fields of a reply class, decoded by the client
    fault: FaultKind | None = None
    error: str = ""
    faults: tuple[Fault, ...] = ()


FromConsole = Hello | Subscribe | Request
FromDaemon = Welcome | Refused | Snapshot | Delta | Reply

_converter = tagged(FromConsole, FromDaemon)


def frame(message: FromConsole | FromDaemon) -> bytes:
    """A message as one frame. Raises ValueError if it is longer than its reader accepts."""
    if isinstance(message, Hello | Subscribe | Request):
        return make_frame(pack(_converter.unstructure(message, unstructure_as=FromConsole)))
    return make_frame(pack(_converter.unstructure(message, unstructure_as=FromDaemon)), MOST_SNAPSHOT_BYTES)


class Frames:
    """Cuts a byte stream into messages of one side: `FromConsole` or `FromDaemon`."""

    def __init__(self, side: object) -> None:
        self._side = side
        self._cutter = FrameCutter(MOST_SNAPSHOT_BYTES if side is FromDaemon else MOST_FRAME_BYTES)

    def feed(self, piece: bytes) -> Iterator[Any]:  # Any: mypy cannot name the members of a union passed as a value
        """Whole messages in `piece` and what came before it, in order.

        Raises ValueError for what is not one.
        """
        for body in self._cutter.feed(piece):
            try:
                message: object = _converter.structure(unpack(body), self._side)  # type: ignore[arg-type]  # a union
            except (BaseValidationError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
                raise ValueError("not a message of the control protocol") from fault
            yield message
