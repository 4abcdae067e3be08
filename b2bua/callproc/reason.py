"""The Reason header (RFC 3326): why a leg ended, said to the far end and understood from it.

Rule: what cannot be understood counts as not said; a stranger's header never raises.
"""

import re

from routing.cause import ANSWERED_ELSEWHERE, Cause

_Q850 = re.compile(r"Q\.850\s*;[^,]*?cause\s*=\s*(\d{1,3})\b", re.IGNORECASE)
_HEADER = re.compile(r"^Reason[ \t]*:(.*)$", re.IGNORECASE | re.MULTILINE)


def reason_of(cause: Cause) -> str:
    """The header's value for a release cause, as SIP status and as Q.850 value (RFC 3326, 2)."""
    if cause == ANSWERED_ELSEWHERE:
        # The one text that telephones look for, so that they do not list a missed call.
        return 'SIP;cause=200;text="Call completed elsewhere"'
    return f"SIP;cause={cause.sip}, Q.850;cause={cause.q850}"


def q850_in(message: str) -> int:
    """The Q.850 cause value (1–127) in a SIP message's Reason headers, 0 if there is none."""
    head = message.partition("\r\n\r\n")[0]
    for value in _HEADER.findall(head):
        found = _Q850.search(value)
        if found and 1 <= int(found[1]) <= 127:
            return int(found[1])
    return 0
