"""The rows of the live feed, by topic: what a console shows without a request.

Rule: a row is small, flat and ready to show. Numbers are printed as people write them, so that a console needs no
routing; times are UTC epoch milliseconds and are shown in Asia/Shanghai; words that a console translates are slugs.
"""

from enum import StrEnum
from typing import Final

import attrs

CALLS: Final = "calls"
"""`LiveCall` by call id; gone some seconds after the call has ended."""
TRUNKS: Final = "trunks"
"""`PeerRow` by trunk name."""
GATEWAYS: Final = "gateways"
"""`PeerRow` by gateway name."""
POOL: Final = "pool"
"""One `PoolRow`, under `ONLY`."""
QUEUES: Final = "queues"
"""`QueueRow` by call id; removed when the call leaves its queue."""
NUMBERS: Final = "numbers"
"""`NumberRow` by 400 number in canonical form."""
COUNTERS: Final = "counters"
"""One `Counters`, under `ONLY`."""
ALARMS: Final = "alarms"
"""`AlarmRow` by slug and subject; removed when the alarm is cleared."""
LOG: Final = "log"
"""The last `LOG_ROWS` `LogLine`s (`Feed.note`)."""

TOPICS: Final = (CALLS, QUEUES, TRUNKS, GATEWAYS, POOL, NUMBERS, COUNTERS, ALARMS, LOG)
ONLY: Final = "now"
LOG_ROWS: Final = 1000


class Service(StrEnum):
    """Whether a trunk or gateway is in service, as an operator set it."""

    IN = "in"
    DRAINING = "draining"
    """Its calls go on, it gets no new ones."""
    OUT = "out"


class Level(StrEnum):
    """The severity of an alarm or a line of the log."""

    NOTE = "note"
    WARNING = "warning"
    ALARM = "alarm"


@attrs.frozen
class LiveCall:
    """A short form of `b2bua.records.call_record.CallRecord`.

    `target` is the name in the plan, `address` the number or URI that rings; `attempt` counts from 1, 0 before the
    first. `node` is the plan's node that the call is at. `ending` and `blame` are empty until the call has ended.
    """

    state: str
    caller: str
    place: str
    number: str
    trunk: str
    accepted_ms: int
    target: str = ""
    address: str = ""
    attempt: int = 0
    rang_ms: int | None = None
    answered_ms: int | None = None
    ended_ms: int | None = None
    node: str = ""
    ending: str = ""
    blame: str = ""
    plan_hash: str = ""


@attrs.frozen
class QueueRow:
    """A call that waits in a queue for a free target (R10).

    `number` is the 400 number in canonical form, `node` the queue in its plan; `place` counts from 1, which is next.
    `priority`: the caller is on the white list and comes before those who are not.
    """

    number: str
    node: str
    place: int
    priority: bool
    since_ms: int


@attrs.frozen
class PeerRow:
    """A trunk or a gateway. `up` is None while nothing is known; `rtt_ms` is its last answer to OPTIONS.

    `capacity` 0 means no limit of its own. `failures` counts calls that ended by its fault since the daemon's
    start, by cause slug; `calls` counts all of them.
    """

    address: str
    transport: str
    up: bool | None
    service: str
    live: int
    capacity: int
    rtt_ms: int | None = None
    seen_ms: int | None = None
    calls: int = 0
    failures: dict[str, int] = attrs.field(factory=dict)


@attrs.frozen
class PoolRow:
    """Call processes.

    `used` have a call, `idle` are ready, `resting` are ready soon; `crashed` counts since the start.
    """

    used: int
    idle: int
    resting: int
    ceiling: int
    crashed: int = 0


@attrs.frozen
class NumberRow:
    """A 400 number.

    Printed form, state slug of its life, the plan in force and how today went (Asia/Shanghai). `pending` of the `live`
    calls were not answered so far.
    """

    number: str
    state: str
    subscriber: str
    plan_hash: str
    published_ms: int | None
    author: str
    note: str
    live: int = 0
    calls_today: int = 0
    answered_today: int = 0
    warnings: int = 0
    pending: int = 0


@attrs.frozen
class Counters:
    """The switch as a whole. Shares are of calls ended in the last 15 minutes, in per cent; None if there
    were none.

    `trend` is calls accepted in each of the last 60 spans of 15 s, oldest first. `guard` counts what the edge
    turned away, by reason. `oldest_open_ms` is the acceptance time of the oldest record not closed.
    """

    live: int
    calls_per_s: float
    answered_pct: float | None
    busy_pct: float | None
    no_answer_pct: float | None
    oldest_open_ms: int | None
    started_ms: int
    trend: tuple[int, ...] = ()
    guard: dict[str, int] = attrs.field(factory=dict)


@attrs.frozen
class AlarmRow:
    """An active alarm: `slug` names the condition (`trunk-down`, `pool-full`), `subject` what it is about."""

    slug: str
    subject: str
    level: str
    since_ms: int
    text: str


@attrs.frozen
class LogLine:
    """An event of the switch.

    `kind` is a slug; `call_id`, `number`, `trunk` and `who` are empty where none is meant.
    """

    at_ms: int
    level: str
    kind: str
    text: str
    call_id: str = ""
    number: str = ""
    trunk: str = ""
    who: str = ""
