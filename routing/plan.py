"""The whole service of one 400 number, as a value: its service logic program and data (ITU-T Q.1211, R11).

Rule: a plan is complete. Every default is filled in and every name in it leads somewhere, so that deciding a
call never meets a hole; `routing.document` sees to that before a plan exists.
"""

from datetime import date, timedelta, timezone
from enum import StrEnum
from typing import Final, NewType

import attrs

from routing.facts import Facts
from routing.hours import Dates, Day, Moment, When, day_before
from routing.ids import NodeName, Number400, PromptName, TargetName
from routing.measure import Calls, Days, Forwards, OptionalS, RingS
from routing.node import NEXT, Hunt, Node, Order, Queue, Screen
from routing.origin import ListName, Origin

ZONES: Final = {"Asia/Shanghai": 8 * 60, "Asia/Urumqi": 6 * 60}
"""The zones a plan can be in, with their offset from UTC in minutes.

Fixed, for the mainland has no summer time.
"""

Address = NewType("Address", str)
"""Where a target is reached: a canonical telephone number, or a SIP URI as it was written."""

Extension = NewType("Extension", str)
"""The digits of an extension, 2 to 6."""

GroupName = NewType("GroupName", str)
"""A hunt's node, or a target alone."""

KeyCode = NewType("KeyCode", str)
"""What a seat keys: 1 to 4 digits and `*`."""

HoursName = NewType("HoursName", str)
"""Named hours of the plan."""

FIRST_HUNT: Final = NodeName("hunt")
"""The node that a document without nodes consists of."""

GATES: Final = (NodeName("screen"), NodeName("verify"), NodeName("limit"))
"""The nodes at the top of a plan, in the order in which a call passes them; the first is always there."""


@attrs.frozen
class Target:
    """Whom a call may be sent to: a canonical telephone number or a SIP URI as `address`.

    It is rung in its `hours`, always if they are empty, and not when `closed`. `ring_s` (5–300 seconds) overrides the
    hunt's ring wait. `capacity` (0–10,000) is the most calls up on it at once, 0 for no limit (R10). `authorised_until`
    is the last day on which its owner's authorisation holds (W3), None for open-ended (长期).
    """

    address: Address
    ring_s: RingS | None = None
    hours: When = When()
    closed: When = When()
    capacity: Calls = 0
    authorised_until: date | None = None


class Profile(StrEnum):
    """Where the documents disagree, whose default: ours, or the classic carriers' (two forwards)."""

    STANDARD = "standard"
    CARRIER_CLASSIC = "carrier-classic"


class Announced(StrEnum):
    """Who hears that the call will be recorded (M5): the caller before a target rings, or both once it answers."""

    NOBODY = "nobody"
    CALLER = "caller"
    BOTH = "both"


FORWARDS: Final = {Profile.STANDARD: 10, Profile.CARRIER_CLASSIC: 2}
"""Forwards from target to target in one call, where the plan sets no number (R6).

The standard's are raised to the number of the plan's targets: a call is busy only when every target is (R12).
"""


@attrs.frozen
class Transfer:
    """What a seat keys during a call to transfer it (M3): one of these, the extension, and `#`.

    `blind` hands the caller over at once; `attended` lets the seat speak first, and hanging up completes it. `back`
    takes the caller back at any time before that. `refer` allows the same by SIP REFER. Meanwhile the caller hears
    `music`. A call is handed over to what the plan names and to nobody else (W1).
    """

    blind: KeyCode = KeyCode("*2")
    attended: KeyCode = KeyCode("*3")
    back: KeyCode = KeyCode("*1")
    refer: bool = True
    music: PromptName = PromptName("transfer-music")


@attrs.frozen
class Plan:
    """A 400 number's service: its targets, its nodes, and the node that a call starts at.

    `nodes` holds the gates (`screen`, `verify`, `limit`) too. `welcome` (彩铃) is heard in place of the ringing
    tone in every hunt without a `ringback` of its own (M1). `extensions` lead to a hunt or a target.
    With `record` conversations are recorded (M5); `record_announce` hear so by `record_prompt` before it begins.
    Recordings are kept for `retention_days` (0–3650), or a calendar month if that is 0. A call is released
    when no audio has come from one side for `media_lost_s` seconds (0–3600; 0: never); a side on hold owes none. The
    default leaves room for gateways that send nothing while nobody speaks.
    """

    number: Number400
    subscriber: str
    targets: dict[TargetName, Target]
    nodes: dict[NodeName, Node]
    start: NodeName
    zone: str = "Asia/Shanghai"
    profile: Profile = Profile.STANDARD
    max_forwards: Forwards | None = None
    welcome: PromptName | None = None
    record: bool = False
    record_announce: Announced = Announced.NOBODY
    record_prompt: PromptName = PromptName("recorded")
    retention_days: Days = 0
    media_lost_s: OptionalS = 60
    holidays: tuple[Dates, ...] = ()
    hours: dict[HoursName, When] = attrs.field(factory=dict)
    lists: dict[ListName, Origin] = attrs.field(factory=dict)
    extensions: dict[Extension, GroupName] = attrs.field(factory=dict)
    transfer: Transfer | None = None

    def timezone(self) -> timezone:
        """The plan's zone, a fixed offset."""
        return timezone(timedelta(minutes=ZONES[self.zone]))

    def after(self, gate: NodeName) -> NodeName:
        """Where a call goes on after a node at the top."""
        later = GATES[GATES.index(gate) + 1 :]
        return next((one for one in later if one in self.nodes), self.start)

    def next_node(self, node: NodeName, then: NodeName) -> NodeName:
        """`then`, or what follows the gate `node` if it is empty."""
        return self.after(node) if then == NEXT else then

    def most_forwards(self) -> int:
        """How often one call may go on to a next target: what the plan says, or its profile's default."""
        if self.max_forwards is not None:
            return self.max_forwards
        default = FORWARDS[self.profile]
        return max(default, len(self.targets)) if self.profile is Profile.STANDARD else default

    def group(self, name: GroupName | NodeName) -> Hunt:
        """The hunt that an extension leads to; a target alone is a hunt of one."""
        node = self.nodes.get(NodeName(name))
        return node if isinstance(node, Hunt) else Hunt((TargetName(name),))

    def moment(self, facts: Facts) -> Moment:
        """When a call arrived, with what the calendar and the subscriber say of that day."""
        today = facts.arrived.date()
        return Moment(
            facts.arrived.hour * 60 + facts.arrived.minute,
            Day.of(today, facts.today, self.holidays),
            Day.of(day_before(today), facts.yesterday, self.holidays),
        )

    def counts_calls(self) -> bool:
        """Whether anything here is decided by how many calls a target has (R4: least calls; R10)."""
        return any(target.capacity for target in self.targets.values()) or any(
            isinstance(node, Queue) or (isinstance(node, Hunt) and node.order is Order.LEAST_CALLS)
            for node in self.nodes.values()
        )

    def open_at(self, target: Target, moment: Moment) -> bool:
        """Whether a target takes calls then (R2)."""
        inside = target.hours == When() or target.hours.holds(moment, self.hours)
        return inside and not target.closed.holds(moment, self.hours)


DEFAULT_SCREEN: Final = Screen()
"""What every plan without a `[screen]` has: callers from abroad are refused (O2)."""
