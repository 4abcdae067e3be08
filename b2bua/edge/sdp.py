"""Session descriptions (RFC 4566), read loosely and printed anew for a process that knows G.711 and keys.

Rule: what comes out has one live audio stream over RTP/AVP (RTP/AVPF is taken as that) with IPv4 literals, only codecs
that are in use here with their usual names, a packet time of 10–60 ms if any, and as many media lines as came in, so
that offer and answer still match (RFC 3264, 6): a stream that we cannot carry goes in with port 0, which is how it is
declined. Where PJSIP would abort over more media lines than the call has (docs/pjsua2.md), only ours goes in, and
`with_others` puts the others back into its answer.
"""

import re
from typing import Final

import attrs

from b2bua.edge.grammar import MalformedError, is_ipv4

MOST_BYTES: Final = 8_000
MOST_LINES: Final = 250
MOST_STREAMS: Final = 8
MOST_FORMATS: Final = 40

CODECS: Final = {"pcma/8000": "PCMA/8000", "pcmu/8000": "PCMU/8000", "g722/8000": "G722/8000"}
USUAL: Final = ("PCMA", "PCMU")
KEYS: Final = "telephone-event/8000"
_STATIC: Final = {0: "pcmu/8000", 8: "pcma/8000", 9: "g722/8000"}
_DIRECTIONS: Final = frozenset(("sendrecv", "sendonly", "recvonly", "inactive"))

FEEDBACK: Final = "RTP/AVPF"
"""RTP/AVP with more feedback in RTCP (RFC 4585), which may be done without: it is carried as RTP/AVP."""

_OUR_MEDIA = re.compile(rb"(m=audio [0-9]+ )RTP/AVP(?= )")
_LINE = re.compile(r"([a-z])=([^\r\n\0]*)")
_ORIGIN = re.compile(r"\S{1,64} ([0-9]{1,20}) ([0-9]{1,20}) IN IP4 (\S{1,64})")
_CONNECTION = re.compile(r"IN (?:IP4|IP6 ::ffff:(?=[0-9.]+$)) ?([0-9.]{7,15})", re.IGNORECASE)
_MEDIA = re.compile(r"([A-Za-z0-9\-]{1,16}) ([0-9]{1,5})(?:/[0-9]{1,3})? ([A-Za-z0-9/\-]{1,32}) +([^ ].*)")
_RTPMAP = re.compile(r"([0-9]{1,3}) ([A-Za-z0-9\-_.+]{1,32}/[0-9]{1,6})(?:/[0-9]{1,2})?")
_FMTP = re.compile(r"([0-9]{1,3}) ([0-9,\-]{1,64})")
_FORMAT = re.compile(r"[A-Za-z0-9\-_.+]{1,32}")


@attrs.define
class _Stream:
    """The parts of a media section that are used."""

    kind: str
    port: int
    protocol: str
    formats: list[str]
    connection: str = ""
    direction: str = ""
    ptime: int = 0
    codecs: dict[int, str] = attrs.field(factory=dict)
    key_events: dict[int, str] = attrs.field(factory=dict)


@attrs.define
class _Session:
    number: int = 0
    version: int = 0
    address: str = "0.0.0.0"  # noqa: S104 (RFC 4566 wants an address in o=; nothing is bound)
    connection: str = ""
    direction: str = ""
    streams: list[_Stream] = attrs.field(factory=list)


class NothingCommonError(MalformedError):
    """Well formed, but nothing in it that we could carry (488)."""


@attrs.frozen
class Description:
    """A description as a process may see it.

    `is_live`: it has a stream for us. `others` is what `with_others` puts back into the answer: for a description
    reduced to our stream the media lines of the others, declined, in their order, and in the place of ours its profile
    (empty: RTP/AVP); for one whose stream is only of another profile that alone.
    """

    octets: bytes
    is_live: bool = True
    others: tuple[str, ...] = ()


def clean(body: bytes, *, offer: bool, only_ours: bool = False, codecs: tuple[str, ...] = USUAL) -> Description:
    """The description printed anew, with no codecs but these; `only_ours`: without the other streams.

    Raises MalformedError for what is not SDP (400), NothingCommonError for an offer without a stream for us
    (488). An answer (`offer=False`) may decline its audio.
    """
    if len(body) > MOST_BYTES:
        raise MalformedError("sdp-too-long")
    lines = [line for line in body.decode("latin-1").replace("\r", "\n").split("\n") if line.strip(" \t\0")]
    if not lines or len(lines) > MOST_LINES or not lines[0].strip() == "v=0":
        raise MalformedError("sdp")
    session = _read(lines)
    for stream in session.streams:
        stream.codecs = {number: codec for number, codec in stream.codecs.items() if _name(codec) in codecs}
    live = next((stream for stream in session.streams if _carries(stream, session)), None)
    if live is None and (offer or not session.streams):
        raise NothingCommonError("sdp-nothing-common")
    profile = FEEDBACK if live is not None and offer and live.protocol.upper() == FEEDBACK else ""
    if not only_ours or live is None or len(session.streams) == 1:
        return Description(_print(session, live), live is not None, (profile,) if profile else ())
    others = tuple(profile if stream is live else _declined(stream) for stream in session.streams)
    session.streams = [live]
    return Description(_print(session, live), others=others)


