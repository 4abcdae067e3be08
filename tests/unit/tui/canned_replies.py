"""What is over, for the tests' switch: canned replies about records, reports, the audit trail, messages, recordings."""

import attrs

from b2bua.api.dispatch import Asker, implements
from b2bua.api.requests.audit import AuditFound, AuditStep, FindAudit
from b2bua.api.requests.missed import CloseMissed, ListMissed, MissedClosed, MissedListed
from b2bua.api.requests.operation import AnOperation
from b2bua.api.requests.recordings import ListRecordings, RecordedCall, RecordingsListed
from b2bua.api.requests.records import CallsFound, FindRecords, FoundCall
from b2bua.api.requests.reports import CallCount, CallsCounted, CountBy, CountCalls
from b2bua.api.requests.voicemail import (
    DeleteMessages,
    ListMessages,
    MarkMessages,
    Message,
    MessagesDeleted,
    MessagesListed,
    MessagesMarked,
)
from routing.ids import CallId

_KEYS = {
    CountBy.HOUR: [f"{hour:02d}" for hour in range(8, 18)],
    CountBy.CAUSE: ["normal", "busy", "no-answer"],
}


@attrs.define
class CannedReplies:
    """So many calls that are over, every third of them missed; without any, nothing was ever counted or changed."""

    now_ms: int
    calls: int = 10
    closed: dict[CallId, tuple[str, str]] = attrs.field(factory=dict)
    asked: list[AnOperation] = attrs.field(factory=list)
    heard: dict[CallId, str] = attrs.field(factory=dict)
    deleted: list[CallId] = attrs.field(factory=list)

    def _row(self, n: int) -> FoundCall:
        missed = n % 3 == 0
        accepted_ms = self.now_ms - 3_600_000 * n
        call_id = CallId(f"r{n:03d}")
        by, note = self.closed.get(call_id, ("", ""))
        return FoundCall(
            state="ended", caller=f"021-1234 56{n:02d}", place="上海", number="400-600-1234", trunk="telecom",
            accepted_ms=accepted_ms, target="desk", address="010-6552 1234", attempt=1 + n % 2,
            answered_ms=None if missed else accepted_ms + 4_000, ended_ms=accepted_ms + 64_000,
            ending="no-answer" if missed else "normal", blame="upstream" if missed else "success",
            call_id=call_id, talk_ms=0 if missed else 60_000, hung_up_by="caller", missed=missed,
            closed=by, closed_ms=self.now_ms if by else None, closed_note=note,
        )  # fmt: skip

    @implements
    async def find(self, request: FindRecords, _: Asker) -> CallsFound:
        """By a part of the caller's number."""
        self.asked.append(request)
        rows = (self._row(n) for n in range(self.calls))
        return CallsFound(tuple(row for row in rows if request.caller in row.caller), more=False)

    @implements
    async def list_missed(self, request: ListMissed, _: Asker) -> MissedListed:
        """Those that wait."""
        self.asked.append(request)
        rows = (self._row(n) for n in range(self.calls))
        return MissedListed(tuple(row for row in rows if row.missed and not row.closed), more=False)

    @implements
    async def close_missed(self, request: CloseMissed, asker: Asker) -> MissedClosed:
        """By whom, and with which note."""
        self.closed[request.call_id] = (asker.name, request.note)
        return MissedClosed()

    @implements
    async def count(self, request: CountCalls, _: Asker) -> CallsCounted:
        """Figures that differ from row to row."""
        self.asked.append(request)
        keys = _KEYS.get(request.by, ["010", "021"]) if self.calls else []
        return CallsCounted(
            tuple(CallCount(key, 40 + 7 * n, 30 + 5 * n, 3, 7, 3_600_000) for n, key in enumerate(keys))
        )

    @implements
    async def audit(self, _: FindAudit, __: Asker) -> AuditFound:
        """One publication."""
        fields = {"note": "longer", "version": "2"}
        texts = ("ring_s = 15\n", "ring_s = 20\n")
        step = AuditStep(self.now_ms, "wang", "plan.publish", "400-600-1234", fields, "", *texts)
        return AuditFound((step,) if self.calls else ())


@attrs.define
class CannedMedia:
    """Messages that callers left, and recordings of calls; what is done to them is written in `replies`."""

    replies: CannedReplies

    @implements
    async def messages(self, _: ListMessages, __: Asker) -> MessagesListed:
        """Three, less those that were deleted."""
        rows = (self._message(n) for n in range(min(3, self.replies.calls)))
        return MessagesListed(tuple(row for row in rows if row.call_id not in self.replies.deleted), more=False)

    def _message(self, n: int) -> Message:
        call_id, now_ms = CallId(f"v{n}"), self.replies.now_ms
        by = self.replies.heard.get(call_id, "")
        return Message(
            call_id=call_id, number="400-600-1234", mailbox="sales", arrived_ms=now_ms - 5_000_000 * n, length_s=41.2,
            caller="021-1234 5678", place="上海", sealed=True, read_ms=now_ms if by else None, read_by=by,
            notified_ms=None,
        )  # fmt: skip

    @implements
    async def mark(self, request: MarkMessages, asker: Asker) -> MessagesMarked:
        """By whom."""
        for call_id in request.call_ids:
            self.replies.heard[call_id] = asker.name if request.read else ""
        return MessagesMarked(len(request.call_ids))

    @implements
    async def delete(self, request: DeleteMessages, _: Asker) -> MessagesDeleted:
        """Those are listed no more."""
        self.replies.deleted += request.call_ids
        return MessagesDeleted(len(request.call_ids))

    @implements
    async def recordings(self, _: ListRecordings, __: Asker) -> RecordingsListed:
        """Three, of which the first still grows."""
        rows = (
            RecordedCall(
                call_id=CallId(f"t{n}"), number="400-600-1234", caller="021-1234 5678", target="desk",
                arrived_ms=self.replies.now_ms - 900_000 * n, length_s=41.2,
                kept_until_ms=self.replies.now_ms + 30 * 86_400_000, sealed=n != 0, live=n == 0,
            )
            for n in range(3 if self.replies.calls else 0)
        )  # fmt: skip
        return RecordingsListed(tuple(rows), more=False)
