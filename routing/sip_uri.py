"""The grammar of a SIP URI (RFC 3261, 19.1.1 and 25.1), once for plans and for messages.

Rule: a URI that a plan may name can be dialled: `is_dialable` takes no more than what the edge can reach. The patterns
are pieces of regular expressions over single bytes; every repetition in them is possessive, atomic or bounded, so that
no input makes a match take more than linear time.
"""

import re
from typing import Final

ESCAPED: Final = r"%[0-9A-Fa-f]{2}"
USER: Final = rf"(?>(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/]|{ESCAPED})+)"
PASSWORD: Final = rf"(?>(?:[A-Za-z0-9\-_.!~*'()&=+$,]|{ESCAPED})+)"
LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9_\-]{0,61}[A-Za-z0-9])?"
TOP_LABEL: Final = r"[A-Za-z](?:[A-Za-z0-9_\-]{0,61}[A-Za-z0-9])?"
"""With an underscore, which hosts of private networks have and RFC 3261 has not."""
IPV4: Final = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
IPV6_REFERENCE: Final = r"\[[0-9A-Fa-f:.]{2,45}\]"
"""Also with the third colon before an IPv4 part that RFC 3261's grammar has by mistake (RFC 5118, 4.10)."""
NAME: Final = rf"(?:{LABEL}\.){{0,20}}{TOP_LABEL}\.?"
HOST: Final = rf"(?:{IPV6_REFERENCE}|{IPV4}|{NAME})"
PARAM_TEXT: Final = rf"(?>(?:[A-Za-z0-9\-_.!~*'()\[\]/:&+$]|{ESCAPED})+)"
PARAMS: Final = rf"((?>(?:;{PARAM_TEXT}(?:={PARAM_TEXT})?)*))"

MOST_URI_BYTES: Final = 240
"""PJSIP prints an address into 256 bytes (docs/pjsua2.md)."""

_DIALABLE: Final = re.compile(
    rf"sip:(?:{USER}@)?(?:(?P<ipv4>{IPV4})|{NAME})(?::(?P<port>[0-9]{{1,5}}))?(?P<params>{PARAMS})", re.IGNORECASE
)
_TRANSPORT: Final = re.compile(r";transport=([^;]*)", re.IGNORECASE)


def is_dialable(text: str) -> bool:
    """Whether this is a SIP URI that can be called: no TLS, no IPv6, no password, UDP or TCP, a port that exists."""
    found = _DIALABLE.fullmatch(text) if len(text) <= MOST_URI_BYTES and text.isascii() else None
    if found is None or not 0 < int(found["port"] or 5060) < 65536:
        return False
    if found["ipv4"] and not all(int(part) < 256 and part == str(int(part)) for part in found["ipv4"].split(".")):
        return False
    transports = [transport.lower() for transport in _TRANSPORT.findall(found["params"])]
    return transports in ([], ["udp"], ["tcp"])
