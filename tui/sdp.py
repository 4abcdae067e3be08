"""Summarizes a session description in a few words (pure; RFC 4566, RFC 3264).

Rule: only what is written in it is shown; a message without audio in a description gives nothing.
"""

import re
from typing import Final

_STATIC: Final = {"0": "PCMU", "3": "GSM", "4": "G723", "8": "PCMA", "9": "G722", "13": "CN", "18": "G729"}
"""Payload types with a fixed meaning (RFC 3551, table 4)."""
_MEDIA = re.compile(r"^m=audio (\d+) \S+ (.+)$", re.MULTILINE)
_ADDRESS = re.compile(r"^c=IN IP[46] (\S+)$", re.MULTILINE)
_NAME = re.compile(r"^a=rtpmap:(\d+) ([\w.-]+)", re.MULTILINE)
_WAY = re.compile(r"^a=(sendonly|recvonly|inactive)$", re.MULTILINE)


def described(message: str) -> str:
    """`PCMA PCMU telephone-event, 203.0.113.9:4000`, of the audio in this SIP message; empty if it has none."""
    body = message.replace("\r\n", "\n").partition("\n\n")[2]
    media = _MEDIA.search(body)
    if media is None:
        return ""
    names = {**_STATIC, **dict(_NAME.findall(body))}
    address = _ADDRESS.search(body)
    way = _WAY.search(body)
    parts = [
        " ".join(names.get(payload, payload) for payload in media[2].split()),
        f"{address[1] if address else '?'}:{media[1]}",
    ]
    return ", ".join([*parts, way[1]] if way else parts)
