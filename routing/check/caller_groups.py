"""Callers divided into the groups that plans can tell apart, so that a check is exact and not a sample.

Rule: whatever caller a trunk may bring is in exactly one class, and all callers of a class are decided alike. What a
plan sees of a caller is which of its origins name the number (whole or by its beginning), which name the area, and
the class where one is named.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import attrs

from routing.check.sample_numbers import Numbering
from routing.facts import ABROAD, Caller, CallerClass
from routing.node import CompareOrigin, Screen
from routing.number import print_number, read_number
from routing.origin import Origin
from routing.plan import Plan

_NONE: Final[frozenset[int]] = frozenset()
LANDLINES: Final = (
    CallerClass.FIXED,
    CallerClass.PHS,
    CallerClass.CAMPUS,
    CallerClass.VOIP,
    CallerClass.PAYPHONE,
)
"""The classes that a number with an area code may have."""


MOST_NAMES: Final = 6
"""So many numbers or areas of a class are named, and the rest counted."""


@attrs.frozen
class Traits:
    """What plans see of a caller.

    `named` and `areas` are the places, in the list of the plans' origins, of those that name the number and the area;
    `kind` is the class if a plan names it, `abroad` for both kinds of caller from there if none is named, else empty.
    """

    named: frozenset[int] = frozenset()
    areas: frozenset[int] = frozenset()
    kind: str = ""
    numbered: bool = True

    def is_within(self, wider: "Traits") -> bool:
        """Whether the words for `wider` alone would seem to mean this class too."""
        return (
            self.named >= wider.named
            and self.areas >= wider.areas
            and wider.kind in ("", self.kind)
            and (wider.numbered or not self.numbered)
        )


def origins_of(plans: Iterable[Plan]) -> list[Origin]:
    """Every set of callers that these plans name, and their screens' areas and classes as sets."""
    found: list[Origin] = []
    for plan in plans:
        found += plan.lists.values()
        for node in plan.nodes.values():
            if isinstance(node, CompareOrigin):
                found += node.branches
            elif isinstance(node, Screen):
                only, never = Origin(areas=node.areas_only), Origin(areas=node.areas_never, classes=node.refuse)
                found += (node.black, node.white, only, never)
    return found


@attrs.frozen
class CallerGroup:
    """All callers who look the same; `caller` is one of them, and stands for all."""

    traits: Traits
    caller: Caller


