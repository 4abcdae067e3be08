"""Why a leg ended, in one value that travels between SIP, Q.850, the record and the operator's screen.

Rule: a cause keeps the SIP code it came with, so that what the target's side said reaches the caller's side unchanged
(RFC 3398 gives the pairs for what only has one of the two).
"""

from enum import StrEnum
from typing import Final

import attrs


class Blame(StrEnum):
    """Whose doing the end of a call was; every ended call has one."""

    SUCCESS = "success"
    CLIENT = "client"
    """The caller or the caller's side: hung up early, not allowed, wrong number."""
    SERVER = "server"
    """This switch: no process, a crash, a fault in the plan."""
    UPSTREAM = "upstream"
    """The target's side: busy, no answer, gateway dead."""
    UNKNOWN = "unknown"


@attrs.frozen
class Cause:
    """A release cause.

    `slug` is stable and for machines and reports, `q850` is the cause value of ITU-T Q.850 (1–127), `sip` the final
    SIP status that says the same to a caller who has not been answered (300–699).
    """

    slug: str
    q850: int
    sip: int
    blame: Blame


NORMAL: Final = Cause("normal", 16, 480, Blame.SUCCESS)
CALLER_CANCELLED: Final = Cause("caller-cancelled", 16, 487, Blame.CLIENT)
ANSWERED_ELSEWHERE: Final = Cause("answered-elsewhere", 26, 487, Blame.SUCCESS)
BUSY: Final = Cause("busy", 17, 486, Blame.UPSTREAM)
NO_ANSWER: Final = Cause("no-answer", 19, 480, Blame.UPSTREAM)
UNREACHABLE: Final = Cause("unreachable", 20, 480, Blame.UPSTREAM)
REJECTED: Final = Cause("rejected", 21, 603, Blame.UPSTREAM)
UNALLOCATED: Final = Cause("unallocated", 1, 404, Blame.UPSTREAM)
NETWORK_OUT_OF_ORDER: Final = Cause("network-out-of-order", 38, 503, Blame.UPSTREAM)
NO_COMMON_CODEC: Final = Cause("no-common-codec", 88, 488, Blame.UPSTREAM)
NOT_ALLOWED: Final = Cause("not-allowed", 55, 403, Blame.CLIENT)
CONGESTION: Final = Cause("congestion", 42, 503, Blame.SERVER)
OPERATOR: Final = Cause("operator", 31, 480, Blame.SERVER)
MEDIA_LOST: Final = Cause("media-lost", 41, 480, Blame.UPSTREAM)
CRASHED: Final = Cause("crashed", 41, 500, Blame.SERVER)
DAEMON_LOST: Final = Cause("lost", 41, 500, Blame.UNKNOWN)
