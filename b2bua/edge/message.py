"""A SIP message between bytes and values, printed in one canonical way.

Rule: what only is copied back (From, To, Call-ID, all Via but the topmost: RFC 3261, 8.2.6.2) is read loosely, what
decides is read strictly: start line, topmost Via, CSeq, how often each comes. What is not right raises
`UnreadableError`, which holds what an answer needs. Everything else is checked by `guard`.
"""

import re
from functools import lru_cache
from typing import Final

import attrs

from b2bua.edge.grammar import TOKEN, MalformedError, Via, parse_lower_via, parse_via, split_list, squeezed
from b2bua.edge.party import Party, inside_call_id, parse_party

MOST_FIELDS: Final = 120
MOST_VIAS: Final = 70
"""As many as Max-Forwards allows hops by its default (RFC 3261, 8.1.1.6)."""
MOST_PHRASE_CHARACTERS: Final = 128
MOST_HEAD_BYTES: Final = 16_000

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_QUOTED_CONTROL = re.compile(r"\\[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]")
"""A quoted-pair may have it (RFC 3261, 25.1)."""
_FOLD = re.compile(r"\n[ \t]+")
_REQUEST_LINE = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]{1,64}) +([^ ]{1,8000}) +SIP/2\.0 *")
_STATUS_LINE = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: +([^\n]*))? *")
_OTHER_VERSION = re.compile(r"[^ ]{1,64} .* SIP/(?!2\.0 *$)[0-9]{1,3}\.[0-9]{1,3} *")
_NAME = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]{1,128}")
_CSEQ = re.compile(r"([0-9]{1,10}) ([A-Za-z0-9\-.!%*_+`'~]{1,64})")
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


@attrs.frozen
class Unread:
    """A message that could not be read, as far as it is known: raw values, none where there are none.

    `verb` is empty for a response. `status` (400, 505, 513) is what a request gets.
    """

    start: str
    verb: str
    fields: tuple[tuple[str, str], ...]
    """Each value with its field's lower-case long name, in the order of arrival."""
    status: int = 400

    @property
    def vias(self) -> list[str]:
        """The Via values as they came, each perhaps a list."""
        return [value for name, value in self.fields if name == "via"]

    @property
    def copied(self) -> list[tuple[str, str]]:
        """What an answer copies beside Via (RFC 3261, 8.2.6.2)."""
        return [pair for pair in self.fields if pair[0] in _COPIED]


class UnreadableError(ValueError):
    """Not a SIP message as it should be. The argument is a slug for the counters."""

    def __init__(self, reason: str, unread: Unread | None = None) -> None:
        super().__init__(reason)
        self.unread = unread


@attrs.define
class Message:
    """What requests and responses share; `method` is the CSeq's."""

    fields: Fields
    body: bytes
    vias: list[Via]
    from_: Party
    to: Party
    call_id: str
    """As PJSIP sees it (`party.inside_call_id`)."""
    cseq: int
    method: str
    truncated: bool
    """The Content-Length is no number, or more than the octets that came."""

    def first(self, name: str) -> str | None:
        """The first value of a header field, or None."""
        values = self.fields.get(name)
        return values[0] if values else None

    @property
    def written_call_id(self) -> str:
        """The Call-ID as it came."""
        return self.fields["call-id"][0]

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
    text = head[:MOST_HEAD_BYTES].decode("latin-1").replace("\r\n", "\n")
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    try:
        if not end:
            raise MalformedError("no-end-of-head")
        if len(head) > MOST_HEAD_BYTES:
            raise MalformedError("head-too-long")
        return _parsed(text, body)
    except MalformedError as fault:
        raise UnreadableError(str(fault), _unread(text, str(fault))) from None


def _parsed(text: str, body: bytes) -> Request | Response:
    start, _, rest = text.partition("\n")
    if _OTHER_VERSION.fullmatch(start):
        raise MalformedError("version")
    has_control = _CONTROL.search(text) is not None
    if has_control and _CONTROL.search(_QUOTED_CONTROL.sub("", text)):
        raise MalformedError("control-character")
    fields = _fields(rest)
    vias = _vias(fields.get("via", []))
    from_, to, call_id = parse_party(_only(fields, "from")), parse_party(_only(fields, "to")), _only(fields, "call-id")
    cseq = _CSEQ.fullmatch(_only(fields, "cseq"))
    if not call_id or cseq is None or int(cseq[1]) >= 2**31:
        raise MalformedError("bad-call-id-or-cseq")
    if has_control:
        fields = {name: [value for value in values if name in _COPIED or not _CONTROL.search(value)]
                  for name, values in fields.items()}  # fmt: skip
    body, truncated = _cut(body, fields)
    is_old = not vias[0].branch.startswith("z9hG4bK")
    if found := _REQUEST_LINE.fullmatch(start):
        if not from_.tag and is_old:
            from_ = from_.without_tag(call_id)
        common = (fields, body, vias, from_, to, inside_call_id(call_id), int(cseq[1]), cseq[2], truncated)
        return Request(*common, found[1], found[2])
    if found := _STATUS_LINE.fullmatch(start):
        status = int(found[1])
        if not to.tag and cseq[2] == "INVITE" and 200 <= status < 300:
            to = to.without_tag(call_id)
        common = (fields, body, vias, from_, to, inside_call_id(call_id), int(cseq[1]), cseq[2], truncated)
        return Response(*common, status, (found[2] or "")[:MOST_PHRASE_CHARACTERS].rstrip(" "))
    raise MalformedError("start-line")


_COPIED: Final = ("from", "to", "call-id", "cseq")
_STATUSES: Final = {"version": 505, "head-too-long": 513, "too-many-fields": 513}


def _unread(text: str, reason: str) -> Unread:
    """What of an unreadable message an answer to it needs."""
    start, _, rest = text.partition("\n")
    pairs: list[tuple[str, str]] = []
    for line in rest.split("\n")[: 2 * MOST_FIELDS]:
        raw, _, value = line.partition(":")
        if not _CONTROL.search(value):
            name = raw.rstrip(" \t").lower()
            pairs.append((_COMPACT.get(name, name), squeezed(value)))
    verb = "" if start.startswith("SIP/") else start.partition(" ")[0]
    return Unread(start, verb, tuple(pairs), _STATUSES.get(reason, 400))


def _vias(values: list[str]) -> list[Via]:
    """The topmost Via, read strictly, and those below it."""
    vias: list[Via] = []
    for value in values:
        for item in split_list(value) if not vias else _loosely_split(value):
            vias.append(parse_lower_via(item) if vias else parse_via(item))
    if not 0 < len(vias) <= MOST_VIAS:
        raise MalformedError("via-count")
    return vias


def _loosely_split(value: str) -> list[str]:
    try:
        return split_list(value)
    except MalformedError:
        return [value]


def _fields(text: str) -> Fields:
    fields: Fields = {}
    lines = text.split("\n")
    if len(lines) > MOST_FIELDS:
        raise MalformedError("too-many-fields")
    ragged = "  " in text or "\t" in text
    for line in lines:
        raw, colon, value = line.partition(":")
        if not colon:
            raise MalformedError("header-line")
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
        raise MalformedError("header-line")
    return _COMPACT.get(name, name)


def _only(fields: Fields, name: str) -> str:
    values = fields.get(name)
    if values is None or len(values) != 1:
        raise MalformedError(f"{name}-not-once")
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
