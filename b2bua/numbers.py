"""The 400 numbers that this switch serves, with the plan in effect for each, held in memory.

Rule: a call takes the plan that is here when it arrives and keeps it; replacing an entry is what makes an edit live
(R11). Plans are kept packed: finding one is O(1), and unpacking is paid by the call that needs it.
"""

from enum import StrEnum
from typing import Any

import attrs

from b2bua.codec import pack, unpack
from routing.document import content_hash, to_plain
from routing.ids import Number400, PlanHash
from routing.plan import Plan


class NumberState(StrEnum):
    """Whether a number takes calls (N6, the part that the switch acts on)."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@attrs.frozen
class Served:
    """One 400 number in service. `packed` is the plain form of its plan in msgpack."""

    number: Number400
    state: NumberState
    subscriber: str
    zone: str
    plan_hash: PlanHash
    packed: bytes

    @classmethod
    def of(cls, plan: Plan, state: NumberState = NumberState.ACTIVE) -> "Served":
        """The entry for a plan."""
        return cls(plan.number, state, plan.subscriber, plan.zone, content_hash(plan), pack(to_plain(plan)))

    def plain(self) -> dict[str, Any]:
        """The plan as it goes to a call process."""
        plain: dict[str, Any] = unpack(self.packed)
        return plain
