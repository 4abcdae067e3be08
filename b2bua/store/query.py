"""A search of the records as one value, and its translation to SQL.

Rule: a record matches if every condition that is given holds.
"""

from typing import Final

import attrs
from sqlalchemy import ColumnElement, Select, and_, select

from b2bua.records.call_record import CallState
from b2bua.store.schema import records
from routing.cause import AREA_REFUSED, NOT_ALLOWED, WRONG_PASSWORD, Blame
from routing.number import read_number

_REFUSED_BY_PLAN: Final = tuple(cause.slug for cause in (NOT_ALLOWED, AREA_REFUSED, WRONG_PASSWORD))
"""Release causes of callers whom the plan refused: nobody is to call them back."""


@attrs.frozen
class Query:
    """A search of records; texts that are empty and values that are None do not restrict.

    Numbers are canonical. `caller` may end in `*`: all callers that begin so. The period is `[since_ms,
    until_ms)` by time of acceptance. `answered`: by the caller's side of the call, yes or no. `up`: the call
    has not ended. `missed`: only calls to call back (`missed`). `limit` is the most records returned (≥ 1), None for
    all.
    """

    number: str = ""
    caller: str = ""
    target: str = ""
    trunk: str = ""
    area: str = ""
    slug: str = ""
    blame: Blame | None = None
    state: CallState | None = None
    plan_hash: str = ""
    since_ms: int | None = None
    until_ms: int | None = None
    answered: bool | None = None
    up: bool | None = None
    missed: bool = False
    limit: int | None = 100


def caller_pattern(text: str) -> str:
    """A caller in canonical form; the beginning of one (`138*`) without what people put between digits."""
    if text.endswith("*"):
        return text.translate(str.maketrans("", "", " -()"))
    return read_number(text).digits or text if text else ""


def select_blobs(query: Query) -> Select[bytes]:
    """The records that match, newest first."""
    statement = select(records.c.record).where(*conditions(query))
    statement = statement.order_by(records.c.accepted_ms.desc(), records.c.call_id.desc())
    return statement if query.limit is None else statement.limit(query.limit)


def missed() -> ColumnElement[bool]:
    """A call that the switch let in and that ended before it talked to any target (P4)."""
    return and_(records.c.ended_ms.is_not(None), records.c.target == "", records.c.slug.not_in(_REFUSED_BY_PLAN))


def conditions(query: Query) -> list[ColumnElement[bool]]:
    """What a row of `records` must meet to match."""
    column = records.c
    found: list[ColumnElement[bool]] = [
        column[name] == wanted
        for name in ("number", "target", "trunk", "area", "slug", "plan_hash")
        if (wanted := getattr(query, name))
    ]
    if query.caller:
        found += _caller(query.caller)
    if query.blame is not None:
        found.append(column.blame == query.blame.value)
    if query.state is not None:
        found.append(column.state == query.state.value)
    if query.since_ms is not None:
        found.append(column.accepted_ms >= query.since_ms)
    if query.until_ms is not None:
        found.append(column.accepted_ms < query.until_ms)
    found += _presence(column.answered_ms, query.answered)
    found += _presence(column.ended_ms, None if query.up is None else not query.up)
    if query.missed:
        found.append(missed())
    return found


def _caller(wanted: str) -> list[ColumnElement[bool]]:
    if not wanted.endswith("*"):
        return [records.c.caller == wanted]
    first = wanted[:-1]
    if not first:
        return []
    # A range, not LIKE: it uses the index in every database.
    return [records.c.caller >= first, records.c.caller < first[:-1] + chr(ord(first[-1]) + 1)]


def _presence(column: ColumnElement[int], wanted: bool | None) -> list[ColumnElement[bool]]:
    if wanted is None:
        return []
    return [column.is_not(None) if wanted else column.is_(None)]
