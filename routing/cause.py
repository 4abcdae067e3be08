"""Why a leg ended, in one value that travels between SIP, Q.850, the record and the operator's screen.

Rule: a cause keeps the SIP code it came with, so that what the target's side said reaches the caller's side
unchanged (RFC 3398 gives the pairs for what only has one of the two).
"""

from collections.abc import Sequence
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

    `slug` is stable and for machines and reports, `q850` is the cause value of ITU-T Q.850 (1–127), `sip` the
    final SIP status that says the same to a caller who has not been answered (300–699).
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
AREA_REFUSED: Final = Cause("area-refused", 17, 486, Blame.CLIENT)
WRONG_PASSWORD: Final = Cause("wrong-password", 21, 403, Blame.CLIENT)
OVER_MONTH_LIMIT: Final = Cause("over-month-limit", 21, 480, Blame.CLIENT)
ALL_LINES_BUSY: Final = Cause("all-lines-busy", 17, 486, Blame.UPSTREAM)
PLAN_TOO_LONG: Final = Cause("plan-too-long", 25, 480, Blame.SERVER)
STOPPED: Final = Cause("stopped", 16, 487, Blame.SUCCESS)
MOVED: Final = Cause("moved", 22, 480, Blame.UPSTREAM)
NO_CIRCUIT: Final = Cause("no-circuit", 34, 503, Blame.UPSTREAM)

REFUSED: Final = frozenset(
    cause.slug for cause in (NOT_ALLOWED, AREA_REFUSED, WRONG_PASSWORD, OVER_MONTH_LIMIT, ALL_LINES_BUSY)
)
"""Slugs of calls that their plan refused (O1–O6, R10): they do not count against the month's cap."""

_OF_Q850: Final = {
    cause.q850: cause
    for cause in (BUSY, NO_ANSWER, UNREACHABLE, REJECTED, UNALLOCATED, NO_CIRCUIT, NETWORK_OUT_OF_ORDER)
} | {
    2: UNALLOCATED,
    3: UNALLOCATED,
    18: NO_ANSWER,
    22: MOVED,
    23: MOVED,
    27: NETWORK_OUT_OF_ORDER,
    28: UNALLOCATED,
    41: NETWORK_OUT_OF_ORDER,
    42: NO_CIRCUIT,
    47: NO_CIRCUIT,
    65: NO_COMMON_CODEC,
    88: NO_COMMON_CODEC,
    102: NETWORK_OUT_OF_ORDER,
}
"""What a target's exchange meant, by its Q.850 value."""

# RFC 3398 section 8.2.6.1, and the cause that its Q.850 value is reported under here.
_Q850_OF_SIP: Final = {
    400: 41, 401: 21, 402: 21, 403: 21, 404: 1, 405: 63, 406: 79, 407: 21, 408: 102, 410: 22, 413: 127, 414:
    127, 415: 79, 416: 127, 420: 127, 421: 127, 423: 127, 480: 18, 481: 41, 482: 25, 483: 25, 484: 28, 485: 1,
    486: 17, 487: 16, 488: 88, 500: 41, 501: 79, 502: 38, 503: 41, 504: 102, 505: 127, 513: 127, 600: 17, 603:
    21, 604: 1, 606: 88,
}  # fmt: skip
_OF_SIP: Final = {408: NO_ANSWER, 415: NO_COMMON_CODEC, 487: STOPPED}


def from_sip(status: int, q850: int | None) -> Cause:
    """What a target's final response says: `status` is its SIP status, `q850` the value in its Reason, if
    any.

    The SIP status is kept as it came (400–699), so that it can travel to the caller; a redirection or
    anything else becomes 480, for the caller's side can do nothing with it. The Q.850 value is the target's
    own or, without one, RFC 3398 section 8.2.6.1's.
    """
    own = q850 is not None and 1 <= q850 <= 127
    value = q850 if own and q850 is not None else _Q850_OF_SIP.get(status, 31)
    if not 400 <= status <= 699:
        status, value = 480, value if own else 23
    known = None if own else _OF_SIP.get(status)
    known = known or _OF_Q850.get(value)
    if known is None:
        return Cause(f"sip-{status}", value, status, Blame.UPSTREAM)
    return Cause(known.slug, value, status, known.blame)


def is_busy(cause: Cause) -> bool:
    """Whether the target was busy (R6, R8)."""
    return cause.q850 == BUSY.q850 or cause.sip in (486, 600)


def is_no_answer(cause: Cause) -> bool:
    """Whether the target rang, or could have rung, and nobody took the call (R6)."""
    return cause.slug == NO_ANSWER.slug


def of_all(causes: Sequence[Cause]) -> Cause:
    """The one cause that tells the caller why none of the targets took the call.

    One target's cause travels unchanged, and so does one that all share; busy only when every target was
    (R12); otherwise no answer if any target was left ringing, and unreachable in every other case and when
    none was tried.
    """
    if not causes:
        return UNREACHABLE
    if len({cause.slug for cause in causes}) == 1 or all(map(is_busy, causes)):
        return causes[-1]
    return NO_ANSWER if any(map(is_no_answer, causes)) else UNREACHABLE
