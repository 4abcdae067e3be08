"""The single words of a plan document: names, numbers, addresses, dates; what is right and what is wrong with
each.

Rule: each reads one plain value and gives it in canonical form, or raises `Wrong` with the mend.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final

from routing.document.faults import Wrong
from routing.facts import CallerClass
from routing.ids import NodeName, Number400, PromptName, TargetName
from routing.number import NumberFault, parse_400, read_number
from routing.plan import Address

_NAME = re.compile(r"[\w-]{1,64}")
_SIP_URI = re.compile(
    r"sip:(?:[A-Za-z0-9_.!~*'()%&=+$,;?/-]{1,128}@)?[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?(?::(?P<port>\d{1,5}))?"
    r"(?:;[A-Za-z0-9-]{1,32}(?:=[A-Za-z0-9.:+-]{1,64})?){0,8}"
)
_UNFIT: Final = {
    CallerClass.OVERSEAS: "a target must not be overseas (W1)",
    CallerClass.HK_MO_TW: "a target must not be in Hong Kong, Macau or Taiwan (W1)",
    CallerClass.SERVICE: "a short or service number cannot be a target",
}


def whole(value: Any) -> str:
    """A value as a fault shows it, never longer than a line."""
    text = f"“{value}”" if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def text(value: Any) -> str:
    """Any text that is not empty and has no control characters."""
    if not isinstance(value, str):
        raise Wrong(f"must be text, not {whole(value)}", "put it in quotes")
    if not value.strip() or not value.isprintable():
        raise Wrong(f"{whole(value)} is empty or has control characters", "write plain text")
    return value


def name(value: Any) -> str:
    """A name within the plan: letters (Chinese too), digits, hyphen and underscore, at most 64."""
    if not _NAME.fullmatch(text(value)):
        raise Wrong(f"{whole(value)} is no name", "use letters, digits, - and _, at most 64")
    return str(value)


def number_400(value: Any) -> Number400:
    """The plan's own number."""
    try:
        return parse_400(text(value))
    except NumberFault as fault:
        raise Wrong(str(fault), 'write it as in "400-600-1234"') from fault


def address(value: Any) -> Address:
    """Where a target is: a landline with area code, a mobile, or a SIP URI (R5, W1)."""
    written = text(value).strip()
    if written.lower().startswith(("sip:", "sips:")):
        return Address(_sip_uri(written))
    number = read_number(written)
    if number.caller_class in (CallerClass.FIXED, CallerClass.MOBILE):
        return Address(number.digits)
    why = _UNFIT.get(number.caller_class, f"{whole(value)} is no telephone number or SIP URI")
    raise Wrong(why, "write area code and number, a mobile number, or sip:user@host")


def _sip_uri(written: str) -> str:
    found = _SIP_URI.fullmatch(written)
    if not found or int(found["port"] or 5060) not in range(1, 65536):
        raise Wrong(f"{whole(written)} is no SIP URI", "write sip:user@host or sip:user@host:port;transport=tcp")
    return written


def day(value: Any) -> date:
    """A date, as TOML has it or in quotes."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Wrong(f"{whole(value)} is no date", "write it as in 2026-12-31") from None


def yes_or_no(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Wrong(f"must be true or false, not {whole(value)}", "write true or false without quotes")
    return value


SCALARS: Final[dict[Any, Callable[[Any], Any]]] = {
    str: text,
    bool: yes_or_no,
    date: day,
    Number400: number_400,
    Address: address,
    TargetName: name,
    NodeName: name,
    PromptName: name,
}
"""Type of a single value → how it is read."""