def with_others(answer: bytes, others: tuple[str, ...]) -> bytes:
    """A process's answer to an offer of which it saw one stream, with the other streams declined, and with the profile
    that was offered (RFC 3264, 6)."""
    head, mark, ours = answer.partition(b"m=")
    if not mark:
        return answer
    lines = [f"{line}\r\n".encode("latin-1") if line[:2] == "m=" else _of_profile(mark + ours, line) for line in others]
    return head + b"".join(lines)


def _of_profile(media: bytes, profile: str) -> bytes:
    return _OUR_MEDIA.sub(rb"\1" + profile.encode("ascii"), media, count=1) if profile else media


def on_hold(declined: bytes) -> bytes:
    """An answer that declines its audio in the middle of a call, as one that puts the call on hold.

    PJSIP aborts on the offer after an answer without audio (docs/pjsua2.md).
    """
    silent = rb"\1m=audio 9 RTP/AVP 8 0\r\na=inactive\r\n"
    return re.sub(rb"\A(.*?)m=\S+ 0 [^\r]*\r\n", silent, declined, count=1, flags=re.DOTALL)


def _name(codec: str) -> str:
    return CODECS[codec].partition("/")[0]


def _read(lines: list[str]) -> _Session:
    session = _Session()
    stream: _Stream | None = None
    for line in lines:
        if not (found := _LINE.fullmatch(line.rstrip(" "))):
            raise MalformedError("sdp-line")
        kind, value = found.groups()
        if kind == "o" and (origin := _ORIGIN.fullmatch(value)):
            # PJSIP reads 32 bits; the remainder still rises with each new version.
            session.number, session.version = int(origin[1]) % 2**31, int(origin[2]) % 2**31
            session.address = origin[3] if is_ipv4(origin[3]) else session.address
        elif kind == "c":
            (stream or session).connection = _connection(value)
        elif kind == "m":
            stream = _stream(value)
            session.streams.append(stream)
            if len(session.streams) > MOST_STREAMS:
                raise MalformedError("sdp-streams")
        elif kind == "a" and value in _DIRECTIONS:
            (stream or session).direction = value
        elif kind == "a" and stream is not None:
            _attribute(stream, value)
    return session


def _connection(value: str) -> str:
    """The IPv4 literal, or nothing: names are not resolved, IPv6 and multicast not carried.

    An IPv4-mapped IPv6 address is an IPv4 address (RFC 4291, 2.5.5.2; RFC 5118, 4.9).
    """
    found = _CONNECTION.fullmatch(value)
    return found[1] if found and is_ipv4(found[1]) else ""


def _stream(value: str) -> _Stream:
    found = _MEDIA.fullmatch(value)
    if not found or int(found[2]) > 65535:
        raise MalformedError("sdp-media")
    formats = found[4].split()
    if len(formats) > MOST_FORMATS or not all(_FORMAT.fullmatch(item) for item in formats):
        raise MalformedError("sdp-formats")
    stream = _Stream(found[1].lower(), int(found[2]), found[3], formats)
    for item in formats:
        if item.isascii() and item.isdigit() and (name := _STATIC.get(int(item))):
            stream.codecs[int(item)] = name
    return stream


def _attribute(stream: _Stream, value: str) -> None:
    name, _, rest = value.partition(":")
    rest = rest.strip(" ")
    if name == "rtpmap" and (found := _RTPMAP.fullmatch(rest)):
        number, codec = int(found[1]), found[2].lower()
        stream.codecs.pop(number, None)
        if number > 127 or str(number) not in stream.formats:
            return
        if codec in CODECS:
            stream.codecs[number] = codec
        elif codec == KEYS:
            stream.key_events.setdefault(number, "0-15")
    elif name == "fmtp" and (found := _FMTP.fullmatch(rest)) and int(found[1]) in stream.key_events:
        stream.key_events[int(found[1])] = found[2]
    elif name == "ptime" and rest.isascii() and rest.isdigit() and 10 <= int(rest[:6]) <= 60:
        stream.ptime = int(rest[:6])


def _carries(stream: _Stream, session: _Session) -> bool:
    return bool(
        stream.kind == "audio"
        and stream.protocol.upper() in ("RTP/AVP", FEEDBACK)
        and stream.port
        and stream.codecs
        and (stream.connection or session.connection)
    )


def _print(session: _Session, live: _Stream | None) -> bytes:
    connection = (live.connection or session.connection) if live else session.address
    lines = [
        "v=0",
        f"o=- {session.number} {session.version} IN IP4 {session.address}",
        "s=-",
        f"c=IN IP4 {connection}",
        "t=0 0",
    ]
    for stream in session.streams:
        lines += _live(stream, session) if stream is live else [_declined(stream)]
    return ("\r\n".join(lines) + "\r\n").encode("latin-1")


def _live(stream: _Stream, session: _Session) -> list[str]:
    order = [int(item) for item in stream.formats if item.isascii() and item.isdigit()]
    codecs = [number for number in order if number in stream.codecs]
    keys = [number for number in order if number in stream.key_events][:1]
    lines = [f"m=audio {stream.port} RTP/AVP {' '.join(map(str, codecs + keys))}"]
    lines += [f"a=rtpmap:{number} {CODECS[stream.codecs[number]]}" for number in codecs]
    for number in keys:
        lines += [f"a=rtpmap:{number} {KEYS}", f"a=fmtp:{number} {stream.key_events[number]}"]
    if stream.ptime:
        lines.append(f"a=ptime:{stream.ptime}")
    lines.append(f"a={stream.direction or session.direction or 'sendrecv'}")
    return lines


def _declined(stream: _Stream) -> str:
    return f"m={stream.kind} 0 {stream.protocol} {stream.formats[0]}"
