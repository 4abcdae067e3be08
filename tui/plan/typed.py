"""How a value of a document is written in a line of a form, and read from what was typed (pure).

Rule: what is shown can be typed again. Punctuation and words of either language are understood.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from tui.i18n import slug_of, tr
from tui.plan.toml_edit import Document, EditFault, Value


class Kind(StrEnum):
    """How a field is written in a form."""

    TEXT = "text"
    WHOLE = "whole"
    YES_NO = "yes-no"
    LIST = "list"
    """`a; b; c`"""
    WINDOWS = "windows"
    """`Mon,Tue 08:30-17:30; work`: commas are part of a window."""
    WAYS = "ways"
    """`1 = sales; 2 = desk`: a table of names."""
    SHARES = "shares"
    """`sales 37; desk 63`: the branches of a Distribution."""
    TIMES = "times"
    """`Mon-Fri 08:30-17:30 -> desk; Sat 12:00-18:00 -> mobile`: the branches of a Compare (time)."""
    AREAS = "areas"
    """`021 & 0512 -> desk; vip -> mobile`: the branches of a Compare (origin), by area, leading digits and list."""


_ARROW: Final = "->"
_AND: Final = " & "
_MARKS: Final = str.maketrans(
    {"；": ";", "＝": "=", "％": "%", "＆": "&", "→": _ARROW, "，": ",", "、": ",", "：": ":"}
)
_SHARE: Final = re.compile(r"(\S+?)[\s=:]+(\d+)\s*%?")
_SHARE_FIRST: Final = re.compile(r"(\d+)(?:\s*%\s*|\s+|\s*(?:->|=)\s*)(?:to\s+|->\s*|=\s*)?(\S+)")
_AREA: Final = re.compile(r"010|02\d|0[3-9]\d\d")
_ORIGINS: Final = ("areas", "prefixes", "lists")
"""What a branch by origin can be written by in a form; `numbers` and `classes` stay in the text."""
_WHOLE: Final = 100


def shown(value: Value, kind: Kind) -> str:
    """This value as a line of a form."""
    match kind:
        case Kind.LIST | Kind.WINDOWS:
            return "; ".join(_all(value))
        case Kind.WAYS if isinstance(value, dict):
            return "; ".join(f"{key} = {then}" for key, then in value.items())
        case Kind.SHARES if _tables(value):
            return "; ".join(f"{branch.get('then')} {branch.get('percent')}" for branch in value)
        case Kind.TIMES if _tables(value):
            return "; ".join(f"{_AND.join(_all(one.get('when', [])))} {_ARROW} {one.get('then')}" for one in value)
        case Kind.AREAS if _tables(value):
            return "; ".join(f"{_AND.join(_origins(one))} {_ARROW} {one.get('then')}" for one in value)
        case Kind.YES_NO if isinstance(value, bool):
            return tr("plan.yes" if value else "plan.no")
    return str(value)


def by_form(branches: Value) -> bool:
    """Whether branches by origin name nothing but what a form can show."""
    return _tables(branches) and all(set(branch) <= {*_ORIGINS, "then"} for branch in branches)


def value_of(kind: Kind, typed: str) -> Value:
    """What was typed as a value of the document; None for nothing. Raises EditFault."""
    typed = typed.strip()
    read = _READ.get(kind)
    if not typed or read is None:
        return typed or None
    return read(typed.translate(_MARKS))


def then_of(value: Value, kind: Kind) -> list[str]:
    """The names that a value of this kind leads to."""
    match kind:
        case Kind.WAYS:
            return [str(then) for then in value.values()]
        case Kind.SHARES | Kind.TIMES | Kind.AREAS:
            return [str(branch["then"]) for branch in value]
    return list(value) if isinstance(value, list) else [str(value)]


def _tables(value: Value) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _all(value: Value) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _origins(branch: Document) -> list[str]:
    return [one for key in _ORIGINS for one in _all(branch.get(key, []))]


def _whole(typed: str) -> int:
    if not typed.isascii() or not typed.isdigit():
        raise EditFault(tr("edit.whole", typed=typed))
    return int(typed)


def _yes_no(typed: str) -> bool:
    word = slug_of("plan", typed, ("yes", "no"))
    if word is None:
        raise EditFault(tr("edit.yes_no", typed=typed))
    return word == "yes"


def _parts(typed: str, breaks: str = ";") -> list[str]:
    return [part.strip() for part in re.split(f"[{breaks}]", typed) if part.strip()]


def _list(typed: str) -> list[str]:
    return _parts(typed, ";,")


def _key_table(typed: str) -> dict[str, str]:
    table = {}
    for part in _parts(typed, ";,"):
        key, mark, then = part.replace(_ARROW, "=").partition("=")
        if not mark or not key.strip() or not then.strip():
            raise EditFault(tr("edit.ways", typed=part))
        table[key.strip()] = then.strip()
    return table


def _shares(typed: str) -> list[Document]:
    shares: list[tuple[int, str]] = []
    for part in _parts(typed, ";,"):
        last, first = _SHARE.fullmatch(part), _SHARE_FIRST.fullmatch(part)
        if last is not None:
            shares.append((int(last[2]), last[1]))
        elif first is not None:
            shares.append((int(first[1]), first[2]))
        else:
            raise EditFault(tr("edit.shares", typed=part))
    whole = sum(percent for percent, _ in shares)
    if whole != _WHOLE or not all(percent for percent, _ in shares):
        raise EditFault(tr("edit.hundred", whole=whole))
    return [{"percent": percent, "then": then} for percent, then in shares]


def _branches_to(typed: str, between: str) -> list[tuple[list[str], str]]:
    """`a & b -> c; d -> e` as what each branch is taken for and where it leads."""
    branches = []
    for part in _parts(typed):
        when, mark, then = part.rpartition(_ARROW)
        taken = _parts(when, between)
        if not mark or not taken or not then.strip():
            raise EditFault(tr("edit.led", typed=part))
        branches.append((taken, then.strip()))
    return branches


def _times(typed: str) -> list[Document]:
    return [{"when": when if len(when) > 1 else when[0], "then": then} for when, then in _branches_to(typed, "&")]


def _areas(typed: str) -> list[Document]:
    branches = []
    for taken, then in _branches_to(typed, "&,"):
        branch: Document = {}
        for one in taken:
            digits = one.replace(" ", "").replace("-", "").removeprefix("+").isdigit()
            key = "areas" if _AREA.fullmatch(one) else "prefixes" if digits else "lists"
            branch.setdefault(key, []).append(one)
        branches.append({**branch, "then": then})
    return branches


_READ: Final[dict[Kind, Callable[[str], Value]]] = {
    Kind.WHOLE: _whole,
    Kind.YES_NO: _yes_no,
    Kind.LIST: _list,
    Kind.WINDOWS: _parts,
    Kind.WAYS: _key_table,
    Kind.SHARES: _shares,
    Kind.TIMES: _times,
    Kind.AREAS: _areas,
}
