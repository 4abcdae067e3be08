"""Numbers of each kind that stand for all that a plan does not name more closely.

Rule: exact. If there is a number of that kind with that beginning, and with no longer one that is named, it is found.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from typing import Final

import attrs

from routing.facts import CallerClass

_DIGITS: Final = "3456789012"
_GREATER_CHINA: Final = ("+852", "+853", "+886")
_AT_HOME: Final = frozenset({*_GREATER_CHINA, "+86"})
_E164: Final = range(6, 17)
"""Characters of a number from abroad, its `+` with them."""


@attrs.frozen
class Shape:
    """How the numbers of one kind look: what they begin with, and how many characters they have."""

    kind: CallerClass
    heads: tuple[str, ...]
    lengths: range


_SHAPES: Final = (
    Shape(CallerClass.MOBILE, tuple(f"1{digit}" for digit in range(3, 10)), range(11, 12)),
    Shape(CallerClass.SERVICE, ("1",), range(3, 7)),
    Shape(CallerClass.SERVICE, ("106",), range(8, 21)),
    Shape(CallerClass.SERVICE, ("95", "96"), range(5, 9)),
    Shape(CallerClass.SERVICE, ("400", "800"), range(10, 11)),
    Shape(CallerClass.HK_MO_TW, _GREATER_CHINA, _E164),
    Shape(CallerClass.OVERSEAS, tuple(f"+{digit}" for digit in range(1, 10)), _E164),
    Shape(CallerClass.UNKNOWN, tuple(_DIGITS), range(21, 22)),
)
"""As `routing.number` reads them; no other kind has 21 digits."""

_CODES: Final = ("010", *(f"02{n}" for n in range(10)), *(f"0{n}" for n in range(300, 1000)))
"""Everything that has the form of an area code."""


@attrs.frozen
class Numbering:
    """The whole `numbers` and the `prefixes` that plans name."""

    numbers: Collection[str]
    prefixes: Collection[str]

    def unnamed_codes(self, named: Collection[str]) -> list[str]:
        """Everything that has the form of an area code but is none of these."""
        return [code for code in _CODES if code not in named]

    def of_area(self, prefix: str, codes: Iterable[str]) -> Iterator[tuple[CallerClass, str]]:
        """A landline and a service number, beginning so, of one of these areas; none if there is none."""
        near = [code for code in codes if code.startswith(prefix) or prefix.startswith(code)]
        lines = (self._some(prefix, (code,), range(11, 12 if len(code) == 3 else 13)) for code in near)
        if number := next(filter(None, lines), None):
            yield CallerClass.FIXED, number
        services = (self._some(prefix, (code + "1",), range(len(code) + 3, len(code) + 7)) for code in near)
        more = (self._some(prefix, (f"{code}95", f"{code}96"), range(len(code) + 5, len(code) + 8)) for code in near)
        if number := next(filter(None, chain(services, more)), None):
            yield CallerClass.SERVICE, number

    def of_no_area(self, prefix: str) -> Iterator[tuple[CallerClass, str]]:
        """Numbers of every other kind, beginning so."""
        for shape in _SHAPES:
            if number := self._some(prefix, shape.heads, shape.lengths, shun=shape.kind is CallerClass.OVERSEAS):
                yield shape.kind, number

    def _some(self, prefix: str, heads: Iterable[str], lengths: range, *, shun: bool = False) -> str:
        """A number with one of these heads and this prefix, but no longer one; empty if there is none."""
        for head in heads:
            if head.startswith(prefix):
                start = head
            elif prefix.startswith(head):
                start = prefix
            else:
                continue
            between = (start[:length] for length in range(len(prefix) + 1, len(start) + 1))
            if any(one in self.prefixes for one in between) or (shun and start.startswith(tuple(_AT_HOME))):
                continue
            for length in lengths:
                if length >= len(start) and (number := self._grow(start, length, shun)):
                    return number
        return ""

    def _grow(self, start: str, length: int, shun: bool) -> str:
        """These digits and more, up to a length, that nothing named begins or is; empty if there are none."""
        if len(start) == length:
            return "" if start in self.numbers else start
        for digit in _DIGITS:
            longer = start + digit
            if longer in self.prefixes or (shun and longer in _AT_HOME):
                continue
            if number := self._grow(longer, length, shun):
                return number
        return ""