class CallerGroups:
    """All callers, divided by what some plans can tell apart; `classes` has one member for each group."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        origins = origins_of(plans)
        numbers: dict[str, set[int]] = defaultdict(set)
        prefixes: dict[str, set[int]] = defaultdict(set)
        areas: dict[str, set[int]] = defaultdict(set)
        for at, origin in enumerate(origins):
            for found, names in ((numbers, origin.numbers), (prefixes, origin.prefixes), (areas, origin.areas)):
                for name in names:
                    found[str(name)].add(at)
        self._numbers = {name: frozenset(places) for name, places in numbers.items()}
        self._prefixes = {name: frozenset(places) for name, places in prefixes.items()}
        self._areas = {name: frozenset(places) for name, places in areas.items()}
        self._kinds = frozenset(kind for origin in origins for kind in origin.classes)
        self._lengths = sorted({len(prefix) for prefix in prefixes})
        self._numbering = Numbering(self._numbers, self._prefixes)
        self.classes = tuple(self._classes())

    def of(self, caller: Caller) -> Traits:
        """What plans can tell of a caller: the group that the caller is in."""
        kind = caller.caller_class
        seen_kind = kind.value if kind in self._kinds else "abroad" if kind in ABROAD else ""
        areas = self._areas.get(caller.area, _NONE)
        return Traits(self._named(caller.number), areas, seen_kind, bool(caller.number))

    def _named(self, number: str) -> frozenset[int]:
        named = self._numbers.get(number, _NONE)
        for length in self._lengths:
            if found := self._prefixes.get(number[:length]) if length <= len(number) else None:
                named |= found
        return named

    def _classes(self) -> Iterator[CallerGroup]:
        known: set[Traits] = set()
        for caller in self._everyone():
            traits = self.of(caller)
            if traits not in known:
                known.add(traits)
                yield CallerGroup(traits, caller)

    def _everyone(self) -> Iterator[Caller]:
        """Callers among whom there is one of every class."""
        alike: set[tuple[frozenset[int], CallerClass, str]] = set()
        for number in self._numbers:
            read = read_number(number)
            key = (self._named(number), read.caller_class, read.area)
            if key not in alike:
                alike.add(key)
                yield from self._with(read.digits, read.caller_class, read.area)
        groups = self._area_groups()
        for prefix in ("", *self._prefixes):
            for codes in groups:
                for kind, number in self._numbering.of_area(prefix, codes):
                    yield from self._with(number, kind, read_number(number).area)
            for kind, number in self._numbering.of_no_area(prefix):
                yield from self._with(number, kind, "")
        yield Caller("", CallerClass.UNKNOWN)
        yield Caller("", CallerClass.VOIP)

    def _area_groups(self) -> list[list[str]]:
        """Area codes, those together that the same origins name; those that none names at last."""
        groups: dict[frozenset[int], list[str]] = defaultdict(list)
        for area, places in self._areas.items():
            groups[places].append(area)
        return [*groups.values(), self._numbering.unnamed_codes(self._areas)]

    def _with(self, number: str, kind: CallerClass, area: str) -> Iterator[Caller]:
        """A mobile may be at home anywhere, a landline may be of several classes."""
        if kind is CallerClass.MOBILE:
            for home in ("", *{places: code for code, places in self._areas.items()}.values()):
                yield Caller(number, kind, home)
        else:
            for one in LANDLINES if kind is CallerClass.FIXED else (kind,):
                yield Caller(number, one, area)

    def describe(self, some: Sequence[CallerGroup]) -> tuple[str, ...]:
        """Some classes in words, the fewest that say exactly them: who they are, or who they are not."""
        others = [who for who in self.classes if who not in some]
        these = self._listed(some, others)
        if not others:
            return ("all callers",)
        but = self._listed(others, some)
        # “other callers” says little by itself: better who is not meant, unless that is a long list
        most = max(len(these), MOST_NAMES) if any(who.traits == Traits() for who in some) else len(these) - 1
        return ("all callers but " + but[0], *but[1:]) if len(but) <= most else these

    def _listed(self, some: Sequence[CallerGroup], others: Sequence[CallerGroup]) -> tuple[str, ...]:
        """Each class by its words; those that a wider one's words mean already are left out."""
        said: list[str] = []
        for who in some:
            wider = [one for one in some if one is not who and who.traits.is_within(one.traits)]
            if not any(self._is_whole(one, others) for one in wider):
                said.append(self._words(who.traits, other=not self._is_whole(who, others)))
        return tuple(dict.fromkeys(said))

    def _is_whole(self, who: CallerGroup, others: Sequence[CallerGroup]) -> bool:
        """Whether every class that these words seem to mean is meant."""
        return not any(one.traits.is_within(who.traits) for one in others)

    def _words(self, traits: Traits, *, other: bool) -> str:
        names = [f"number {print_number(one)}" for one in self._numbers if self._named(one) == traits.named]
        names += [f"numbers beginning {one}" for one in self._prefixes if self._named(one) == traits.named]
        areas = [area for area, places in self._areas.items() if places == traits.areas]
        base = _shortened(names) if names else "callers"
        where = f" from {_shortened(areas)}" if areas else ""
        kind = " from abroad" if traits.kind == "abroad" else f" ({traits.kind})" if traits.kind else ""
        without = "" if traits.numbered else " without a number"
        return ("other " if other else "") + base + where + kind + without


def _shortened(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return " or ".join(names[:MOST_NAMES]) + (f" or {more} more" if more > 0 else "")
