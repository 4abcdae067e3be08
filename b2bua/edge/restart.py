"""What the edge waits for after the daemon has started anew: call processes that outlived the daemon before.

They link to the new daemon one by one, within about a second. Until a process has, what the far ends send it is held
here: a BYE would get 481 otherwise, and the call stay up and charged on the other side. A REFER waits for all of them,
since it may name a dialog of another process than its own.

Rule: bounded in number, bytes and time; a repetition is held once. What is let go is treated as if it had just come.
"""

from collections.abc import Callable, Iterable
from typing import Final

import attrs

from b2bua.edge.message import Request, Response
from b2bua.edge.rate_limit import Address
from b2bua.edge.token import ProcessAddress

HOLD_S: Final = 5.0
"""How long a message waits: the time in which a process must link to a new daemon before its call is given up."""
REFER_S: Final = 2.5
"""Until then each process that lives has linked: it tries every second."""
GIVE_UP_S: Final = 30.0
"""When a process that has not linked counts as dead though something has its SIP port.

It may be stopped or starved, and its call still be heard; a process whose port is free is dead at once.
"""
MOST_MESSAGES: Final = 2_000
MOST_BYTES: Final = 4 * 1024 * 1024


@attrs.frozen
class HeldMessage:
    """A message from outside that waits, its bytes, and where it came from."""

    process: ProcessAddress
    message: Request | Response
    packet: bytes
    source: Address
    transport: str

    @property
    def name(self) -> tuple[str, str, int, str]:
        """The same for a message and its repetitions (RFC 3261, 17.1.3 and 17.2.3)."""
        message = self.message
        what = message.verb if isinstance(message, Request) else str(message.status)
        return str(message.vias[0]), message.call_id, message.cseq, what

    @property
    def is_refer(self) -> bool:
        """Whether it waits for all processes."""
        return isinstance(self.message, Request) and self.message.verb == "REFER"


class Restart:
    """`missing` are the processes that the daemon before knew of a call and that have not linked yet."""

    def __init__(self, missing: Iterable[ProcessAddress]) -> None:
        self.missing = set(missing)
        self._dead: set[ProcessAddress] = set()
        self._held: dict[tuple[str, str, int, str], HeldMessage] = {}
        self._bytes = 0
        self._began_s: float | None = None
        self._holds = True

    @property
    def is_holding(self) -> bool:
        """Whether messages may be held still."""
        return self._holds

    def awaits(self, process: ProcessAddress) -> bool:
        """Whether a process that is not linked may still link."""
        return self._holds and process not in self._dead

    def hold(self, held: HeldMessage) -> bool:
        """Keep a message until `due` or `released`; False if there is no room for it."""
        if held.name in self._held:
            return True
        if len(self._held) >= MOST_MESSAGES or self._bytes + len(held.packet) > MOST_BYTES:
            return False
        self._held[held.name] = held
        self._bytes += len(held.packet)
        return True

    def linked(self, process: ProcessAddress) -> list[HeldMessage]:
        """A process has linked: what waited for it, in the order in which it came."""
        self.missing.discard(process)
        return self._take(lambda held: held.process == process and not held.is_refer)

    def died(self, process: ProcessAddress) -> list[HeldMessage]:
        """A process is dead: what waited for it, to be answered."""
        self.missing.discard(process)
        if self._holds:
            self._dead.add(process)
        return self._take(lambda held: held.process == process)

    def due(self, now_s: float) -> list[HeldMessage]:
        """What has waited long enough. To be called about once a second, and first when the edge begins to serve."""
        if self._began_s is None:
            self._began_s = now_s
        waited_s = now_s - self._began_s
        if waited_s >= HOLD_S:
            self._holds = False
            self._dead.clear()
            return self._take(lambda _: True)
        if waited_s >= REFER_S:
            return self._take(lambda held: held.is_refer)
        return []

    def given_up(self, now_s: float) -> list[ProcessAddress]:
        """The processes that have been missing for too long."""
        waited_s = 0.0 if self._began_s is None else now_s - self._began_s
        return list(self.missing) if waited_s >= GIVE_UP_S else []

    def _take(self, wanted: Callable[[HeldMessage], bool]) -> list[HeldMessage]:
        taken = [held for held in self._held.values() if wanted(held)]
        for held in taken:
            del self._held[held.name]
            self._bytes -= len(held.packet)
        return taken
