"""Notifies the subscriber's system of new voicemail messages: one POST of JSON for each (M4).

    {"event": "voicemail", "call_id", "number", "mailbox", "caller", "place", "arrived": ISO 8601, "seconds"}

Rule: which messages are still to be notified is in the database and on disk only, so that a restart loses none. A
message is posted until the answer is 2xx or somebody has read it, so it may be posted twice: the receiver tells
repetitions by `call_id`. No call waits for any of this.
"""

import http.client
import json
from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import SplitResult, urlsplit

import attrs

from b2bua.base.clock import now_ms
from b2bua.base.retry import Report, periodic
from b2bua.base.threads import in_thread
from b2bua.jobs.retention import SHANGHAI
from b2bua.media.messages import Messages, VoiceMessage
from b2bua.store.database import NOT_NOW
from b2bua.store.mailboxes import Mark
from b2bua.store.store import Store

PERIOD_S: Final = 5.0
"""How often the mailboxes are searched for messages that are to be notified."""
FIRST_RETRY_S: Final = 10.0
"""The wait after the first failed POST of a message; it doubles with each further one."""
LONGEST_RETRY_S: Final = 3600.0
_TIMEOUT_S: Final = 10.0
"""How long the subscriber's system may take to answer."""


@attrs.frozen
class VoicemailWebhook:
    """Posts to `url`. `report` gets the reason when the first POST fails, and "" when one succeeds again.

    `clock` gives UTC epoch milliseconds.
    """

    url: str
    messages: Messages
    store: Store
    report: Report
    first_retry_s: float = FIRST_RETRY_S
    clock: Callable[[], int] = now_ms

    async def run(self) -> None:
        """Notify until cancelled; whatever fails is reported and tried again."""
        await periodic(min(PERIOD_S, self.first_retry_s), self._round, NOT_NOW, self.report)

    async def _round(self) -> None:
        self.report(await in_thread(self.notify_due))

    def notify_due(self) -> str:
        """Post the messages that are due, oldest first; the reason if one fails, and then the later ones wait.

        Raises one of `NOT_NOW` if the disk or the database fails.
        """
        found = {message.call_id: message for message in self.messages.every()}
        marks = self.store.mailboxes.marks()
        if gone := marks.keys() - found.keys():
            self.store.mailboxes.forget(gone)
        if new := [(one.call_id, one.number) for one in found.values() if one.call_id not in marks]:
            self.store.mailboxes.add(new)
            marks = self.store.mailboxes.marks()
        for message in found.values():
            mark = marks[message.call_id]
            if mark.notified_ms is None and mark.read_ms is None and mark.next_try_ms <= self.clock():
                try:
                    self._post(message)
                except (OSError, http.client.HTTPException) as error:
                    self._postpone(mark)
                    return f"{self._address().netloc} does not accept voicemail notifications: {error}"
                self.store.mailboxes.set_notified(message.call_id, self.clock())
        return ""

    def _postpone(self, mark: Mark) -> None:
        wait_s = min(LONGEST_RETRY_S, self.first_retry_s * 2 ** min(mark.tries, 20))
        self.store.mailboxes.set_next_try(mark.call_id, self.clock() + round(1000 * wait_s), mark.tries + 1)

    def _address(self) -> SplitResult:
        return urlsplit(self.url)

    def _post(self, message: VoiceMessage) -> None:
        """Raises OSError or HTTPException unless the answer is 2xx."""
        address = self._address()
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        connection = kind(address.hostname or "", address.port, timeout=_TIMEOUT_S)
        path = (address.path or "/") + (f"?{address.query}" if address.query else "")
        try:
            connection.request("POST", path, self._body(message), {"Content-Type": "application/json"})
            status = connection.getresponse().status
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise http.client.HTTPException(f"HTTP status {status}")

    def _body(self, message: VoiceMessage) -> bytes:
        record = self.store.records.get(message.call_id)
        notification: dict[str, str | int] = {
            "event": "voicemail",
            "call_id": message.call_id,
            "number": message.number,
            "mailbox": message.mailbox,
            "caller": record.caller if record else "",
            "place": record.place if record else "",
            "arrived": datetime.fromtimestamp(message.arrived_ms / 1000, SHANGHAI).isoformat(timespec="seconds"),
            "seconds": round(message.length_s),
        }
        return json.dumps(notification, ensure_ascii=False).encode()
