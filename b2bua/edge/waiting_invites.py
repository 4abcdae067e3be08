"""Initial INVITEs that wait until a call process is free for them; 100 has been sent.

Rule: at most `WAIT_S`, since a carrier tries its next route after a few seconds; at most `MOST_WAITING` of a trunk. The
trunks take turns, so that the rush of one does not keep the calls of another waiting (F16); within a trunk the first is
served first.
"""

from collections import OrderedDict
from typing import Final

import attrs

from b2bua.config.trunks import Trunk
from b2bua.edge.message import Request
from b2bua.edge.rate_limit import Address
from b2bua.ipc.protocol import InviteKey

WAIT_S: Final = 1.0
"""A process is forked in about 0.1 s, and rests for 0.6 s between two calls (docs/pjsua2.md)."""
MOST_WAITING: Final = 100


@attrs.frozen(eq=False)
class WaitingInvite:
    """An INVITE, and `packet`, the same as its process will get it. Times are monotonic seconds."""

    key: InviteKey
    request: Request
    packet: bytes
    trunk: Trunk
    address: Address
    transport: str
    until_s: float


class WaitingInvites:
    """All that wait, by trunk; the trunk whose turn is next comes first."""

    def __init__(self) -> None:
        self._by_trunk: OrderedDict[str, OrderedDict[InviteKey, WaitingInvite]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._by_trunk.values()))

    def has(self, trunk: Trunk) -> bool:
        """Whether a call of this trunk waits."""
        return trunk.name in self._by_trunk

    def add(self, invite: WaitingInvite) -> bool:
        """Let one wait; False if there is no room for it."""
        waiting = self._by_trunk.setdefault(invite.trunk.name, OrderedDict())
        if len(waiting) >= MOST_WAITING:
            return False
        waiting[invite.key] = invite
        return True

    def next(self) -> WaitingInvite | None:
        """The one whose turn is next; it stays until `remove`."""
        return next((invite for waiting in self._by_trunk.values() for invite in waiting.values()), None)

    def expired(self, now_s: float) -> list[WaitingInvite]:
        """Those that have waited long enough."""
        heads = [invite for waiting in self._by_trunk.values() for invite in waiting.values()]
        return [invite for invite in heads if invite.until_s <= now_s]

    def remove(self, invite: WaitingInvite) -> None:
        """One waits no longer; the next turn is another trunk's."""
        waiting = self._by_trunk.pop(invite.trunk.name, OrderedDict())
        waiting.pop(invite.key, None)
        if waiting:
            self._by_trunk[invite.trunk.name] = waiting
