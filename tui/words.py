"""Cells for the daemon's slugs and numbers, in the operator's language, each with its tone.

Rule: what a colour means is also shown by a word or a mark.
"""

from collections.abc import Sequence

from tui.i18n import tr, tr_slug
from tui.table_view import Cell

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
    return Cell(f"{_MARKS.get(slug, '?')} {tr_slug('state', slug)}", _STATES.get(slug, "bad"))


def cause(slug: str, blame: str) -> Cell:
    """A release cause, coloured by its class of blame."""
    return Cell(tr_slug("cause", slug) if slug else "", _BLAMES.get(blame, "plain"))


def blame(slug: str) -> Cell:
    """A class of blame."""
    return Cell(tr_slug("blame", slug) if slug else "", _BLAMES.get(slug, "plain"))


def level(slug: str) -> str:
    """The tone of a level."""
    return _LEVELS.get(slug, "plain")


def service(up: bool | None, slug: str) -> Cell:
    """Whether a trunk or gateway answers, and whether it is in service."""
    if slug != "in":
        return Cell(tr_slug("service", slug), "busy")
    if up is None:
        return Cell(tr("service.unknown"), "dim")
    return Cell(tr("service.up"), "good") if up else Cell(tr("service.down"), "bad")


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


def pairs(counts: dict[str, int], section: str) -> str:
    """`忙 3 · 无应答 2`: counts by slug, most first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return " · ".join(f"{tr_slug(section, slug)} {count}" for slug, count in ordered)
