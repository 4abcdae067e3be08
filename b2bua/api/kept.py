"""Messages and recordings over the control protocol (`b2bua.api.verbs` says what each verb takes and gives).

Rule: what lies on disk is looked at anew for each question, in a thread; what is deleted or marked is told to the
other consoles.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import trio
from sqlalchemy.exc import DBAPIError

from b2bua.api.verbs import Operator, Refusal, Verb
from b2bua.base.clock import now_ms
from b2bua.base.errors import StoreError
from b2bua.console.rows import Level
from b2bua.jobs.retention import Terms
from b2bua.media.messages import Messages, VoiceMessage
from b2bua.media.paths import media_paths
from b2bua.media.recordings import Recordings
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.store.audit import AuditEntry
from b2bua.store.mailboxes import Mark
from b2bua.store.store import Store
from routing.ids import Number400
from routing.number import NumberFault, parse_400, print_400, print_address

Args = dict[str, Any]
Row = dict[str, Any]
T = TypeVar("T")
MOST: Final = 10_000
"""Rows in one answer."""


class Kept:
    """Verbs about what is kept on disk."""

    def __init__(self, store: Store, state: Path, live: FeedPublisher) -> None:
        shelves = media_paths(state)
        assert shelves.messages is not None
        assert shelves.recordings is not None
        self._messages = Messages(shelves.messages)
        self._recordings = Recordings(shelves.recordings)
        self._store = store
        self._live = live

    def verbs(self) -> dict[str, Verb]:
        """These verbs."""
        return {
            "voicemail.list": self._list_messages,
            "voicemail.mark": self._mark,
            "voicemail.delete": self._delete,
            "recording.list": self._list_recordings,
        }

    async def _list_messages(self, args: Args, _: Operator) -> Any:
        number, mailbox, most = _number(args), str(args.get("mailbox", "")), _most(args)

        def look() -> list[Row]:
            marks = self._store.mailboxes.marks()
            found = list(self._messages.every(number, mailbox))
            wanted = [one for one in found if not (args.get("unread") and _is_read(marks.get(one.call_id)))]
            return [self._message_row(one, marks.get(one.call_id)) for one in reversed(wanted[-most - 1 :])]

        return _answer(await _in_thread(look), most)

    def _message_row(self, message: VoiceMessage, mark: Mark | None) -> Row:
        record = self._store.records.get(message.call_id)
        return {
            "call_id": message.call_id,
            "number": print_400(message.number),
            "mailbox": message.mailbox,
            "arrived_ms": message.arrived_ms,
            "length_s": round(message.length_s, 1),
            "caller": print_address(record.caller) if record else "",
            "place": record.place if record else "",
            "sealed": message.is_sealed,
            "read_ms": mark.read_ms if mark else None,
            "read_by": mark.read_by if mark else "",
            "told_ms": mark.notified_ms if mark else None,
        }

    async def _mark(self, args: Args, who: Operator) -> Any:
        read = bool(args.get("read", True))

        def mark() -> int:
            messages = self._named(args)
            pairs = [(one.call_id, one.number) for one in messages]
            self._store.mailboxes.mark(pairs, who.name, now_ms(), read=read)
            return len(pairs)

        return {"marked": await _in_thread(mark)}

    async def _delete(self, args: Args, who: Operator) -> Any:
        def delete() -> list[VoiceMessage]:
            messages = self._named(args)
            for one in messages:
                delete_message(self._store, one, who.name)
            return messages

        deleted = await _in_thread(delete)
        for one in deleted:
            self._live.log(
                Level.NOTE,
                "message-deleted",
                f"from {one.mailbox}",
                call_id=one.call_id,
                number=one.number,
                who=who.name,
            )
        return {"deleted": len(deleted)}

    def _named(self, args: Args) -> list[VoiceMessage]:
        """The messages of `call_ids`; all must be there."""
        call_ids = args.get("call_ids")
        if not isinstance(call_ids, list) or not call_ids:
            raise Refusal("call_ids is a list of at least one call")
        return [self._messages.get(str(call_id)) for call_id in call_ids]

    async def _list_recordings(self, args: Args, _: Operator) -> Any:
        number, most = _number(args), _most(args)

        def look() -> list[Row]:
            terms, rows = Terms(self._store.plans), []
            for recording in reversed(list(self._recordings.every())):
                record = self._store.records.get(recording.call_id)
                if number and (record is None or record.number != number):
                    continue
                rows.append(
                    {
                        "call_id": recording.call_id,
                        "number": print_400(Number400(record.number)) if record else "",
                        "caller": print_address(record.caller) if record else "",
                        "target": record.target if record else "",
                        "arrived_ms": recording.arrived_ms,
                        "length_s": round(recording.length_s, 1),
                        "kept_until_ms": terms.until_ms(recording, record),
                        "sealed": recording.is_sealed,
                        "live": record is not None and record.ended_ms is None,
                    }
                )
                if len(rows) > most:
                    break
            return rows

        return _answer(await _in_thread(look), most)


def delete_message(store: Store, message: VoiceMessage, who: str) -> None:
    """Delete a message for good, audited before it goes. Raises OSError or SQLAlchemy's errors."""
    entry = AuditEntry(now_ms(), who, "message-delete", message.number, f"{message.call_id} in {message.mailbox}")
    store.mailboxes.delete(message.call_id, entry)
    message.path.unlink(missing_ok=True)


def _is_read(mark: Mark | None) -> bool:
    return mark is not None and mark.read_ms is not None


def _answer(rows: list[Row], most: int) -> Row:
    return {"rows": rows[:most], "more": len(rows) > most}


def _most(args: Args) -> int:
    most = args.get("most", 200)
    if not isinstance(most, int) or not 1 <= most <= MOST:
        raise Refusal(f"most is a number of rows from 1 to {MOST}, not {most!r}")
    return most


def _number(args: Args) -> str:
    try:
        return parse_400(str(args["number"])) if args.get("number") else ""
    except NumberFault as fault:
        raise Refusal(str(fault)) from fault


async def _in_thread(do: Callable[[], T]) -> T:
    """Off the event loop; what the disk or the store refuses becomes an answer for a person."""
    try:
        return await trio.to_thread.run_sync(do)
    except (StoreError, OSError, DBAPIError) as error:
        raise Refusal(str(error)) from error
