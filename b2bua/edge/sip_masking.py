"""A call's captured messages for the console: by leg, with their secrets masked.

Rule: what a reader could use, or what shows a caller's keys, is masked with `…`: digest answers and other credentials
(RFC 8760, 2617), keys in INFO and KPML bodies, SRTP keys in SDP (RFC 4568), passwords in URIs, and the MACs of our own
tokens, with which one could send requests within the call. Nonces stay: they are no secret and tell retries apart.
"""

import re
from typing import Final

from b2bua.edge.party import inside_call_id
from b2bua.edge.sip_capture import CapturedMessages
from b2bua.records.call_record import CallRecord

_CALL_ID: Final = re.compile(rb"^(?:call-id|i)[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_FOLD: Final = re.compile(r"\n[ \t]+")
_CREDENTIALS: Final = re.compile(
    r"^((?:proxy-)?authorization[ \t]*:[ \t]*)(\S+)[ \t]+(.*)$", re.IGNORECASE | re.MULTILINE
)
_ANSWER: Final = re.compile(r'\b(response|rspauth|auts)[ \t]*=[ \t]*("[^"]*"|[^",\s]+)', re.IGNORECASE)
_NAMED: Final = r"\1=…"
_RSPAUTH: Final = re.compile(r"(?im)^((?:proxy-)?authentication-info[ \t]*:.*)$")
_PASSWORD: Final = re.compile(r"(\bsips?:[^@:\s<>\"]+):[^@\s<>\"]*@", re.IGNORECASE)
_TOKEN: Final = re.compile(r"([A-Za-z0-9_\-]{1,40}\.[0-9a-f]{1,4}\.)[0-9a-f]{20}(?![0-9a-f])")
_CRYPTO: Final = re.compile(r"^(a=crypto:\S+[ \t]+\S+[ \t]+).*$|^(k=).*$", re.MULTILINE)
_KPML: Final = re.compile(r"(\bdigits[ \t]*=[ \t]*)(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_VALUE: Final = re.compile(r"^([ \t]*[A-Za-z][\w-]*[ \t]*[=:])?.*\S.*$", re.MULTILINE)


def masked_messages(captured: CapturedMessages, record: CallRecord) -> list[dict[str, int | bool | str]]:
    """The messages of `call.show`, in the order in which they passed; `leg` is -1 where the leg is not known."""
    legs = {record.sip_call_id: 0} | {each.sip_call_id: each.leg for each in record.attempts if each.sip_call_id}
    return [
        {"at_ms": round(at_s * 1000), "leg": legs.get(_call_id(packet), -1), "ours": ours, "text": masked(packet)}
        for at_s, ours, packet in captured.messages
    ]


def _call_id(packet: bytes) -> str:
    found = _CALL_ID.search(packet)
    return inside_call_id(found[1].decode("latin-1")) if found else ""


def masked(packet: bytes) -> str:
    """A SIP message as text, line ends as `\\n`, with its secrets masked."""
    text = packet.decode("utf-8", "replace").replace("\r\n", "\n").lstrip("\n")
    head, gap, body = text.partition("\n\n")
    head = _FOLD.sub(" ", head)
    head = _CREDENTIALS.sub(_credentials, head)
    head = _RSPAUTH.sub(lambda line: _ANSWER.sub(_NAMED, line[1]), head)
    head = _TOKEN.sub(r"\1…", _PASSWORD.sub(r"\1:…@", head))
    return head + gap + (_VALUE.sub(_value, body) if head.startswith("INFO ") else _body(body))


def _credentials(line: re.Match[str]) -> str:
    name, scheme, rest = line.groups()
    return f"{name}{scheme} {_ANSWER.sub(_NAMED, rest) if scheme.lower() == 'digest' else '…'}"


def _body(body: str) -> str:
    body = _CRYPTO.sub(lambda line: f"{line[1] or line[2]}…", body)
    return _KPML.sub(r"\1…", body)


def _value(line: re.Match[str]) -> str:
    return f"{line[1] or ''}…"
