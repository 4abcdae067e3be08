"""The transfers that legs' telephones asked for by REFER, and what they are told of them (RFC 3515, 2.4.4).

Rule: the edge has answered each REFER with 202, so each gets a last word by NOTIFY, unless it wanted none (RFC 4488)
or its leg is gone. A leg has one transfer under way; a second is told to wait (491).
"""

from collections.abc import Mapping
from typing import Final

import attrs

from b2bua.callproc.leg import Leg
from b2bua.callproc.leg_events import Referred
from b2bua.ipc.protocol import Refer
from routing.command import ReportTransfer
from routing.ids import LegId

_LAST: Final = 200
_PENDING: Final = 491
_EXPIRES_S: Final = 300
_PHRASES: Final = {
    100: "Trying", 180: "Ringing", 200: "OK", 403: "Forbidden", 404: "Not Found", 408: "Request Timeout",
    480: "Temporarily Unavailable", 481: "Call Does Not Exist", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 491: "Request Pending", 503: "Service Unavailable", 603: "Decline",
}  # fmt: skip


@attrs.frozen
class _Open:
    event: str
    quiet: bool


class Referrals:
    """The REFERs of one call."""

    def __init__(self, legs: Mapping[LegId, Leg]) -> None:
        self._legs = legs
        self._newest: dict[LegId, int] = {}
        self._open: dict[LegId, _Open] = {}

    def take(self, refer: Refer) -> Referred | None:
        """A REFER came; the note of it, or None for a repetition, one too many, or one on a leg that is gone."""
        leg = next((name for name, leg in self._legs.items() if leg.sip_call_id == refer.sip_call_id), None)
        if leg is None or refer.cseq <= self._newest.get(leg, -1):
            return None
        # Only from the second on must the event say which REFER it is of (RFC 3515, 2.4.6).
        event = f"refer;id={refer.cseq}" if leg in self._newest else "refer"
        self._newest[leg] = refer.cseq
        referral = _Open(event, refer.quiet)
        if leg in self._open:
            self._notify(leg, referral, _PENDING)
            return None
        self._open[leg] = referral
        return Referred(leg, refer.to, refer.replaces)

    def report(self, command: ReportTransfer) -> None:
        """Tell a leg how its transfer goes."""
        referral = self._open.get(command.leg)
        if referral is None:
            return
        if command.status >= _LAST:
            del self._open[command.leg]
        self._notify(command.leg, referral, command.status)

    def _notify(self, name: LegId, referral: _Open, status: int) -> None:
        leg = self._legs.get(name)
        if leg is None or referral.quiet:
            return
        over = "terminated;reason=noresource" if status >= _LAST else f"active;expires={_EXPIRES_S}"
        phrase = _PHRASES.get(status, "Failed" if status >= _LAST else "Progress")
        leg.notify(
            {"Event": referral.event, "Subscription-State": over},
            "message/sipfrag;version=2.0",
            f"SIP/2.0 {status} {phrase}\r\n",
        )
