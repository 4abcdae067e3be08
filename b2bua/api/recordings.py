"""Lists recorded calls (M5).

Rule: the files on disk are read for each request, in a thread.
"""

from b2bua.api.dispatch import Asker, implements, in_thread
from b2bua.api.requests.recordings import ListRecordings, RecordedCall, RecordingsListed
from b2bua.jobs.retention import Terms
from b2bua.media.recordings import Recordings
from b2bua.store.store import Store
from routing.ids import Number400
from routing.number import print_400, print_address


class RecordingOperations:
    """Operations on recordings."""

    def __init__(self, store: Store, recordings: Recordings) -> None:
        self._store = store
        self._recordings = recordings

    @implements
    async def list_recordings(self, request: ListRecordings, _: Asker) -> RecordingsListed:
        """One more than requested is read, to know whether there are more."""
        rows = await in_thread(lambda: self._search(request))
        return RecordingsListed(tuple(rows[: request.most]), more=len(rows) > request.most)

    def _search(self, request: ListRecordings) -> list[RecordedCall]:
        terms = Terms(self._store.plans)
        rows: list[RecordedCall] = []
        for recording in reversed(tuple(self._recordings.every())):
            record = self._store.records.get(recording.call_id)
            if request.number and (record is None or record.number != request.number):
                continue
            rows.append(
                RecordedCall(
                    call_id=recording.call_id,
                    number=print_400(Number400(record.number)) if record else "",
                    caller=print_address(record.caller) if record else "",
                    target=record.target if record else "",
                    arrived_ms=recording.arrived_ms,
                    length_s=round(recording.length_s, 1),
                    kept_until_ms=terms.until_ms(recording, record),
                    sealed=recording.is_sealed,
                    live=record is not None and record.ended_ms is None,
                )
            )
            if len(rows) > request.most:
                break
        return rows
