"""A SIP message between bytes and values: read strictly, printed in one canonical way.

Rule: in a `Request` or `Response` Via, From, To, Call-ID and CSeq are well formed, so that it can be answered (RFC
3261, 8.2.6); what is not raises `UnreadableError` and is dropped. Everything else is checked by `guard`.
"""

import re
from functools import lru_cache
from typing import Final

import attrs

from b2bua.edge.grammar import (
    CALL_ID,
    TOKEN,
    MalformedError,
    NameAddr,
    Via,
    parse_name_addr,
    parse_via,
    split_list,
    squeezed,
)

MOST_FIELDS: Final = 120
MOST_VIAS: Final = 30
MOST_HEAD_BYTES: Final = 16_000

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_FOLD = re.compile(r"\n[ \t]+")
_REQUEST_LINE = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]{1,32}) +([^ ]{1,1024}) +SIP/2\.0")
_STATUS_LINE = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: ([^\n]{0,128}))?")
_NAME = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]{1,64}")
_CSEQ = re.compile(r"([0-9]{1,10}) ([A-Za-z0-9\-.!%*_+`'~]{1,32})")
_DIGITS = re.compile(r"[0-9]{1,6}")

_COMPACT: Final = {
    "v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length",
    "c": "content-type", "e": "content-encoding", "k": "supported", "s": "subject", "o": "event",
    "u": "allow-events", "r": "refer-to", "b": "referred-by", "x": "session-expires",
}  # fmt: skip
_IRREGULAR: Final = {
    "call-id": "Call-ID", "cseq": "CSeq", "rack": "RAck", "rseq": "RSeq", "min-se": "Min-SE",
    "session-id": "Session-ID", "www-authenticate": "WWW-Authenticate", "mime-version": "MIME-Version",
    "user-to-user": "User-to-User",
}  # fmt: skip

Fields = dict[str, list[str]]
"""Header fields by their lower-case long name, in the order of arrival."""


class UnreadableError(ValueError):
    """Not a SIP message that could be answered. The argument is a slug for the counters."""


@attrs.define
class Message:
    """What requests and responses share; `method` is the CSeq's."""

    fields: Fields
    body: bytes
    vias: list[Via]
    from_: NameAddr
    to: NameAddr
    call_id: str
    cseq: int
    method: str
    truncated: bool
    """The Content-Length is no number, or more than the octets that came."""

    def first(self, name: str) -> str | None:
        """The first value of a header field, or None."""
        values = self.fields.get(name)
        return values[0] if values else None

    def listed(self, name: str) -> list[str]:
        """All values of a comma-separated header field. Raises MalformedError."""
        values = self.fields.get(name)
        return [] if values is None else [item for value in values for item in split_list(value)]


@attrs.define
class Request(Message):
    """`uri` is the Request-URI as written, not yet checked; `verb` is the method of the request line."""

    verb: str
    uri: str


@attrs.define
class Response(Message):
    """`status` is 100–699."""

    status: int
    phrase: str


def parse(packet: bytes) -> Request | Response:
    """The message in a datagram, or in a frame of a stream. Raises UnreadableError."""
    head, end, body = packet.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not end:
        raise UnreadableError("no-end-of-head")
    if len(head) > MOST_HEAD_BYTES:
        raise UnreadableError("head-too-long")
    text = head.decode("latin-1").replace("\r\n", "\n")
    if _CONTROL.search(text):
        raise UnreadableError("control-character")
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    start, _, rest = text.partition("\n")
    fields = _fields(rest)
    try:
        vias = [parse_via(item) for value in fields.get("via", ()) for item in split_list(value)]
        from_, to = parse_name_addr(_only(fields, "from")), parse_name_addr(_only(fields, "to"))
    except MalformedError as fault:
        raise UnreadableError(f"bad-{fault}") from None
    call_id = _only(fields, "call-id")
    cseq = _CSEQ.fullmatch(_only(fields, "cseq"))
    if not 0 < len(vias) <= MOST_VIAS or not CALL_ID.fullmatch(call_id) or cseq is None or int(cseq[1]) >= 2**31:
        raise UnreadableError("bad-via-call-id-or-cseq")
    body, truncated = _cut(body, fields)
    common = (fields, body, vias, from_, to, call_id, int(cseq[1]), cseq[2], truncated)
    if found := _REQUEST_LINE.fullmatch(start):
        return Request(*common, found[1], found[2])
    if found := _STATUS_LINE.fullmatch(start):
        return Response(*common, int(found[1]), found[2] or "")
    raise UnreadableError("start-line")


def _fields(text: str) -> Fields:
    fields: Fields = {}
    lines = text.split("\n")
    if len(lines) > MOST_FIELDS:
        raise UnreadableError("too-many-fields")
    ragged = "  " in text or "\t" in text
    for line in lines:
        raw, colon, value = line.partition(":")
        if not colon:
            raise UnreadableError("header-line")
        name = _long_name(raw)
        value = squeezed(value) if ragged else value.strip(" ")
        if name in fields:
            fields[name].append(value)
        else:
            fields[name] = [value]
    return fields


@lru_cache(512)
def _long_name(raw: str) -> str:
    """A field's name in lower case, spelt out."""
    name = raw.rstrip(" \t").lower()
    if not _NAME.fullmatch(name):
        raise UnreadableError("header-line")
    return _COMPACT.get(name, name)


def _only(fields: Fields, name: str) -> str:
    values = fields.get(name)
    if values is None or len(values) != 1:
        raise UnreadableError(f"{name}-not-once")
    return values[0]


def _cut(body: bytes, fields: Fields) -> tuple[bytes, bool]:
    """The body as long as Content-Length says (RFC 3261, 18.3), and whether that cannot be."""
    lengths = fields.get("content-length")
    if lengths is None:
        return body, False
    if len(set(lengths)) != 1 or not _DIGITS.fullmatch(lengths[0]):
        return b"", True
    length = int(lengths[0])
    return body[:length], length > len(body)


def field_name(name: str) -> str:
    """A header field's name as it is usually written."""
    return _IRREGULAR.get(name) or name.title()


def print_message(start: str, lines: list[str], body: bytes = b"", content_type: str = "application/sdp") -> bytes:
    """A message from its start line, header lines without line ends, and body."""
    if body:
        lines = [*lines, f"Content-Type: {content_type}"]
    head = "\r\n".join([start, *lines, f"Content-Length: {len(body)}", "", ""])
    return head.encode("latin-1") + body


def print_fields(request: Request) -> bytes:
    """A request as it came, without its body: what `parse` needs to make the same of it."""
    lines = [
        f"{field_name(name)}: {value}"
        for name, values in request.fields.items()
        if name not in ("content-length", "content-type")
        for value in values
    ]
    return print_message(f"{request.verb} {request.uri} SIP/2.0", lines)


def is_token(text: str) -> bool:
    """Whether this is one token of at most 128 characters."""
    return TOKEN.fullmatch(text) is not None
