"""The whole service of one 400 number, as a value.

Rule: a plan is complete. Every default is filled in and every name in it leads somewhere, so that deciding a
call never meets a hole; `routing.document` sees to that before a plan exists.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Final, NewType

import attrs

from routing.ids import NodeName, Number400, TargetName

ZONES: Final = {"Asia/Shanghai": 8 * 60, "Asia/Urumqi": 6 * 60}
"""The zones a plan can be in, with their offset from UTC in minutes: fixed, for the mainland has no summer
time."""

SEVERAL_RING_S: Final = 15
"""Ring wait of each target where there are several (R7)."""
LONE_RING_S: Final = 55
"""Ring wait where there is one target (R7: 50–60 s)."""


Address = NewType("Address", str)
"""Where a target is reached: a canonical telephone number, or a SIP URI as it was written."""


@attrs.frozen
class Between:
    """The range of a whole number in a document, both ends included, and its unit."""

    least: int
    most: int
    unit: str

    def __str__(self) -> str:
        return f"{self.least} to {self.most} {self.unit}"


RingS = Annotated[int, Between(5, 300, "seconds")]
Calls = Annotated[int, Between(0, 10_000, "calls")]
Forwards = Annotated[int, Between(0, 20, "forwards")]


class Order(StrEnum):
    """In which order a hunt rings its targets (R4)."""

    SEQUENTIAL = "sequential"


class ForwardOn(StrEnum):
    """What lets a hunt go on to its next target (R6)."""

    BOTH = "both"
    BUSY = "busy"
    NO_ANSWER = "no-answer"


@attrs.frozen
class Target:
    """Whom a call may be sent to: a canonical telephone number or a SIP URI as `address`.

    `ring_s` (5–300) overrides the hunt's ring wait. `capacity` is the most calls up on it at once, 0 for no
    limit (R10).
    `authorised_until` is the last day on which its owner's authorisation holds (W3), None for open-ended.
    """

    address: Address
    ring_s: RingS | None = None
    capacity: Calls = 0
    authorised_until: date | None = None


@attrs.frozen
class Hunt:
    """Ring targets until one answers.

    `ring_s` is the wait at each target without its own; None means R7's default for the number of targets.
    """

    targets: tuple[TargetName, ...]
    order: Order = Order.SEQUENTIAL
    ring_s: RingS | None = None
    forward_on: ForwardOn = ForwardOn.BOTH

    def wait_s(self, target: Target) -> int:
        """How long this target is rung, in seconds."""
        default = SEVERAL_RING_S if len(self.targets) > 1 else LONE_RING_S
        return target.ring_s or self.ring_s or default


Node = Hunt

FIRST_HUNT: Final = NodeName("hunt")
"""The node that a document without nodes consists of."""


@attrs.frozen
class Plan:
    """A 400 number's service: its targets, its nodes, and the node that a call starts at."""

    number: Number400
    subscriber: str
    targets: dict[TargetName, Target]
    nodes: dict[NodeName, Node]
    start: NodeName
    zone: str = "Asia/Shanghai"
    max_forwards: Forwards = 10
