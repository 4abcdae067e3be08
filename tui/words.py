"""The daemon's slugs and numbers as an operator reads them, each with its tone.

Rule: tone never stands alone: whatever a colour says, a word or a mark says too.
"""

from collections.abc import Sequence
from typing import Any

from tui.arrange import Cell
from tui.i18n import say, say_slug

_STATES = {
    "routing": "dim",
    "hearing": "busy",
    "calling": "busy",
    "ringing": "busy",
    "talking": "good",
    "ending": "dim",
    "ended": "dim",
}
_MARKS = {"routing": "·", "hearing": "♪", "calling": "·", "ringing": "◦", "talking": "•", "ending": "×", "ended": "×"}
_BLAMES = {"success": "good", "client": "plain", "upstream": "busy", "server": "bad", "unknown": "bad"}
_LEVELS = {"note": "plain", "warning": "busy", "alarm": "bad"}
_BARS = " ▁▂▃▄▅▆▇█"


def state(slug: str) -> Cell:
    """A call's state, with a mark."""
    return Cell(f"{_MARKS.get(slug, '?')} {say_slug('state', slug)}", _STATES.get(slug, "bad"))


def cause(slug: str, blame: str) -> Cell:
    """Why something ended, coloured by whose doing it was."""
    return Cell(say_slug("cause", slug) if slug else "", _BLAMES.get(blame, "plain"))


def blame(slug: str) -> Cell:
    """Whose doing it was."""
    return Cell(say_slug("blame", slug) if slug else "", _BLAMES.get(slug, "plain"))


def level(slug: str) -> str:
    """The tone of a level."""
    return _LEVELS.get(slug, "plain")


def service(up: bool | None, slug: str) -> Cell:
    """Whether a neighbour answers and is given calls."""
    if slug != "in":
        return Cell(say_slug("service", slug), "busy")
    if up is None:
        return Cell(say("service.unknown"), "dim")
    return Cell(say("service.up"), "good") if up else Cell(say("service.down"), "bad")


def share(part: float | None) -> str:
    """A share in per cent."""
    return "–" if part is None else f"{part:.0f}%"


def of_total(used: int, total: int) -> str:
    """`12/30`, or `12` where there is no limit."""
    return f"{used}/{total}" if total else f"{used}"


def sparkline(values: Sequence[int], columns: int) -> str:
    """The last values as bars, one column each."""
    last = list(values)[-columns:]
    top = max(last, default=0)
    return "".join(_BARS[-(-value * 8 // top)] if top else _BARS[0] for value in last).rjust(columns)


def pairs(counts: dict[str, Any], section: str) -> str:
    """`忙 3 · 无应答 2`: counts by slug, most first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return " · ".join(f"{say_slug(section, slug)} {count}" for slug, count in ordered)
