"""What PJSIP's callbacks say has happened to a leg, in the past tense; the call acts on it after the poll.

Rule: an event is a plain value with the leg's id; it holds no PJSIP object, which may be gone when the event is read.
"""

from enum import Enum

import attrs

from routing.ids import LegId


@attrs.frozen
class Rang:
    """A provisional response other than 100; `early_media` when it carried a session description."""

    leg: LegId
    early_media: bool


@attrs.frozen
class Answered:
    """A 200 to our INVITE, acknowledged."""

    leg: LegId


@attrs.frozen
class LegDown:
    """The leg is over. `status` is the final SIP status, `q850` the cause in a Reason header (0: none)."""

    leg: LegId
    status: int
    q850: int


@attrs.frozen
class Lost:
    """An answered leg whose far end is gone, and which PJSIP is ending by itself; `LegDown` may follow 32 s later.

    `status` is 408 where the far end answers no more (session timer, RFC 4028; a request timed out), 488 where it
    acknowledged our offer without an answer to it (RFC 3261, 13.2.2.4).
    """

    leg: LegId
    status: int


@attrs.frozen
class AudioChanged:
    """The leg's audio began, changed direction (hold) or ended: whatever should flow must be set up again."""

    leg: LegId


class Way(Enum):
    """How a key came: as telephone-event (RFC 4733), by SIP INFO, or as tones in the audio."""

    EVENT = "event"
    INFO = "info"
    SOUND = "sound"


@attrs.frozen
class Keyed:
    """A key is pressed, or is held or let go of: one of `0123456789*#ABCD`.

    `mark` tells presses by events apart: the time of the RTP packet at which it began. `length_ms` is how long it was
    pressed so far, 0 if that is not known; `over`: it was let go of.
    """

    leg: LegId
    key: str
    way: Way = Way.SOUND
    mark: int = 0
    length_ms: int = 0
    over: bool = True


@attrs.frozen
class Referred:
    """The far end sent REFER, as the edge reports (RFC 3515); fields as in `routing.event.TransferAsked`."""

    leg: LegId
    to: str
    replaces: str = ""


@attrs.frozen
class Refused:
    """PJSIP itself refused an INVITE, before it became a leg: 488 without a common codec, for one."""

    status: int


@attrs.frozen
class Broke:
    """A callback raised. A fault of ours: the call is ended rather than left hanging."""

    leg: LegId
    fault: str


LegEvent = Rang | Answered | LegDown | Lost | AudioChanged | Keyed | Referred | Refused | Broke
