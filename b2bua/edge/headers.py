"""Which header fields of a message from outside a call process may see, and how each is printed.

Rule: a field that is not listed here, or whose value does not match its grammar, does not reach PJSIP.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from b2bua.edge.grammar import PARAMS, QUOTED, TOKEN, MalformedError, is_utf8, parse_name_addr, split_list
from b2bua.edge.message import Fields, field_name

MOST_VALUES: Final = 24
"""PJSIP keeps at most 32 values of one field."""
MOST_VALUE_BYTES: Final = 512

Cleaner = Callable[[str], str]
"""Prints a value anew, or raises MalformedError."""


def _tokens(text: str) -> str:
    """A list of tokens (Supported, Allow …); empty values in between are forgiven."""
    tokens = [item for item in (piece.strip() for piece in text.split(",")) if item]
    if len(tokens) > MOST_VALUES or not all(TOKEN.fullmatch(token) for token in tokens):
        raise MalformedError("tokens")
    return ", ".join(tokens)


def _addresses(text: str) -> str:
    """A list of name-addr (P-Asserted-Identity, Diversion, History-Info …)."""
    items = split_list(text)
    if len(items) > MOST_VALUES:
        raise MalformedError("addresses")
    return ", ".join(str(parse_name_addr(item)) for item in items)


def _shaped(pattern: str) -> Cleaner:
    """Values that a pattern matches whole."""
    shape = re.compile(pattern)

    def clean(text: str) -> str:
        if len(text) > MOST_VALUE_BYTES or not shape.fullmatch(text) or not is_utf8(text):
            raise MalformedError("shape")
        return text

    return clean


_T: Final = r"[A-Za-z0-9\-.!%*_+`'~]{1,128}+"
_SECONDS: Final = r"[0-9]{1,9}"
_INTERVAL: Final = r"(?:9[0-9]|[1-9][0-9]{2,5})"
"""Session intervals start at 90 s (RFC 4028, 5); less is left out, and the session goes without a timer."""
_DATE: Final = r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
_CALL_ID_CHARACTER: Final = r"[A-Za-z0-9\-.!%*_+`'~()<>:/\[\]?{}@]"

CLEANERS: Final[dict[str, Cleaner]] = {
    "supported": _tokens,
    "require": _tokens,
    "unsupported": _tokens,
    "allow": _tokens,
    "p-asserted-identity": _addresses,
    "diversion": _addresses,
    "history-info": _addresses,
    "referred-by": _addresses,
    "privacy": _shaped(rf"{_T}(?>(?: ?; ?{_T})*)"),
    "reason": _shaped(rf"{_T}{PARAMS}(?>(?: ?, ?{_T}{PARAMS})*)"),
    "replaces": _shaped(rf"{_CALL_ID_CHARACTER}{{1,256}}+{PARAMS}"),
    "session-expires": _shaped(rf"{_INTERVAL}{PARAMS}"),
    "min-se": _shaped(rf"{_INTERVAL}{PARAMS}"),
    "user-to-user": _shaped(rf"(?:{_T}|{QUOTED}){PARAMS}"),
    "session-id": _shaped(rf"[0-9A-Fa-f]{{32}}{PARAMS}"),
    "rack": _shaped(r"[0-9]{1,10} [0-9]{1,10} [A-Z]{1,16}"),
    "rseq": _shaped(r"[0-9]{1,9}"),
    "retry-after": _shaped(_SECONDS),
    "date": _shaped(_DATE),
}


@lru_cache(1024)
def cleaned(name: str, value: str) -> str | None:
    """The header line of one value as a process may see it, or None if it may not."""
    cleaner = CLEANERS.get(name)
    if cleaner is None:
        return None
    try:
        text = cleaner(value)
    except MalformedError:
        return None
    return f"{field_name(name)}: {text}" if text else None


def clean_lines(fields: Fields) -> list[str]:
    """The header lines that a process may see, of those that need no rewriting."""
    lines: list[str] = []
    for name, values in fields.items():
        if name in CLEANERS:
            lines += [line for value in values[:MOST_VALUES] if (line := cleaned(name, value))]
    return lines
