"""Missed calls that are to be called back, and how each was closed (P4).

Rule: a missed call is one that the switch let in and that ended before it talked to any target. It is closed by a later
call of the same caller to the same number that did talk, or by hand with a note. The first is looked up in the records,
never written, so that it cannot disagree with them; the second is a row of its own.
"""

from collections.abc import Iterable
from typing import Any, Final

import attrs
from sqlalchemy import ColumnElement, Engine, Select, and_, func, insert, select
from sqlalchemy.exc import IntegrityError

from b2bua.base.errors import Conflict, NotFound
from b2bua.records.call_record import CallRecord
from b2bua.store.audit import AuditEntry, note
from b2bua.store.database import writing
from b2bua.store.query import Query, conditions, missed
from b2bua.store.rows import from_blob
from b2bua.store.schema import closings, records
from routing.ids import CallId

_later: Final = records.alias("later")


@attrs.frozen
class Closing:
    """How a missed call was closed, at `at_ms` (UTC epoch milliseconds).

    By hand: `who` did, with a `note`. By a `later` call: `who` is the target that the caller then talked to.
    """

    at_ms: int
    who: str
    note: str = ""
    later: str = ""


@attrs.frozen
class MissedCall:
    """A missed call; `closing` is None while it waits."""

    record: CallRecord
    closing: Closing | None


class MissedCalls:
    """The missed calls in one database. Every method blocks on the disk: call it from a thread of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, query: Query, *, waiting: bool = True) -> tuple[MissedCall, ...]:
        """Missed calls that match, newest first; those that still wait, or (`waiting` False) all."""
        statement = _with_closing(records.c.record).where(*conditions(query), missed())
        if waiting:
            statement = statement.where(closings.c.call_id.is_(None), _later.c.call_id.is_(None))
        statement = statement.order_by(records.c.accepted_ms.desc(), records.c.call_id.desc()).limit(query.limit)
        with self._engine.connect() as connection:
            return tuple(MissedCall(from_blob(blob), _closing(rest)) for blob, *rest in connection.execute(statement))

    def of(self, call_ids: Iterable[CallId]) -> dict[CallId, Closing | None]:
        """Which of these calls were missed, and how each was closed; None: it waits."""
        statement = _with_closing(records.c.call_id).where(records.c.call_id.in_(list(call_ids)), missed())
        with self._engine.connect() as connection:
            return {CallId(call_id): _closing(rest) for call_id, *rest in connection.execute(statement)}

    def close(self, call_id: CallId, who: str, text: str, at_ms: int) -> None:
        """Close a missed call by hand; written in the audit trail of its number.

        Raises NotFound if there is no such missed call, Conflict if it is closed already.
        """
        with writing(self._engine) as connection:
            row = connection.execute(
                _with_closing(records.c.number).where(records.c.call_id == call_id, missed())
            ).one_or_none()
            if row is None:
                raise NotFound(f"{call_id} is no missed call; `switch400 cdr show {call_id}` tells how it went")
            number, *rest = row
            if (closing := _closing(rest)) is not None:
                raise Conflict(f"{call_id} is closed already: {_how_closed(closing)}")
            try:
                connection.execute(insert(closings).values(call_id=call_id, at_ms=at_ms, who=who, note=text))
            except IntegrityError as error:
                raise Conflict(f"{call_id} was closed by another in this moment") from error
            note(connection, AuditEntry(at_ms, who, "missed.close", number, {"call_id": call_id, "note": text}))


# Any: SQLAlchemy Core gives the columns of a table no types, so neither the columns here nor the row has one.
def _with_closing(*columns: ColumnElement[Any]) -> Select[Any]:
    """These columns of records, and of what closed each."""
    again = records.alias()
    talked_later = (
        select(again.c.call_id)
        .where(again.c.caller == records.c.caller, again.c.accepted_ms > records.c.accepted_ms)
        # A function keeps the database from walking all later calls to the number: a caller has few.
        .where(func.coalesce(again.c.number, "") == records.c.number, again.c.target != "")
        .order_by(again.c.accepted_ms)
        .limit(1)
        .scalar_subquery()
        .correlate(records)
    )
    # Callers who withhold their number cannot be told apart.
    by_call = and_(records.c.caller != "", _later.c.call_id == talked_later)
    return (
        select(*columns, closings.c.at_ms, closings.c.who, closings.c.note)
        .add_columns(_later.c.accepted_ms, _later.c.target, _later.c.call_id)
        .outerjoin_from(records, closings, closings.c.call_id == records.c.call_id)
        .outerjoin(_later, by_call)
    )


def _closing(columns: Iterable[Any]) -> Closing | None:
    at_ms, who, text, later_ms, target, later = columns
    if at_ms is not None:
        return Closing(at_ms, who, text)
    return None if later is None else Closing(later_ms, target, later=later)


def _how_closed(closing: Closing) -> str:
    if closing.later:
        return f"the caller talked to {closing.who} in {closing.later}"
    return f"by {closing.who}: {closing.note}"
