"""What the INVITE to a target says: where to, who calls, for whom, and why it was forwarded.

Rule: the target sees the caller's true number (M9), unless the caller withheld it; then only a gateway, which is
trusted, learns it (RFC 3325), and never a telephone behind a SIP URI.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

import attrs

from b2bua.ipc.protocol import Assign, Route
from routing.cause import Cause, is_busy, is_no_answer
from routing.command import Ring
from routing.facts import Caller

_ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>'  # RFC 3323, 4.1.1.3


class NoRoute(LookupError):
    """A telephone number is to be called and there is no gateway for it."""


@attrs.frozen
class Invitation:
    """Request URI, From and further header fields of one INVITE."""

    uri: str
    local_uri: str
    headers: Mapping[str, str]


def invitation(ring: Ring, assign: Assign, after: Cause | None) -> Invitation:
    """The INVITE for a target. `after` is why the target before it did not take the call, None for the first.

    Raises NoRoute for a telephone number without a gateway.
    """
    caller = assign.facts.caller
    is_sip = ring.address.startswith(("sip:", "sips:"))
    headers = {
        # The edge makes the real Max-Forwards of it; PJSIP would always write 70.
        "X-S400-Max-Forwards": str(assign.max_forwards),
        "Diversion": f"<sip:{assign.facts.dialled}@{assign.identity}>;reason={_reason(after)}",
    }
    shown = bool(caller.number) and not caller.withheld
    if caller.withheld:
        headers["Privacy"] = "id"
    if shown or (caller.number and not is_sip):
        headers["P-Asserted-Identity"] = f"<sip:{caller.number}@{assign.identity}>"
    if ring.replaces:
        headers |= {
            "Replaces": ring.replaces,
            "Require": "replaces",
        }  # without it, a telephone might ring as for a new call
    if is_sip:  # a telephone or its system; what a caller keyed is not for the public network
        headers |= _context(ring, assign)
    uri = ring.address if is_sip else _uri(ring.address, assign.routes)
    return Invitation(uri, _from(caller, assign.identity) if shown else _ANONYMOUS, headers)


def _context(ring: Ring, assign: Assign) -> dict[str, str]:
    """What a seat's system shows with the ringing call (M8); percent-encoded UTF-8 where it is not ASCII.

    X-S400-Number: 4006001234             the 400 number that was dialled
    X-S400-Call: 0197c2f1ab3d4e5f60718    the call's id, as in its record
    X-S400-Place: %E4%B8%8A%E6%B5%B7;area=021
    X-S400-Menu: welcome=1, sales=2       the menus that the caller came through, each with the key chosen there
    X-S400-Transferred-By: front-desk     the seat that hands the caller over
    """
    facts = assign.facts
    caller = facts.caller
    context = {"X-S400-Number": facts.dialled, "X-S400-Call": assign.call_id}
    if caller.number and not caller.withheld and (caller.place or caller.area):
        context["X-S400-Place"] = quote(caller.place) + (f";area={caller.area}" if caller.area else "")
    if ring.context.menus:
        context["X-S400-Menu"] = ", ".join(f"{quote(menu)}={quote(key, safe='*#')}" for menu, key in ring.context.menus)
    if ring.context.transferred_by:
        context["X-S400-Transferred-By"] = quote(ring.context.transferred_by)
    return context


def _uri(number: str, routes: tuple[Route, ...]) -> str:
    if not routes:
        raise NoRoute(f"there is no gateway for {number}")
    route = routes[0]
    transport = "" if route.transport == "udp" else f";transport={route.transport}"
    return f"sip:{number}@{route.host}:{route.port}{transport}"


def _from(caller: Caller, identity: str) -> str:
    name = "".join(c for c in caller.display if c.isprintable() and c not in '"\\')
    uri = f"<sip:{caller.number}@{identity}>"
    return f'"{name}" {uri}' if name else uri


def _reason(after: Cause | None) -> str:
    """The diversion reason of RFC 5806, section 10.2."""
    if after is None:
        return "unconditional"
    if is_busy(after):
        return "user-busy"
    return "no-answer" if is_no_answer(after) else "unavailable"


def without_telephone_events(sdp: str) -> str:
    """A session description that takes no telephone-events: a gateway must not make events of a fax modem's tones (M6).

    It is also by this that PJSIP sees that something has changed, and makes the audio of a call again.
    """
    for payload in re.findall(r"^a=rtpmap:(\d+) telephone-event/", sdp, re.MULTILINE):
        sdp = re.sub(rf"^a=(?:rtpmap|fmtp):{payload} .*\r?\n", "", sdp, flags=re.MULTILINE)
        sdp = re.sub(rf"^(m=audio .*?) {payload}\b", r"\1", sdp, flags=re.MULTILINE)
    return sdp
