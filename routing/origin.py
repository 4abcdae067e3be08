"""From where: what a plan can tell callers apart by (R1, O3, O4).

Rule: numbers are matched whole or by their leading digits, never by the last ones; mobiles without the
leading 0.
A mobile's area is that of its home.
"""

from collections.abc import Mapping
from typing import NewType

import attrs

from routing.facts import Caller, CallerClass

AreaCode = NewType("AreaCode", str)
"""`010`, `021`, `0755`."""

Prefix = NewType("Prefix", str)
"""Leading digits of a canonical number, 1 to 15, perhaps with a `+` before them."""

WholeNumber = NewType("WholeNumber", str)
"""A canonical number."""

ListName = NewType("ListName", str)
"""A named list of the plan."""


@attrs.frozen(kw_only=True)
class Origin:
    """A set of callers: in one of `areas`, `numbers`, `classes`, with one of `prefixes`, or in one of
    `lists`."""

    areas: frozenset[AreaCode] = frozenset()
    prefixes: frozenset[Prefix] = frozenset()
    numbers: frozenset[WholeNumber] = frozenset()
    classes: frozenset[CallerClass] = frozenset()
    lists: frozenset[ListName] = frozenset()

    def empty(self) -> bool:
        """Whether it names nobody at all."""
        return not (self.areas or self.prefixes or self.numbers or self.classes or self.lists)

    def why(self, caller: Caller, lists: "Mapping[ListName, Origin]") -> str:
        """What of the caller is in this set, in words; empty if nothing is."""
        if caller.number and caller.number in self.numbers:
            return f"number {caller.number}"
        for length in range(len(caller.number), 0, -1) if self.prefixes else ():
            if caller.number[:length] in self.prefixes:
                return f"prefix {caller.number[:length]}"
        if caller.area in self.areas:
            return f"area {caller.area}"
        if caller.caller_class in self.classes:
            return f"class {caller.caller_class}"
        for name in sorted(self.lists):
            if why := lists[name].why(caller, lists):
                return f"{why} in list {name}"
        return ""
