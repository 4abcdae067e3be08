"""Searches the store for calls and missed calls, and closes a missed call (P1, P4).

Rule: a row has the fields of a live call's row, and those that are known only after its end. Closing a call that is
closed already is refused, so that two people do not call the same caller.
"""

from collections.abc import Iterable

import attrs

from b2bua.api.dispatch import Asker, implements, in_thread
from b2bua.api.requests.missed import CloseMissed, ListMissed, MissedClosed, MissedListed
from b2bua.api.requests.records import CallSearch, CallsFound, FindRecords, FoundCall
from b2bua.base.clock import now_ms
from b2bua.console.rows import Level
from b2bua.monitoring.feed_publisher import FeedPublisher, row_of
from b2bua.records.call_record import CallRecord
from b2bua.store.missed import Closing
from b2bua.store.query import Query, caller_pattern
from b2bua.store.store import Store
from routing.ids import CallId


class RecordOperations:
    """Operations on the records of calls."""

    def __init__(self, store: Store, publisher: FeedPublisher) -> None:
        self._store = store
        self._publisher = publisher

    @implements
    async def find(self, request: FindRecords, _: Asker) -> CallsFound:
        """One more than requested is searched for, to know whether there are more."""
        query = _query(request, missed=request.missed)

        def find() -> list[FoundCall]:
            found = list(self._store.records.find(query))
            closings = self._store.missed.of(CallId(each.call_id) for each in found)
            return list(_rows(found, closings))

        rows = await in_thread(find)
        return CallsFound(tuple(rows[: request.most]), more=len(rows) > request.most)

    @implements
    async def list_missed(self, request: ListMissed, _: Asker) -> MissedListed:
        """Those that wait to be called back, or all."""
        query = _query(request)
        found = await in_thread(lambda: self._store.missed.find(query, waiting=not request.all))
        rows = tuple(_row(each.record, missed=True, closing=each.closing) for each in found)
        return MissedListed(rows[: request.most], more=len(rows) > request.most)

    @implements
    async def close_missed(self, request: CloseMissed, asker: Asker) -> MissedClosed:
        """Audited in the transaction that closes it."""
        await in_thread(lambda: self._store.missed.close(request.call_id, asker.name, request.note, now_ms()))
        self._publisher.log(Level.NOTE, "missed-closed", request.note, call_id=request.call_id, who=asker.name)
        return MissedClosed()


def _query(search: CallSearch, *, missed: bool = False) -> Query:
    return Query(
        number=search.number or "",
        caller=caller_pattern(search.caller),
        target=search.target,
        slug=search.cause,
        blame=search.blame,
        plan_hash=search.plan_hash,
        since_ms=search.from_ms,
        until_ms=search.to_ms,
        missed=missed,
        limit=search.most + 1,
    )


def _rows(found: Iterable[CallRecord], closings: dict[CallId, Closing | None]) -> Iterable[FoundCall]:
    for record in found:
        call_id = CallId(record.call_id)
        yield _row(record, missed=call_id in closings, closing=closings.get(call_id))


def _row(record: CallRecord, *, missed: bool, closing: Closing | None) -> FoundCall:
    return FoundCall(
        **attrs.asdict(row_of(record), recurse=False),
        call_id=CallId(record.call_id),
        talk_ms=record.talk_ms,
        hung_up_by=record.hung_up_by or "",
        missed=missed,
        closed=closing.who if closing else "",
        closed_ms=closing.at_ms if closing else None,
        closed_note=closing.note if closing else "",
        closed_call=closing.later if closing else "",
    )
