"""From, To and Call-ID: read loosely, since they are only copied back (RFC 3261, 8.2.6.2), and made safe for PJSIP.

What PJSIP cannot bear is replaced towards a process, and put back on the way out (`b2bua.edge.far_side`):

- a Call-ID or tag that is no token of the grammar or has over 100 characters: PJSUA cuts ids at 128 bytes (RFC 3261 has
  no limit). It becomes its first 60 characters and a digest. The same text always gives the same id, so that every
  message of a dialog has it, also after a restart, without a table.
- a tag that is missing where RFC 2543 had none (RFC 3261, 12.1.1 and 12.1.2): an id made of the Call-ID.
- a URI that is none, has an IPv6 host or over 240 bytes: what of it names the user, at `unreadable.invalid`.

Rule: any text that has one address in it gives a `Party`; only what is ambiguous (quotes that do not close, several
addresses) is refused.
"""

import re
from functools import lru_cache
from hashlib import blake2b
from typing import Final

import attrs

from b2bua.edge.grammar import (
    QUOTED,
    MalformedError,
    NameAddr,
    Params,
    Uri,
    display_name,
    parse_name_addr,
    parse_params,
    parse_uri,
    quoted,
)
from routing import sip_uri

MOST_ID_CHARACTERS: Final = 100
_KEPT_CHARACTERS: Final = 60
_DIGEST_BYTES: Final = 12
NO_TAG: Final = "notag~"

_WORD: Final = r"[A-Za-z0-9\-.!%*_+`'~()<>:\\\"/\[\]?{}]{1,100}"
_PLAIN_CALL_ID = re.compile(rf"{_WORD}(?:@{_WORD})?")
_PLAIN_TAG = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]{1,100}")
_ODD = re.compile(r"[^A-Za-z0-9\-._]+")
_NAMED = re.compile(rf'((?>(?:[^"<>]|{QUOTED})*))<([^<>"]*+)>((?>(?:[^"<>]|{QUOTED})*))')
_BARE = re.compile(r'([A-Za-z][^<>";,]*+)((?>(?:[^"<>,]|"[^"]*+")*))')
_PARAM = re.compile(rf';((?>(?:[^;"]|{QUOTED})*))')
_QUOTED = re.compile(QUOTED)
_WRITTEN_TAG = re.compile(r";\s*tag\s*=\s*([^;\s]+)", re.IGNORECASE)
_USER = re.compile(rf"(?:sips?|tel):({sip_uri.USER})(?::[^@]*+)?@", re.IGNORECASE)


def inside_call_id(written: str) -> str:
    """A Call-ID as PJSIP sees it: itself where it is plain and short."""
    is_plain = len(written) <= MOST_ID_CHARACTERS and _PLAIN_CALL_ID.fullmatch(written)
    return written if is_plain else _shortened(written)


def inside_tag(written: str) -> str:
    """A tag as PJSIP sees it: itself where it is plain and short."""
    return written if _PLAIN_TAG.fullmatch(written) else _shortened(written)


def _shortened(written: str) -> str:
    return f"{_ODD.sub('_', written[:_KEPT_CHARACTERS])}~{_digest(written)}"


def _digest(text: str) -> str:
    return blake2b(text.encode("latin-1"), digest_size=_DIGEST_BYTES).hexdigest()


@attrs.frozen
class Party:
    """A From or To. `written` is its text as it came; all else is safe for PJSIP.

    `display` is unquoted UTF-8, each byte as one Latin-1 character, or empty. `tag` is empty if there is none.
    `is_replaced`: its URI or tag is not what was written, so that `written` must be put back.
    """

    display: str
    uri: Uri
    params: Params
    tag: str
    written: str
    is_replaced: bool

    def __str__(self) -> str:
        """As a process sees it."""
        tail = f";tag={self.tag}" if self.tag else ""
        return f"{quoted(self.display)} <{self.uri.text}>{tail}" if self.display else f"<{self.uri.text}>{tail}"

    @property
    def written_tag(self) -> str:
        """The tag as it came; empty if there was none."""
        found = _WRITTEN_TAG.search(_QUOTED.sub("", self.written.rpartition(">")[2]))
        return found[1] if found else ""

    def tagged(self, tag: str) -> "Party":
        """The same with a tag of ours, where it has none."""
        return attrs.evolve(self, tag=tag, written=f"{self.written};tag={tag}")

    def without_tag(self, call_id: str) -> "Party":
        """One whose lack of a tag PJSIP must not see: with an id made of the Call-ID."""
        return attrs.evolve(self, tag=f"{NO_TAG}{_digest(call_id)}", is_replaced=True)


@lru_cache(2048)
def parse_party(written: str) -> Party:
    """Raises MalformedError where it is not clear what the address is."""
    try:
        strict = parse_name_addr(written)
    except MalformedError:
        return _loose(written)
    return _party(strict.display, strict.uri, strict.params, _tag(strict), written)


def _tag(strict: NameAddr) -> str:
    return next((value or "" for name, value in strict.params if name == "tag"), "")


def _loose(written: str) -> Party:
    if found := _NAMED.fullmatch(written):
        display, address, tail = found.groups()
    elif found := _BARE.fullmatch(written):
        display, address, tail = "", *found.groups()
    else:
        raise MalformedError("address")
    pairs = [
        (name.strip().lower(), value.strip()) for name, _, value in (p.partition("=") for p in _PARAM.findall(tail))
    ]
    tags = [value for name, value in pairs if name == "tag"]
    if len(tags) > 1 or "" in tags:
        raise MalformedError("tag")
    try:
        params = parse_params(tail.strip(" "))
    except MalformedError:
        params = ()
    name = display.strip()
    if not _QUOTED.fullmatch(name):
        name = quoted(_QUOTED.sub("", name))
    return _party(display_name(name), _uri(address.strip()), params, tags[0] if tags else "", written)


def _uri(address: str) -> Uri:
    try:
        return parse_uri(address)
    except MalformedError:
        found = _USER.match(address)
        return _stand_in(found[1] if found else "")


def _stand_in(user: str) -> Uri:
    """A URI in place of one that PJSIP cannot bear."""
    user = user if len(user) <= sip_uri.MOST_URI_BYTES // 2 else ""
    return parse_uri(f"sip:{user}@unreadable.invalid" if user else "sip:unreadable.invalid")


def _party(display: str, uri: Uri, params: Params, tag: str, written: str) -> Party:
    kept = uri
    if len(uri.text) > sip_uri.MOST_URI_BYTES or uri.host.startswith("["):
        kept = _stand_in(uri.user)
    inside = inside_tag(tag) if tag else ""
    is_replaced = kept is not uri or inside != tag or uri.host == "unreadable.invalid"
    return Party(display, kept, params, inside, written, is_replaced)
