"""Lists, marks and deletes voicemail messages (M4).

Rule: the files on disk are read for each request, in a thread; a deletion is shown in the log of all consoles.
"""

from b2bua.api.dispatch import Asker, entry, implements, in_thread
from b2bua.api.requests.voicemail import (
    DeleteMessages,
    ListMessages,
    MarkMessages,
    Message,
    MessagesDeleted,
    MessagesListed,
    MessagesMarked,
)
from b2bua.base.clock import now_ms
from b2bua.console.rows import Level
from b2bua.media.messages import Messages, VoiceMessage
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.store.mailboxes import Mark
from b2bua.store.store import Store
from routing.ids import CallId
from routing.number import print_400, print_address


class VoicemailOperations:
    """Operations on voicemail messages."""

    def __init__(self, store: Store, messages: Messages, publisher: FeedPublisher) -> None:
        self._store = store
        self._messages = messages
        self._publisher = publisher

    @implements
    async def list_messages(self, request: ListMessages, _: Asker) -> MessagesListed:
        """One more than requested is read, to know whether there are more."""

        def search() -> tuple[Message, ...]:
            marks = self._store.mailboxes.marks()
            found = [
                one
                for one in self._messages.every(request.number or "", request.mailbox)
                if not (request.unread and _is_read(marks.get(one.call_id)))
            ]
            return tuple(self._row(one, marks.get(one.call_id)) for one in reversed(found[-request.most - 1 :]))

        rows = await in_thread(search)
        return MessagesListed(rows[: request.most], more=len(rows) > request.most)

    def _row(self, message: VoiceMessage, mark: Mark | None) -> Message:
        record = self._store.records.get(message.call_id)
        return Message(
            call_id=message.call_id,
            number=print_400(message.number),
            mailbox=message.mailbox,
            arrived_ms=message.arrived_ms,
            length_s=round(message.length_s, 1),
            caller=print_address(record.caller) if record else "",
            place=record.place if record else "",
            sealed=message.is_sealed,
            read_ms=mark.read_ms if mark else None,
            read_by=mark.read_by if mark else "",
            notified_ms=mark.notified_ms if mark else None,
        )

    @implements
    async def mark(self, request: MarkMessages, asker: Asker) -> MessagesMarked:
        """Audited in the transaction that marks them."""

        def mark() -> int:
            pairs = [(one.call_id, one.number) for one in self._named(request.call_ids)]
            self._store.mailboxes.mark(pairs, asker.name, now_ms(), read=request.read)
            return len(pairs)

        return MessagesMarked(await in_thread(mark))

    @implements
    async def delete(self, request: DeleteMessages, asker: Asker) -> MessagesDeleted:
        """Each is audited before its file is deleted."""

        def delete() -> tuple[VoiceMessage, ...]:
            messages = self._named(request.call_ids)
            for one in messages:
                step = entry(request, asker, one.number, {"call_id": one.call_id, "mailbox": one.mailbox})
                self._store.mailboxes.delete(one.call_id, step)
                one.path.unlink(missing_ok=True)
            return messages

        deleted = await in_thread(delete)
        for one in deleted:
            about = {"call_id": one.call_id, "number": one.number, "who": asker.name}
            self._publisher.log(Level.NOTE, "message-deleted", f"from {one.mailbox}", **about)
        return MessagesDeleted(len(deleted))

    def _named(self, call_ids: tuple[CallId, ...]) -> tuple[VoiceMessage, ...]:
        """The messages of these calls. Raises NotFound if one is not there."""
        return tuple(self._messages.get(call_id) for call_id in call_ids)


def _is_read(mark: Mark | None) -> bool:
    return mark is not None and mark.read_ms is not None
