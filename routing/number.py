"""Chinese telephone numbers: read as people and carriers write them, kept in one canonical form, printed for
people.

Rule: reading is exact. A number is understood whole or not at all; nothing is ever matched by its last digits
(O4). Canonical forms: a 400 number `4006001234`; a landline with area code `02162288300`; a mobile
`13800138000`; a number from abroad `+85221234567`; a short or service number as dialled `10086`.
"""

import re
import unicodedata
from typing import Final

import attrs

from routing.facts import CallerClass
from routing.ids import Number400


class NumberFault(ValueError):
    """A text is not the number that is asked for; the message is a sentence for the person who wrote it."""


@attrs.frozen
class Number:
    """A telephone number: canonical `digits` (empty if withheld or unreadable), its class, and its area code
    if any."""

    digits: str
    caller_class: CallerClass
    area: str = ""


CARRIERS: Final = {
    "4000": "China Unicom",
    "4006": "China Unicom",
    "4001": "China Mobile",
    "4007": "China Mobile",
    "4008": "China Telecom",
    "4009": "China Telecom",
}
"""Segment → carrier (N2); 4007 was formerly Tietong's."""

_FILLING = str.maketrans("", "", " -.()\t\u00a0\u2010\u2011\u2012\u2013\u2014")
_NATIONAL = re.compile(r"\A(?:\+86|0086|86)(?=\d)")
_MOBILE = re.compile(r"0?(1[3-9]\d{9})")
_LANDLINE = re.compile(r"(010|02\d)(\d{8})|(0[3-9]\d\d)(\d{7,8})")
_AREA_SERVICE = re.compile(r"(010|02\d|0[3-9]\d\d)(1\d{2,5}|9[56]\d{3,5})")
_SERVICE = re.compile(r"1\d{2,5}|106\d{5,17}|1064\d{9}|9[56]\d{3,6}|[48]00\d{7}")
_NAMELESS = frozenset({"", "anonymous", "unavailable", "restricted", "unknown", "private"})
_GREATER_CHINA = ("+852", "+853", "+886")


def _bare(text: str) -> str:
    """The text without what people put between digits; full-width digits become plain ones."""
    return unicodedata.normalize("NFKC", text).translate(_FILLING)


def parse_400(text: str) -> Number400:
    """A 400 number from any usual spelling: hyphens, spaces, +86 or 0086 before it (N1, O2).

    Raises NumberFault for what has not ten digits, does not start with 400, or lies in no carrier's segment
    (N2).
    """
    digits = _NATIONAL.sub("", _bare(text), count=1)
    if not (digits.isascii() and digits.isdigit()):
        raise NumberFault(f"“{text}” is not a 400 number: it must be digits, as in 400-600-1234")
    if not digits.startswith("400") or len(digits) != 10:
        raise NumberFault(f"“{text}” is not a 400 number: it must be 400 and seven more digits")
    if digits[:4] not in CARRIERS:
        known = ", ".join(sorted(CARRIERS))
        raise NumberFault(f"“{text}” lies in segment {digits[:4]}, which no carrier has; there are {known}")
    return Number400(digits)


def is_400(digits: str) -> bool:
    """Whether a canonical number is a 400 number, of whatever segment."""
    return len(digits) == 10 and digits.startswith("400")


def print_400(number: Number400) -> str:
    """A 400 number as people write it: `400-600-1234`."""
    return f"{number[:3]}-{number[3:6]}-{number[6:]}"


def carrier_of(number: Number400) -> str:
    """The carrier whose segment the number lies in (N2)."""
    return CARRIERS[number[:4]]


def read_number(text: str) -> Number:
    """What a carrier or a person wrote as a telephone number; never raises.

    Understands landlines with area code, mobiles with or without the trunk prefix 0, and both after +86, 0086
    or 86; numbers from abroad after + or 00; short and service numbers; and the names for a withheld number.
    What is none of these has class UNKNOWN (or VOIP, when it is a name and not digits) and keeps its digits.
    """
    bare = _bare(text)
    if bare.lower() in _NAMELESS:
        return Number("", CallerClass.UNKNOWN)
    plus = bare.startswith("+")
    digits = bare[1:] if plus else bare
    if not (digits.isascii() and digits.isdigit()):
        return Number("", CallerClass.VOIP)
    if not plus and digits.startswith("00"):
        plus, digits = True, digits[2:]
    if plus and not digits.startswith("86"):
        return _from_abroad(digits)
    if plus or (digits.startswith("86") and len(digits) >= 12):
        rest = digits[2:]
        known = _at_home(rest) or _at_home("0" + rest)
        return known or Number(rest, CallerClass.UNKNOWN)
    return _at_home(digits) or Number(digits, CallerClass.UNKNOWN)


def _from_abroad(digits: str) -> Number:
    if not 5 <= len(digits) <= 15 or digits[0] == "0":  # E.164: at most 15 digits, no country code starts with 0
        return Number("", CallerClass.UNKNOWN)
    number = "+" + digits
    where = CallerClass.HK_MO_TW if number.startswith(_GREATER_CHINA) else CallerClass.OVERSEAS
    return Number(number, where)


def _at_home(digits: str) -> Number | None:
    if found := _MOBILE.fullmatch(digits):
        return Number(found[1], CallerClass.MOBILE)
    if found := _LANDLINE.fullmatch(digits):
        return Number(digits, CallerClass.FIXED, found[1] or found[3])
    if found := _AREA_SERVICE.fullmatch(digits):
        return Number(digits, CallerClass.SERVICE, found[1])
    if _SERVICE.fullmatch(digits):
        return Number(digits, CallerClass.SERVICE)
    return None


def print_number(number: str) -> str:
    """A canonical number as people write it: `021-6228 8300`, `0756-123 4567`, `138 0013 8000`; others
    unchanged."""
    if found := _LANDLINE.fullmatch(number):
        area, local = (found[1], found[2]) if found[1] else (found[3], found[4])
        return f"{area}-{local[:-4]} {local[-4:]}"
    if len(number) == 11 and _MOBILE.fullmatch(number):
        return f"{number[:3]} {number[3:7]} {number[7:]}"
    if len(number) == 10 and number[:4] in CARRIERS:
        return print_400(Number400(number))
    return number


def print_address(address: str) -> str:
    """A telephone number as people write it; a SIP URI, or nothing, as it is."""
    return address if not address or address.startswith("sip:") else print_number(address)
