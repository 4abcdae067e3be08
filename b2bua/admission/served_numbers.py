"""The 400 numbers that this switch serves, with the plan in effect for each, held in memory.

Rule: a call takes the plan that is here when it arrives and keeps it; a new plan is in effect when its entry is
replaced (R11). Plans are kept packed: finding one is O(1), and it is unpacked only for a call that needs it.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta, timezone
from typing import Final

import attrs

from b2bua.base.serialization import pack, unpack
from b2bua.config.trunks import Trunk
from b2bua.records.call_record import PlainFields
from b2bua.store.numbers import NumberState
from b2bua.store.versions import LivePlan
from routing.facts import CallerClass
from routing.ids import Number400, PlanHash, TargetName
from routing.number import read_number
from routing.plan import ZONES, Plan

_NO_MOBILES: Final = "the carrier of this call allows no mobiles as targets"


@attrs.frozen
class Served:
    """One 400 number in service. `packed` is the plain form of its plan in msgpack; `zone` is the plan's time zone,
    `mobiles` are the targets that are mobiles."""

    number: Number400
    state: NumberState
    subscriber: str
    zone: timezone
    plan_hash: PlanHash
    published_ms: int
    author: str
    note: str
    packed: bytes
    mobiles: tuple[TargetName, ...]

    @classmethod
    def of(cls, live: LivePlan) -> "Served":
        """The entry for what the store says is live."""
        zone = timezone(timedelta(minutes=ZONES[live.plain.get("zone", "Asia/Shanghai")]))
        version = live.version
        return cls(
            live.number,
            live.state,
            live.subscriber,
            zone,
            version.plan_hash,
            version.at_ms,
            version.author,
            version.note,
            pack(live.plain),
            mobiles({name: target["address"] for name, target in live.plain["targets"].items()}),
        )

    def plain(self) -> PlainFields:
        """The plan in the form that is sent to a call process."""
        plain: PlainFields = unpack(self.packed)
        return plain


def mobiles(addresses: Mapping[TargetName, str]) -> tuple[TargetName, ...]:
    """Those of these targets, given with their addresses, that are mobiles."""
    return tuple(name for name, at in addresses.items() if read_number(at).caller_class is CallerClass.MOBILE)


def mobiles_of(plan: Plan) -> tuple[TargetName, ...]:
    """Those of a plan's targets that are mobiles."""
    return mobiles({name: target.address for name, target in plan.targets.items()})


def barred(trunk: Trunk, mobiles: Iterable[TargetName]) -> dict[TargetName, str]:
    """The targets that a call of this trunk must not ring, with the reason, as `Facts.down` wants it (W1)."""
    return {} if trunk.mobile_targets else dict.fromkeys(mobiles, _NO_MOBILES)
