"""Where each initial INVITE went, for its retransmissions, CANCEL and failure ACK.

Those three carry no token (RFC 3261, 9.1 and 17.1.1.3). Every other message finds its process without a table.
Rule: bounded; an entry stays until 64 s after the call's end, twice what a transaction can live (64 × T1).
"""

from collections import OrderedDict
from typing import Final

import attrs

from b2bua.edge.admission import Refused
from b2bua.edge.token import ProcessAddress
from b2bua.edge.waiting_invites import WaitingInvite
from b2bua.ipc.protocol import InviteKey

KEEP_AFTER_END_S: Final = 64.0


@attrs.define
class InviteEntry:
    """What became of an initial INVITE. `branch` and `cseq` are None where the daemon before forwarded it."""

    outcome: ProcessAddress | Refused | WaitingInvite
    branch: str | None
    cseq: int | None
    until_s: float | None = None
    """When the entry may go; None while the call is up."""


class InviteTable:
    """`InviteKey` → `InviteEntry`, at most `most` of them; the oldest ended one goes first, then the oldest."""

    def __init__(self, most: int = 20_000) -> None:
        self._most = most
        self._up: OrderedDict[InviteKey, InviteEntry] = OrderedDict()
        self._over: OrderedDict[InviteKey, InviteEntry] = OrderedDict()

    def get(self, key: InviteKey) -> InviteEntry | None:
        """The entry, up or over."""
        return self._up.get(key) or self._over.get(key)

    def put(self, key: InviteKey, entry: InviteEntry) -> None:
        """Enter a call; an earlier entry of the same key is replaced."""
        self._up.pop(key, None)
        self._over.pop(key, None)
        (self._up if entry.until_s is None else self._over)[key] = entry
        while len(self._up) + len(self._over) > self._most:
            (self._over or self._up).popitem(last=False)

    def end(self, key: InviteKey, now_s: float, outcome: Refused | None = None) -> None:
        """The call is over; its entry stays for 64 s. `outcome` is the answer to a retransmission from now on."""
        if entry := self._up.pop(key, None):
            entry.until_s = now_s + KEEP_AFTER_END_S
            self._over[key] = entry
            if outcome:
                entry.outcome = outcome

    def of(self, process: ProcessAddress) -> list[InviteKey]:
        """The calls that are up in a process."""
        return [key for key, entry in self._up.items() if entry.outcome == process]

    def forget(self, now_s: float) -> None:
        """Drop entries whose 64 s are over. They end in order, so the first that must stay ends the search."""
        while self._over:
            key = next(iter(self._over))
            until_s = self._over[key].until_s
            if until_s is not None and until_s > now_s:
                return
            del self._over[key]

    def __len__(self) -> int:
        return len(self._up) + len(self._over)
