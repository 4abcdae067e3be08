"""Call records on disk (P1).

Rule: of all versions of a record that were ever put, in whatever order and however often, the one with the highest
`seq` is kept. The end that `close_lost` presumes is replaced by a version of the same or a higher `seq` from the call's
own process.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

import attrs
from sqlalchemy import Engine, and_, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from b2bua.records.call_record import CallRecord, Ending, Party
from b2bua.records.closing import close
from b2bua.store.database import ReusedConnection, writing
from b2bua.store.query import Query, select_blobs
from b2bua.store.rows import from_blob, to_row
from b2bua.store.schema import records
from routing.cause import REFUSED
from routing.ids import CallId, Number400

_ROWS_AT_ONCE: Final = 500
_ALWAYS: Final = frozenset(("call_id", "number", "caller", "trunk", "accepted_ms"))
"""What no later version of a record changes: not written again, so that their indexes need no update."""


@attrs.frozen
class OpenCall:
    """A record without an end, and when its call was last known to live (UTC epoch milliseconds)."""

    record: CallRecord
    last_seen_ms: int


@attrs.frozen
class CallTimes:
    """When a call was accepted, answered and ended (UTC epoch milliseconds), and its release cause; None: not (yet)."""

    accepted_ms: int
    answered_ms: int | None
    ended_ms: int | None
    slug: str | None


class Records:
    """The records in one database. Every method blocks on the disk: call it from a thread of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._upsert = _upsert(engine)

    def put(self, batch: Sequence[CallRecord], connection: ReusedConnection | None = None) -> None:
        """Store these records in one transaction: all on disk when it returns, none if it raises.

        `connection` is that of a task that puts often.

        Raises SQLAlchemy's or the driver's errors for a database that cannot be written now; ValueError,
        TypeError or OverflowError for a record that no row can hold.
        """
        rows = [to_row(record) for record in _newest(batch)]
        if rows:
            with connection.writing() if connection else writing(self._engine) as transaction:
                transaction.exec_driver_sql(self._upsert, rows)

    def reused_connection(self) -> ReusedConnection:
        """A connection for a task that puts often, which must close it."""
        return ReusedConnection(self._engine)

    def get(self, call_id: CallId) -> CallRecord | None:
        """The record of one call, None if there is none."""
        with self._engine.connect() as connection:
            blob = connection.scalar(select(records.c.record).where(records.c.call_id == call_id))
        return None if blob is None else from_blob(blob)

    def find(self, query: Query) -> Iterator[CallRecord]:
        """The records that match, newest first, read as they are asked for.

        The connection is given back when the iterator ends or is closed.
        """
        with self._engine.connect() as connection:
            rows = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(select_blobs(query))
            for (blob,) in rows:
                yield from_blob(blob)

    def calls_since(self, since_ms: int) -> dict[Number400, int]:
        """How many calls to each number since then (UTC epoch milliseconds) its plan has not refused (O6)."""
        counted = select(records.c.number, func.count()).where(
            records.c.accepted_ms >= since_ms, or_(records.c.slug.is_(None), records.c.slug.not_in(REFUSED))
        )
        with self._engine.connect() as connection:
            rows = connection.execute(counted.group_by(records.c.number))
            return {Number400(number): calls for number, calls in rows}

    def tally_since(self, since_ms: int) -> dict[Number400, tuple[int, int]]:
        """How many calls came to each number since then (UTC epoch milliseconds), and how many were answered."""
        tally = select(records.c.number, func.count(), func.count(records.c.answered_ms))
        statement = tally.where(records.c.accepted_ms >= since_ms).group_by(records.c.number)
        with self._engine.connect() as connection:
            return {Number400(number): (calls, answered) for number, calls, answered in connection.execute(statement)}

    def call_times_since(self, since_ms: int) -> list[CallTimes]:
        """The calls accepted since then (UTC epoch milliseconds); reads that part of the index once."""
        columns = (records.c.accepted_ms, records.c.answered_ms, records.c.ended_ms, records.c.slug)
        with self._engine.connect() as connection:
            rows = connection.execute(select(*columns).where(records.c.accepted_ms >= since_ms))
            return [CallTimes(*row) for row in rows]

    def open_calls(self) -> tuple[OpenCall, ...]:
        """Every call without an end, oldest first."""
        statement = select(records.c.record, records.c.last_seen_ms).where(records.c.ended_ms.is_(None))
        with self._engine.connect() as connection:
            rows = connection.execute(statement.order_by(records.c.accepted_ms)).all()
        return tuple(OpenCall(from_blob(blob), last_seen_ms) for blob, last_seen_ms in rows)

    def refresh(self, call_ids: Collection[CallId], now_ms: int) -> None:
        """Note that these calls were up at `now_ms` (UTC epoch milliseconds); calls that have ended are not changed."""
        if not call_ids:
            return
        with writing(self._engine) as connection:
            for some in _parts(call_ids):
                connection.execute(
                    update(records)
                    .where(records.c.call_id.in_(some), records.c.ended_ms.is_(None))
                    .where(records.c.last_seen_ms < now_ms)
                    .values(last_seen_ms=now_ms)
                )

    def close_lost(self, call_id: CallId, at_ms: int, ending: Ending) -> CallRecord | None:
        """End a call that no process claims (`b2bua.records.closing`); `at_ms` is its last sign of life (UTC epoch).

        Returns the record as it stands now; None if there is none that is open.
        """
        with writing(self._engine) as connection:
            is_open = and_(records.c.call_id == call_id, records.c.ended_ms.is_(None))
            blob = connection.scalar(select(records.c.record).where(is_open).with_for_update())
            if blob is None:
                return None
            closed = close(from_blob(blob), ending, Party.SWITCH, at_ms)
            row = to_row(closed, presumed=True)
            connection.execute(update(records).where(is_open).values(row))
        return closed


def _upsert(engine: Engine) -> str:
    """The statement that inserts a record or replaces an older version; the same on both databases.

    As text: to build it anew for every record would cost more than to write the record.
    """
    postgres = engine.dialect.name == "postgresql"
    statement = postgresql.insert(records) if postgres else sqlite.insert(records)
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=[records.c.call_id],
        set_={column.name: new[column.name] for column in records.c if column.name not in _ALWAYS},
        where=or_(
            new.seq > records.c.seq,
            and_(new.seq == records.c.seq, records.c.presumed),
        ),
    )
    dialect = engine.dialect if postgres else sqlite.dialect(paramstyle="named")
    return str(statement.compile(dialect=dialect))


def _newest(batch: Iterable[CallRecord]) -> Iterator[CallRecord]:
    latest: dict[str, CallRecord] = {}
    for record in batch:
        known = latest.get(record.call_id)
        if known is None or record.seq > known.seq:
            latest[record.call_id] = record
    # In one order always, so that two writers cannot wait for each other's rows.
    return (latest[call_id] for call_id in sorted(latest))


def _parts(call_ids: Collection[CallId]) -> Iterator[list[CallId]]:
    every = sorted(call_ids)
    for start in range(0, len(every), _ROWS_AT_ONCE):
        yield every[start : start + _ROWS_AT_ONCE]
