"""The small parts of SIP: URI, name-addr, Via, lists and parameters (RFC 3261, section 25.1).

Rule: what matches is kept as it was written, byte for byte, so that tags, branches and Call-IDs survive the
printing; what does not match is refused. Every repetition is possessive or atomic: no input makes a match take
more than linear time. Only single characters are repeated possessively: Python 3.11 before 3.11.5, Debian 12's among
them, matches part of a group that is repeated so (CPython issue 106052). Text is Latin-1, one character a byte, so
that nothing is lost between reading and printing.
"""

import re
from functools import lru_cache
from typing import Final

import attrs

from routing import sip_uri

_TOKEN: Final = r"[A-Za-z0-9\-.!%*_+`'~]"  # noqa: S105 (the RFC's word for a run of these characters)
QUOTED: Final = r'"(?>(?:[^"\\]|\\[^\r\n])*)"'
_VALUE: Final = rf"(?:{QUOTED}|[A-Za-z0-9\-.!%*_+`'~:\[\]/@?&$#^|]++)"
PARAMS: Final = rf"((?>(?:[ ]?;[ ]?{_TOKEN}++(?>(?:[ ]?=[ ]?{_VALUE})?))*))"

_PARAM = re.compile(rf"[ ]?;[ ]?({_TOKEN}++)(?>(?:[ ]?=[ ]?({_VALUE}))?)")
_URI = re.compile(
    rf"(sips?):(?:({sip_uri.USER})(?::({sip_uri.PASSWORD}))?@)?({sip_uri.HOST})(?::([0-9]{{1,5}}))?{sip_uri.PARAMS}"
    rf"(?:\?((?>(?:[A-Za-z0-9\-_.!~*'()\[\]/?:+$&=;@,]|{sip_uri.ESCAPED})+)))?",
    re.IGNORECASE,
)
_TEL = re.compile(rf"tel:(\+?[0-9A-Fa-f*#.()\-]{{1,40}}){sip_uri.PARAMS}", re.IGNORECASE)
_NAMED = re.compile(rf"({QUOTED}|(?>(?:{_TOKEN}++[ ]?)*))[ ]?<([^<>\" ]++)>{PARAMS}[ ]?")
_BARE = re.compile(rf"([A-Za-z][^<>\" ;?,]*+){PARAMS}[ ]?")
_VIA = re.compile(
    rf"SIP ?/ ?2\.0 ?/ ?({_TOKEN}{{1,16}}) ({sip_uri.HOST})(?: ?: ?([0-9]{{1,5}}))?{PARAMS}[ ]?", re.IGNORECASE
)
_ITEM = re.compile(r'(?>(?:[^,"<]|"(?>(?:[^"\\]|\\.)*)"|<[^>]*+>)+)')
_ESCAPE = re.compile(r"\\(.)")
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}")
_SPACES = re.compile(r"[ \t]++")

TOKEN: Final = re.compile(rf"{_TOKEN}{{1,128}}")
"""A token of bounded length, as tags, branches, methods and option tags are."""

MOST_DISPLAY_CHARACTERS: Final = 60


class MalformedError(ValueError):
    """A part of a message is not what RFC 3261 says it should be."""


@attrs.frozen
class Uri:
    """A SIP, SIPS or TEL URI. `text` is as written; so are `params` and `headers`, less their first mark."""

    text: str
    scheme: str
    user: str
    host: str
    port: int | None
    params: str
    headers: str

    @property
    def transport(self) -> str:
        """The `transport` parameter in lower case, `udp` where there is none."""
        return (self.param("transport") or "udp").lower()

    def param(self, name: str) -> str | None:
        """A parameter's value; empty if it stands without one, None if it is not there."""
        for param in self.params.split(";"):
            key, _, value = param.partition("=")
            if key.lower() == name:
                return value
        return None


@lru_cache(2048)
def parse_uri(text: str) -> Uri:
    """Raises MalformedError for anything but a sip, sips or tel URI."""
    if found := _URI.fullmatch(text):
        scheme, user, _, host, port, params, headers = found.groups()
        if port is not None and not 0 < int(port) < 65536:
            raise MalformedError("uri-port")
        return Uri(
            text,
            scheme.lower(),
            user or "",
            host.lower(),
            int(port) if port else None,
            params[1:],
            headers or "",
        )
    if found := _TEL.fullmatch(text):
        return Uri(text, "tel", found[1], "", None, found[2][1:], "")
    raise MalformedError("uri")


Params = tuple[tuple[str, str | None], ...]


def parse_params(text: str) -> Params:
    """Names in lower case, values as written. Raises MalformedError for a name said twice."""
    if not text:
        return ()
    if not is_utf8(text):
        raise MalformedError("parameter-not-utf-8")
    params = tuple((found[1].lower(), found[2]) for found in _PARAM.finditer(text))
    if len(params) > 1 and len({name for name, _ in params}) < len(params):
        raise MalformedError("parameter-twice")
    return params


