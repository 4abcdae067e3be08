"""The single words of a plan document: names, numbers, addresses, dates; what is right and what is wrong with
each.

Rule: each reads one plain value and gives it in canonical form, or raises `Wrong` with the mend.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from routing.document.faults import Wrong
from routing.facts import CallerClass
from routing.hours import Dates, HoursFault, When, Window, parse_dates, parse_windows
from routing.ids import NodeName, Number400, PromptName, TargetName
from routing.measure import Li
from routing.node import Key, MailboxName
from routing.number import NumberFault, parse_400, read_number
from routing.origin import AreaCode, ListName, Prefix, WholeNumber
from routing.plan import Address, Extension, GroupName, HoursName, KeyCode
from routing.secret import Secret, is_secret
from routing.sip_uri import is_dialable

_NAME = re.compile(r"\w[\w-]{0,63}")
_UNFIT: Final = {
    CallerClass.OVERSEAS: "a target must not be overseas (W1)",
    CallerClass.HK_MO_TW: "a target must not be in Hong Kong, Macau or Taiwan (W1)",
    CallerClass.SERVICE: "a short, service or 400 number cannot be a target",
}
MOST_YUAN: Final = 10_000_000


def whole(value: object) -> str:
    """A value as a fault shows it, never longer than a line."""
    text = f"“{value}”" if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def text(value: object) -> str:
    """Any text that is not empty and has no control characters."""
    if not isinstance(value, str):
        raise Wrong(f"must be text, not {whole(value)}", "put it in quotes")
    if not value.strip() or not value.isprintable():
        raise Wrong(f"{whole(value)} is empty or has control characters", "write plain text")
    return value


def is_name(value: object) -> bool:
    """Whether this is a name within the plan."""
    return isinstance(value, str) and bool(_NAME.fullmatch(value))


def name(value: object) -> str:
    """A name within the plan: letters (Chinese too), digits, hyphen and underscore, at most 64."""
    if not is_name(text(value)):
        raise Wrong(f"{whole(value)} is no name", "use letters, digits, - and _, at most 64")
    return str(value)


def number_400(value: object) -> Number400:
    """The plan's own number."""
    try:
        return parse_400(text(value))
    except NumberFault as fault:
        raise Wrong(str(fault), 'write it as in "400-600-1234"') from fault


def address(value: object) -> Address:
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
    if not is_dialable(written):
        raise Wrong(
            f"{whole(written)} is no SIP URI that can be called",
            "write sip:user@host or sip:user@host:5060;transport=tcp",
        )
    return written


def day(value: object) -> date:
    """A date, as TOML has it or in quotes."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except (TypeError, ValueError):
        raise Wrong(f"{whole(value)} is no date", "write it as in 2026-12-31") from None


def dates(value: object) -> Dates:
    """A date; or in quotes a range of them, or a date of every year."""
    try:
        return parse_dates(value if isinstance(value, str) else str(day(value)))
    except HoursFault as fault:
        raise Wrong(str(fault), 'write 2026-10-01, "2026-10-01..2026-10-07", or every year "10-01"') from fault


def when(value: object) -> When:
    """Names of hours and windows, one or several."""
    names: list[str] = []
    windows: list[Window] = []
    for one in value if isinstance(value, list) else [value]:
        if ":" not in text(one).replace("：", ":"):
            names.append(name(one))
            continue
        try:
            windows += parse_windows(text(one))
        except HoursFault as fault:
            raise Wrong(str(fault), 'write it as in "Mon-Fri 08:30-17:30"') from fault
    return When(tuple(names), tuple(windows))


def area(value: object) -> AreaCode:
    """An area code of the mainland by its form; whether it exists is the check's question."""
    if not re.fullmatch(r"010|02\d|0[3-9]\d\d", text(value)):
        raise Wrong(f"{whole(value)} is no area code", 'write one with its 0, as in "021" or "0755"')
    return AreaCode(text(value))


def prefix(value: object) -> Prefix:
    """Leading digits of callers' numbers (O4), perhaps with hyphens and spaces; a landline's with its 0, a mobile's
    without."""
    digits = re.sub("[ -]", "", text(value))
    if not re.fullmatch(r"\+?\d{1,15}", digits):
        raise Wrong(
            f"{whole(value)} is no prefix",
            "write leading digits only; trailing digits are never matched (O4)",
        )
    if re.fullmatch(r"01[3-9]\d*", digits):
        raise Wrong(f"{whole(value)} never fits", f"write a mobile without its 0: {digits[1:]}")
    return Prefix(digits)


def whole_number(value: object) -> WholeNumber:
    """A caller's whole number, in any usual spelling."""
    number = read_number(text(value))
    if number.caller_class is CallerClass.UNKNOWN or not number.digits:
        raise Wrong(
            f"{whole(value)} is no whole number", "write area code and number, a mobile, or +country code; or a prefix"
        )
    return WholeNumber(number.digits)


def key(value: object) -> Key:
    """A key of a telephone."""
    if not re.fullmatch(r"[0-9*#]", text(value)):
        raise Wrong(f"{whole(value)} is no key", "write one of 0-9, * and #")
    return Key(text(value))


def key_code(value: object) -> KeyCode:
    """What a seat keys."""
    if not re.fullmatch(r"[0-9*]{1,4}", text(value)):
        raise Wrong(f"{whole(value)} cannot be keyed", "write 1 to 4 of 0-9 and *")
    return KeyCode(text(value))


def extension(value: object) -> Extension:
    """An extension's digits."""
    if not re.fullmatch(r"\d{2,6}", text(value)):
        raise Wrong(f"{whole(value)} is no extension", "write 2 to 6 digits")
    return Extension(text(value))


def secret(value: object) -> Secret:
    """A password's hash; `routing.document.short_form` has made it of the digits before."""
    if not is_secret(text(value)):
        raise Wrong("is no password", "write 4 to 16 digits in quotes")
    return Secret(text(value))


def money(value: object) -> Li:
    """Yuan, with up to three decimals, as 厘."""
    try:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise InvalidOperation
        yuan = Decimal(value)
        li = yuan * 1000
        if not yuan.is_finite() or li != li.to_integral_value() or not 0 <= yuan <= MOST_YUAN:
            raise InvalidOperation
    except (InvalidOperation, TypeError, ValueError):
        raise Wrong(f"{whole(value)} is no sum of money", 'write yuan in quotes, as in "300.00"') from None
    return Li(int(li))


def yes_or_no(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Wrong(f"must be true or false, not {whole(value)}", "write true or false without quotes")
    return value


SCALARS: Final[Mapping[object, Callable[[object], object]]] = {
    str: text,
    bool: yes_or_no,
    date: day,
    Dates: dates,
    When: when,
    Number400: number_400,
    Address: address,
    AreaCode: area,
    Prefix: prefix,
    WholeNumber: whole_number,
    Key: key,
    KeyCode: key_code,
    Extension: extension,
    Secret: secret,
    Li: money,
} | dict.fromkeys((TargetName, NodeName, PromptName, MailboxName, HoursName, ListName, GroupName), name)
"""Type of a single value → how it is read."""
