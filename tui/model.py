"""The model of the console: the state that it shows, from a daemon or from a recording.

Rule: widgets read the model and send requests through it; only a source writes to it.
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
    """A request was not done: a sentence for a person, and the faults of the document if they are the reason."""

    def __init__(self, sentence: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(sentence)
        self.faults = faults


@attrs.frozen
class LinkState:
    """The link to the daemon.

    Whether it is up, and since when; if it is down, why, and when the next try is. Times are UTC epoch milliseconds.
    """

    up: bool
    since_ms: int
    why: str = ""
    retry_ms: int | None = None


class Source(Protocol):
    """The source of the model: a daemon or a recording."""

    async def run(self, model: "ConsoleModel") -> None:
        """Keep the model up to date until cancelled."""

    async def ask(self, request: Operation[R]) -> R:
        """The daemon's reply to a request. Raises NotDone."""

    def now_ms(self) -> int:
        """The time of the feed (UTC epoch milliseconds)."""


@attrs.define
class ConsoleModel:
    """The whole state of the console.

    `changed` is called after each change; `role` is the role that the daemon granted.
    """

    source: Source
    changed: Callable[[], None] = lambda: None
    mirror: Mirror = attrs.field(factory=Mirror)
    link: LinkState = LinkState(up=False, since_ms=0)
    role: Role = Role.VIEWER

    def now_ms(self) -> int:
        """The time of the rows (UTC epoch milliseconds): while the link is down, when it was lost."""
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