def print_params(params: Params) -> str:
    """`;name=value;name`, as written."""
    return "".join([f";{name}" if value is None else f";{name}={value}" for name, value in params])


@attrs.frozen
class NameAddr:
    """A From, To, Contact, Route … value. `display` is unquoted UTF-8, each byte as one Latin-1 character; or empty."""

    display: str
    uri: Uri
    params: Params
    tag: str
    """The `tag` parameter, empty if there is none."""

    def __str__(self) -> str:
        return f"{quoted(self.display)} {self.bare}" if self.display else self.bare

    @property
    def bare(self) -> str:
        """The value without its display name."""
        return f"<{self.uri.text}>{print_params(self.params)}"


def quoted(text: str) -> str:
    """`text` as a quoted-string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def display_name(text: str) -> str:
    """The display name as it may be shown, or nothing where it is not UTF-8 (RFC 3261, section 25.1)."""
    text = text.strip()
    if text.startswith('"'):
        text = _ESCAPE.sub(r"\1", text[1:-1]).strip()
    if text.isascii():
        return text[:MOST_DISPLAY_CHARACTERS] if text.isprintable() else ""
    try:
        characters = text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return characters[:MOST_DISPLAY_CHARACTERS].encode("utf-8").decode("latin-1") if characters.isprintable() else ""


@lru_cache(2048)
def parse_name_addr(text: str) -> NameAddr:
    """Raises MalformedError."""
    if found := _NAMED.fullmatch(text):
        display, uri, params = display_name(found[1]), parse_uri(found[2]), parse_params(found[3])
    elif found := _BARE.fullmatch(text):
        display, uri, params = "", parse_uri(found[1]), parse_params(found[2])
    else:
        raise MalformedError("address")
    tag = ""
    for name, value in params:
        if name == "tag":
            if value is None or not TOKEN.fullmatch(value):
                raise MalformedError("tag")
            tag = value
    return NameAddr(display, uri, params, tag)


@attrs.frozen
class Via:
    """One Via value. `params` keep their order; `branch` is empty if there is none.

    `written` is the whole text of one that could not be read, and of which nothing else is known.
    """

    transport: str
    host: str
    port: int | None
    params: Params
    branch: str
    written: str = ""

    def __str__(self) -> str:
        if self.written:
            return self.written
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {self.host}{port}{print_params(self.params)}"

    def param(self, name: str) -> str | None:
        """A parameter's value; empty if it stands without one, None if it is not there."""
        for key, value in self.params:
            if key == name:
                return value or ""
        return None

    def received_from(self, host: str, port: int) -> "Via":
        """The same with `received`, and `rport` where it was asked for (RFC 3261, 18.2.1; RFC 3581, 4)."""
        wants_port = self.param("rport") is not None
        params = tuple((k, v) for k, v in self.params if k not in ("received", "rport"))
        if wants_port:
            params += (("received", host), ("rport", str(port)))
        elif self.host != host:
            params += (("received", host),)
        return attrs.evolve(self, params=params)


@lru_cache(512)
def parse_via(text: str) -> Via:
    """Raises MalformedError."""
    if not (found := _VIA.fullmatch(text)):
        raise MalformedError("via")
    transport, host, port, tail = found.groups()
    if port is not None and not 0 < int(port) < 65536:
        raise MalformedError("via-port")
    params = parse_params(tail)
    branch = ""
    for name, value in params:
        if name == "branch":
            branch = value or ""
    return Via(transport.upper(), host, int(port) if port else None, params, branch)


def parse_lower_via(text: str) -> Via:
    """A Via below the topmost, which is only copied into the answer (RFC 3261, 8.2.6.2): any text will do."""
    try:
        return parse_via(text)
    except MalformedError:
        return Via("", "", None, (), "", text)


def split_list(text: str) -> list[str]:
    """A value cut at its commas, but for those in quotes or angle brackets. Raises MalformedError."""
    if "," not in text:
        return [text]
    items: list[str] = []
    at = 0
    while True:
        if not (found := _ITEM.match(text, at)):
            raise MalformedError("list")
        items.append(found[0].strip())
        at = found.end()
        if at == len(text):
            break
        if text[at] != ",":
            raise MalformedError("list")
        at += 1
    if not all(items):
        raise MalformedError("list")
    return items


def is_ipv4(host: str) -> bool:
    """Whether this is an IPv4 literal in its usual form."""
    return _IPV4.fullmatch(host) is not None


def is_utf8(text: str) -> bool:
    """Whether the bytes behind this Latin-1 text are UTF-8, as SIP has it (RFC 3261, 7)."""
    if text.isascii():
        return True
    try:
        text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def squeezed(text: str) -> str:
    """`text` with every run of blanks made one space, and none at its ends."""
    text = text.strip(" \t")
    return _SPACES.sub(" ", text) if "  " in text or "\t" in text else text
