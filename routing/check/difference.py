"""Where two versions of a plan differ: when, for whom, what it was and what it is now.

Rule: exact. A moment and a caller are listed if, and only if, some call then can be decided differently.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import attrs

from routing.check.classes import Instant, Who, callers, instants, windows_of
from routing.check.outline import outline, tell
from routing.plan import Plan


@attrs.frozen
class Change:
    """On these days, from one minute to another, these callers: what was done with them, and what is now."""

    days: str
    from_min: int
    to_min: int
    who: tuple[str, ...]
    was: str
    now: str

    def __str__(self) -> str:
        begin, end = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in (self.from_min, self.to_min))
        return f"{self.days} {begin}–{end}, {', '.join(self.who)}: was {self.was}, now {self.now}"


Entry = tuple[str, str, tuple[str, ...]]
"""What was, what is, and for whom."""


def _vector(plan: Plan, at: Instant) -> tuple[bool, ...]:
    """Which windows of a plan hold at an instant: all that time means to it."""
    moment = at.moment(plan)
    return tuple(window.holds(moment) for window in windows_of((plan,)))


def _entries(old: Plan, new: Plan, everyone: Sequence[Who], at: Instant) -> tuple[Entry, ...]:
    """What changes at an instant, callers with the same change together."""
    before, after = at.moment(old), at.moment(new)
    found: dict[tuple[str, str], list[str]] = {}
    for who in everyone:
        if outline(old, who.caller, before) != outline(new, who.caller, after):
            was, now = tell(old, who.caller, before), tell(new, who.caller, after)
            change = (was, now) if was != now else (was, f"{now}, with a change further on or in its settings")
            found.setdefault(change, []).append(who.label)
    return tuple((was, now, _people(everyone, labels)) for (was, now), labels in found.items())


def _people(everyone: Sequence[Who], labels: Sequence[str]) -> tuple[str, ...]:
    """Some callers by the shorter way to name them: who they are, or who they are not."""
    others = tuple(dict.fromkeys(who.label for who in everyone if who.label not in labels))
    if not others:
        return ("all callers",)
    these = tuple(dict.fromkeys(labels))
    return these if len(these) <= len(others) else ("all callers but " + others[0], *others[1:])


def difference(old: Plan, new: Plan) -> tuple[Change, ...]:
    """Every change from one version to another, in the order of the week, then of dates; empty if there is none."""
    everyone = callers((old, new))
    known: dict[tuple[bool, ...], tuple[Entry, ...]] = {}
    days: dict[str, Stretches] = {}
    ordinary: dict[str, str] = {}
    for at in instants((old, new)):
        vector = (*_vector(old, at), *_vector(new, at))
        if vector not in known:
            known[vector] = _entries(old, new, everyone, at)
        ordinary[at.label] = at.like
        stretches = days.setdefault(at.label, [])
        if stretches and stretches[-1][2] == known[vector]:
            stretches[-1] = (stretches[-1][0], at.to_min, known[vector])
        else:
            stretches.append((at.from_min, at.to_min, known[vector]))
    own = {label: told for label, told in days.items() if label == ordinary[label] or told != days[ordinary[label]]}
    return tuple(
        Change(label, begin, end, who, was, now)
        for label, stretches in _runs(own)
        for begin, end, entries in stretches
        for was, now, who in entries
    )


Stretches = list[tuple[int, int, tuple[Entry, ...]]]


def _runs(days: dict[str, Stretches]) -> Iterator[tuple[str, Stretches]]:
    """Days one after another that are alike, under one label."""
    for _, alike in groupby(days.items(), key=lambda one: one[1]):
        labels, stretches = zip(*alike, strict=True)
        yield labels[0] if len(labels) == 1 else f"{labels[0]} to {labels[-1]}", stretches[0]
