"""The state of each voicemail message (M4): whether the subscriber's system was notified, and who read it.

The messages themselves are files (`b2bua.media.messages`).

Rule: a message without a row here has not been seen yet. Its row is written before anybody is notified, so that no
restart loses a message, and is deleted with it.
"""

from collections.abc import Collection, Iterable

import attrs
from sqlalchemy import Connection, Engine, delete, insert, select, update

from b2bua.store.audit import AuditEntry, note
from b2bua.store.database import writing
from b2bua.store.schema import messages
from routing.ids import CallId, Number400


@attrs.frozen
class Mark:
    """The state of the message of one call; times in UTC epoch milliseconds, None for what has not happened.

    `notified_ms`: when the subscriber's system accepted the notification; until then the next of `tries` is due at
    `next_try_ms`.
    """

    call_id: CallId
    number: Number400
    read_ms: int | None = None
    read_by: str = ""
    notified_ms: int | None = None
    next_try_ms: int = 0
    tries: int = 0


class Mailboxes:
    """The marks of all messages in one database. Every method blocks on the disk: call it from a thread of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def marks(self) -> dict[CallId, Mark]:
        """The states of all messages that were seen."""
        with self._engine.connect() as connection:
            return {mark.call_id: mark for mark in (Mark(*row) for row in connection.execute(select(messages)))}

    def add(self, found: Iterable[tuple[CallId, Number400]]) -> None:
        """Add messages that were found; one that is known stays as it is."""
        with writing(self._engine) as connection:
            for call_id, number in found:
                _ensure(connection, call_id, number)

    def mark(self, found: Collection[tuple[CallId, Number400]], who: str, at_ms: int, *, read: bool) -> None:
        """Mark messages as read at `at_ms`, or as new again; written in the audit trail of their numbers."""
        with writing(self._engine) as connection:
            for call_id, number in found:
                _ensure(connection, call_id, number)
                done = {"read_ms": at_ms, "read_by": who} if read else {"read_ms": None, "read_by": ""}
                connection.execute(update(messages).where(messages.c.call_id == call_id).values(done))
                note(connection, AuditEntry(at_ms, who, "voicemail.mark", number, {"call_id": call_id, "read": read}))

    def set_notified(self, call_id: CallId, at_ms: int) -> None:
        """The subscriber's system accepted the notification of a message."""
        self._set(call_id, {"notified_ms": at_ms})

    def set_next_try(self, call_id: CallId, next_try_ms: int, tries: int) -> None:
        """It did not accept it; the next try is due at `next_try_ms`, after `tries` tries."""
        self._set(call_id, {"next_try_ms": next_try_ms, "tries": tries})

    def forget(self, gone: Iterable[CallId]) -> None:
        """Remove messages that no longer exist."""
        with writing(self._engine) as connection:
            for call_id in gone:
                connection.execute(delete(messages).where(messages.c.call_id == call_id))

    def delete(self, call_id: CallId, entry: AuditEntry) -> None:
        """Remove a message and write its deletion in the audit trail; before its file is deleted."""
        with writing(self._engine) as connection:
            connection.execute(delete(messages).where(messages.c.call_id == call_id))
            note(connection, entry)

    def _set(self, call_id: CallId, values: dict[str, int]) -> None:
        with writing(self._engine) as connection:
            connection.execute(update(messages).where(messages.c.call_id == call_id).values(values))


def _ensure(connection: Connection, call_id: CallId, number: Number400) -> None:
    known = connection.scalar(select(messages.c.call_id).where(messages.c.call_id == call_id))
    if known is None:
        connection.execute(insert(messages).values(call_id=call_id, number=number))
