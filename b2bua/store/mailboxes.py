"""What was done with voicemail messages (M4): told to the subscriber, read, by whom; the messages themselves are files.

Rule: a message without a row here is new to the switch. A row is written before anyone is told of it, so that no
restart loses a message, and goes with its message.
"""

from collections.abc import Collection, Iterable
from typing import Any

import attrs
from sqlalchemy import Connection, Engine, delete, insert, select, update

from b2bua.store.audit import AuditEntry, note
from b2bua.store.database import writing
from b2bua.store.schema import messages
from routing.ids import CallId, Number400


@attrs.frozen
class Mark:
    """What was done with the message of a call; times in UTC epoch milliseconds, None for what was not done.

    `told_ms`: when the subscriber's system took note of it; until then it is told again at `tell_ms`, after `tries`.
    """

    call_id: CallId
    number: Number400
    read_ms: int | None = None
    read_by: str = ""
    told_ms: int | None = None
    tell_ms: int = 0
    tries: int = 0


class Mailboxes:
    """The marks of all messages in one database. Every method blocks on the disk: call it from a thread of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def marks(self) -> dict[CallId, Mark]:
        """Every message that is known."""
        with self._engine.connect() as connection:
            return {mark.call_id: mark for mark in map(_mark, connection.execute(select(messages)))}

    def take_in(self, found: Iterable[tuple[CallId, Number400]]) -> None:
        """Write down messages that were found, each once."""
        with writing(self._engine) as connection:
            for call_id, number in found:
                _ensure(connection, call_id, number)

    def mark(self, found: Collection[tuple[CallId, Number400]], who: str, at_ms: int, *, read: bool) -> None:
        """Mark messages as read by someone, or as new again."""
        with writing(self._engine) as connection:
            for call_id, number in found:
                _ensure(connection, call_id, number)
                done = {"read_ms": at_ms, "read_by": who} if read else {"read_ms": None, "read_by": ""}
                connection.execute(update(messages).where(messages.c.call_id == call_id).values(done))

    def told(self, call_id: CallId, at_ms: int) -> None:
        """The subscriber's system took note of a message."""
        self._set(call_id, {"told_ms": at_ms})

    def tell_later(self, call_id: CallId, tell_ms: int, tries: int) -> None:
        """It did not; the next try is at `tell_ms`."""
        self._set(call_id, {"tell_ms": tell_ms, "tries": tries})

    def forget(self, gone: Iterable[CallId]) -> None:
        """Messages that are no longer there."""
        with writing(self._engine) as connection:
            for call_id in gone:
                connection.execute(delete(messages).where(messages.c.call_id == call_id))

    def delete(self, call_id: CallId, entry: AuditEntry) -> None:
        """Write down that a message is deleted, before its file goes."""
        with writing(self._engine) as connection:
            connection.execute(delete(messages).where(messages.c.call_id == call_id))
            note(connection, entry)

    def _set(self, call_id: CallId, values: dict[str, Any]) -> None:
        with writing(self._engine) as connection:
            connection.execute(update(messages).where(messages.c.call_id == call_id).values(values))


def _ensure(connection: Connection, call_id: CallId, number: Number400) -> None:
    known = connection.scalar(select(messages.c.call_id).where(messages.c.call_id == call_id))
    if known is None:
        connection.execute(insert(messages).values(call_id=call_id, number=number))


def _mark(row: Any) -> Mark:
    call_id, number, *done = row
    return Mark(CallId(call_id), Number400(number), *done)
