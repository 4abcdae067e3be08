"""Tells the subscriber's system of new voicemail messages: a POST of JSON for each (M4).

    {"event": "voicemail", "call_id", "number", "mailbox", "caller", "place", "arrived": ISO 8601, "seconds"}

Rule: what waits to be told is in the store and on disk, nowhere else, so that a restart loses nothing. A message is
told until the answer is 2xx, or somebody has read it: perhaps twice, so `call_id` is for the receiver to tell. No call
waits for any of this.
"""

import http.client
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import attrs
import trio
from sqlalchemy.exc import DBAPIError

from b2bua.base.clock import now_ms
from b2bua.jobs.retention import SHANGHAI
from b2bua.media.messages import Messages, VoiceMessage
from b2bua.store.mailboxes import Mark
from b2bua.store.store import Store

LOOK_S: Final = 5.0
"""How often the mailboxes are looked through."""
FIRST_RETRY_S: Final = 10.0
LONGEST_RETRY_S: Final = 3600.0
_TIMEOUT_S: Final = 10.0


@attrs.frozen
class VoicemailWebhook:
    """`trouble` is told why the last try failed, and "" when one succeeds again."""

    url: str
    messages: Messages
    store: Store
    trouble: Callable[[str], None]
    first_retry_s: float = FIRST_RETRY_S

    async def run(self) -> None:
        """Look and tell until cancelled."""
        while True:
            try:
                self.trouble(await trio.to_thread.run_sync(self._look))
            except (OSError, DBAPIError) as error:
                self.trouble(f"voicemail cannot be looked through: {error}")
            await trio.sleep(min(LOOK_S, self.first_retry_s))

    def _look(self) -> str:
        """Tell what is due, oldest first; why the first that failed did, and with it all after it wait."""
        found = {message.call_id: message for message in self.messages.every()}
        marks = self.store.mailboxes.marks()
        if gone := marks.keys() - found.keys():
            self.store.mailboxes.forget(gone)
        if new := [(one.call_id, one.number) for one in found.values() if one.call_id not in marks]:
            self.store.mailboxes.take_in(new)
            marks = self.store.mailboxes.marks()
        for message in found.values():
            mark = marks[message.call_id]
            if mark.told_ms is None and mark.read_ms is None and mark.tell_ms <= now_ms():
                try:
                    self._post(message)
                except (OSError, http.client.HTTPException) as error:
                    self._later(mark)
                    return f"{self._where().netloc} does not take note of voicemail: {error}"
                self.store.mailboxes.told(message.call_id, now_ms())
        return ""

    def _later(self, mark: Mark) -> None:
        wait_s = min(LONGEST_RETRY_S, self.first_retry_s * 2 ** min(mark.tries, 20))
        self.store.mailboxes.tell_later(mark.call_id, now_ms() + round(1000 * wait_s), mark.tries + 1)

    def _where(self) -> SplitResult:
        return urlsplit(self.url)

    def _post(self, message: VoiceMessage) -> None:
        where = self._where()
        kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
        connection = kind(where.hostname or "", where.port, timeout=_TIMEOUT_S)
        path = (where.path or "/") + (f"?{where.query}" if where.query else "")
        try:
            connection.request("POST", path, self._body(message), {"Content-Type": "application/json"})
            status = connection.getresponse().status
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise http.client.HTTPException(f"HTTP status {status}")

    def _body(self, message: VoiceMessage) -> bytes:
        record = self.store.records.get(message.call_id)
        told: dict[str, Any] = {
            "event": "voicemail",
            "call_id": message.call_id,
            "number": message.number,
            "mailbox": message.mailbox,
            "caller": record.caller if record else "",
            "place": record.place if record else "",
            "arrived": datetime.fromtimestamp(message.arrived_ms / 1000, SHANGHAI).isoformat(timespec="seconds"),
            "seconds": round(message.length_s),
        }
        return json.dumps(told, ensure_ascii=False).encode()
