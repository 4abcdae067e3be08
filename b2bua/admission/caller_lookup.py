"""Finds out who is calling, and from where: the number is parsed, a mobile's home area is looked up by its prefix.

Rule: reading the prefix table is I/O, so it is done here; the routing core gets a complete `Caller`.
"""

from functools import cache
from typing import Final

import attrs
import phone

from routing.areas import AREAS
from routing.facts import Caller, CallerClass
from routing.number import read_number

SAID: Final = {one.value: one for one in (CallerClass.PAYPHONE, CallerClass.PHS, CallerClass.CAMPUS, CallerClass.VOIP)}
"""The classes of landline that no number shows, by the category (`cpc`) that a carrier gives (O1).

`payphone` is a value of draft-mahy-iptel-cpc and 3GPP TS 24.229; the others are agreed with the carrier, as both allow.
"""


@cache
def _table() -> phone.Phone:
    """The prefix table (a quarter of a million mobile prefixes), read once: 4 MB, 6 ms."""
    return phone.Phone()


def caller_of(text: str, *, category: str = "", display: str = "", withheld: bool = False) -> Caller:
    """The caller whose number a trunk gave as `text`, in any usual spelling; never raises.

    A mobile's `area` and `place` are its home's (R1), a landline's its area code's.
    `category` is the calling party's category that came with it; others than those in `SAID` are ignored. It counts for
    landlines only, so that a caller from abroad cannot claim to be a domestic one (O2).
    `withheld` is the caller's wish for privacy (RFC 3323).
    """
    number = read_number(text)
    caller = Caller(number.digits, number.caller_class, number.area, display=display, withheld=withheld)
    if number.caller_class is CallerClass.FIXED:
        kind = SAID.get(category, CallerClass.FIXED)
        return attrs.evolve(caller, caller_class=kind, place=AREAS.get(number.area, ""))
    if number.caller_class is not CallerClass.MOBILE:
        return attrs.evolve(caller, place=AREAS.get(number.area, ""))
    found = _table().find(number.digits)
    if not found:
        return caller
    area = "0" + found["area_code"].lstrip("0")  # the table has one code with a 0 too many
    place = found["province"] if found["province"] == found["city"] else found["province"] + found["city"]
    return attrs.evolve(caller, area=area, place=place)
