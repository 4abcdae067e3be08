"""The raw messages of each call, kept for the console's detail view.

Rule: keeping costs one append a message; nothing is read until somebody asks (`b2bua.edge.sip_masking`). Of each call
at most `MOST_BYTES` stay, its beginning and its end; those of the last `KEPT_ENDED` calls that are over stay too. This
is memory only: a daemon that starts anew has none of what was before.
"""

from collections import deque
from collections.abc import Collection, Iterable
from enum import StrEnum
from time import time
from typing import Final

from b2bua.edge.settings import INSIDE, Send

MOST_BYTES: Final = 64 * 1024
"""Of one call's messages; a bridged call of two legs has about 15, together 12 kB."""
KEPT_ENDED: Final = 500
"""Calls whose messages stay after they are over."""


class Missing(StrEnum):
    """Why some of a call's messages are not there; `WHOLE` if all are."""

    WHOLE = ""
    THINNED = "thinned"
    """There were too many: those in the middle are gone."""
    RESTARTED = "restarted"
    """Those from before the daemon's last start are not known."""
    FORGOTTEN = "forgotten"
    """None is known: the call ended too long ago, or before the daemon's last start."""


class CapturedMessages:
    """One call's messages with the far ends: when (UTC epoch seconds), whether we sent it, and its bytes."""

    __slots__ = ("_bytes", "call_id", "messages", "missing")

    def __init__(self, call_id: str, missing: Missing = Missing.WHOLE) -> None:
        self.call_id = call_id
        self.missing = missing
        self.messages: list[tuple[float, bool, bytes]] = []
        self._bytes = 0

    def keep(self, ours: bool, packet: bytes) -> None:
        """One more message."""
        self.messages.append((time(), ours, packet))
        self._bytes += len(packet)
        if self._bytes > MOST_BYTES:
            self._thin()

    def _thin(self) -> None:
        self.missing = self.missing or Missing.THINNED
        while self._bytes > MOST_BYTES:
            self._bytes -= len(self.messages.pop(len(self.messages) // 2)[2])


class SipCapture:
    """The messages of calls that are up, by the SIP port of their process, and of the last that are over."""

    def __init__(self) -> None:
        self._up: dict[int, CapturedMessages] = {}
        self._by_call: dict[str, CapturedMessages] = {}
        self._over: deque[str] = deque()

    def begin(self, sip_port: int, call_id: str, missing: Missing = Missing.WHOLE) -> None:
        """From now on what the process at this port sends and receives belongs to this call; may be repeated."""
        if (known := self._up.get(sip_port)) and known.call_id == call_id:
            return
        self.end(sip_port)
        self._up[sip_port] = self._by_call[call_id] = CapturedMessages(call_id, missing)

    def end(self, sip_port: int) -> None:
        """Nothing more comes to or from this process for the call it had."""
        captured = self._up.pop(sip_port, None)
        if captured is None:
            return
        self._over.append(captured.call_id)
        if len(self._over) > KEPT_ENDED:
            del self._by_call[self._over.popleft()]

    def received(self, packet: bytes, sends: Collection[Send]) -> None:
        """This came from outside, and these go out because of it; the one to a process tells which call it is."""
        captured = next((self._up.get(send.to.port) for send in sends if send.transport == INSIDE), None)
        if captured is not None:
            captured.keep(False, packet)
            for send in sends:
                if send.transport != INSIDE:
                    captured.keep(True, send.packet)

    def sent(self, sip_port: int, sends: Iterable[Send]) -> None:
        """These go out because of what the process at this port sent, or because it died."""
        captured = self._up.get(sip_port)
        if captured is not None:
            for send in sends:
                if send.transport != INSIDE:
                    captured.keep(True, send.packet)

    def of(self, call_id: str) -> CapturedMessages:
        """What is kept of this call; without messages if nothing is."""
        return self._by_call.get(call_id) or CapturedMessages(call_id, Missing.FORGOTTEN)
