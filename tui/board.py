"""What the console knows now, wherever it comes from: a daemon or a recording.

Rule: widgets read the board and ask through it; only a source writes to it.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

import attrs

from b2bua.api.requests.operation import Operation
from b2bua.console.feed import Mirror
from b2bua.console.protocol import Fault, Role, Row
from b2bua.console.rows import COUNTERS, ONLY, POOL

R = TypeVar("R")


class NotDone(Exception):
    """What was asked was not done: a sentence for a person, and the faults of the document if that is why."""

    def __init__(self, sentence: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(sentence)
        self.faults = faults


@attrs.frozen
class LinkState:
    """The link to the daemon.

    Up or not, since when, and if not, why and until when (ms) it waits to try again.
    """

    up: bool
    since_ms: int
    why: str = ""
    retry_ms: int | None = None


class Source(Protocol):
    """Where the feed comes from."""

    async def run(self, board: "Board") -> None:
        """Keep the board up to date until cancelled."""

    async def ask(self, request: Operation[R]) -> R:
        """Have the daemon do this; raises NotDone."""

    def now_ms(self) -> int:
        """The moment that the feed is at."""


@attrs.define
class Board:
    """The console's whole knowledge.

    `changed` is called after each change of it; `role` is what the daemon granted.
    """

    source: Source
    changed: Callable[[], None] = lambda: None
    mirror: Mirror = attrs.field(factory=Mirror)
    link: LinkState = LinkState(up=False, since_ms=0)
    role: Role = Role.VIEWER

    def now_ms(self) -> int:
        """The moment that the rows belong to: without a link that in which they were seen last."""
        return self.source.now_ms() if self.link.up else self.link.since_ms or self.source.now_ms()

    async def ask(self, request: Operation[R]) -> R:
        """The daemon's reply; raises NotDone."""
        return await self.source.ask(request)

    def rows(self, topic: str) -> dict[str, Row]:
        """The rows of a topic by key."""
        return self.mirror.rows(topic)

    @property
    def counters(self) -> Row | None:
        """The switch as a whole (`b2bua.console.rows.Counters`)."""
        return self.rows(COUNTERS).get(ONLY)

    @property
    def pool(self) -> Row | None:
        """The call processes (`b2bua.console.rows.Pool`)."""
        return self.rows(POOL).get(ONLY)
