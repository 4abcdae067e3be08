"""Calls counted by something (P2): by hour and day, by area, cause and target.

Rule: the database counts, reading only the period's part of the index by time; hours and days are those of
Asia/Shanghai.
"""

from datetime import datetime, timedelta, timezone
from typing import Final

import attrs
from sqlalchemy import ColumnElement, Engine, case, func, select

from b2bua.store.schema import records
from routing.ids import Number400

_SHANGHAI: Final = timezone(timedelta(hours=8))
_OFFSET_MS: Final = 8 * 3_600_000
_SPANS_MS: Final = {"hour": 3_600_000, "day": 86_400_000}
_COLUMNS: Final = {"area": "area", "cause": "slug", "target": "target"}
BY: Final = (*_SPANS_MS, *_COLUMNS)


@attrs.frozen
class Count:
    """The calls of one hour (`MM-DD HH:00`), day (`MM-DD`), area code, cause or target; `key` is empty for none."""

    key: str
    calls: int
    answered: int
    busy: int
    no_answer: int
    talk_ms: int


def calls_by(engine: Engine, by: str, number: Number400 | None, from_ms: int, to_ms: int) -> tuple[Count, ...]:
    """Calls accepted in `[from_ms, to_ms)`, to one number or all; times in their order, others by most calls.

    Raises ValueError if `by` is none of `BY`.
    """
    key: ColumnElement[int] | ColumnElement[str]
    if by in _SPANS_MS:
        span = _SPANS_MS[by]
        shifted = records.c.accepted_ms + _OFFSET_MS
        key = shifted - shifted % span
    elif by in _COLUMNS:
        key = func.coalesce(records.c[_COLUMNS[by]], "")
    else:
        raise ValueError(f"calls are counted by {', '.join(BY)}, not by {by!r}")
    calls = func.count()
    statement = select(
        key,
        calls,
        func.count(records.c.answered_ms),
        func.sum(case((records.c.slug == "busy", 1), else_=0)),
        func.sum(case((records.c.slug == "no-answer", 1), else_=0)),
        func.sum(records.c.talk_ms),
    ).where(records.c.accepted_ms >= from_ms, records.c.accepted_ms < to_ms)
    if number is not None:
        statement = statement.where(records.c.number == number)
    order = key if by in _SPANS_MS else calls.desc()
    with engine.connect() as connection:
        rows = connection.execute(statement.group_by(key).order_by(order)).all()
    return tuple(Count(_shown(by, first), *rest) for first, *rest in rows)


def _shown(by: str, key: int | str) -> str:
    if isinstance(key, str):
        return key
    at = datetime.fromtimestamp((key - _OFFSET_MS) / 1000, _SHANGHAI)
    return f"{at:%m-%d %H:00}" if by == "hour" else f"{at:%m-%d}"
