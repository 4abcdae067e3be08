"""The nodes of a plan: the service-independent building blocks of ITU-T Q.1213, as values.

Rule: a node says what is asked and where each answer leads; what happens there is in `routing.nodes`. `then`
is where a call goes on; empty in the three that stand at the top of a plan, which lead to each other and then
to its start.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NewType

import attrs

from routing import cause
from routing.facts import CallerClass
from routing.hours import When
from routing.ids import NodeName, PromptName, TargetName
from routing.measure import (
    Calls,
    Li,
    LongS,
    MonthCalls,
    OptionalS,
    Percent,
    RingS,
    Together,
    Tries,
    Waiting,
    WaitS,
)
from routing.origin import AreaCode, Origin
from routing.secret import Secret

BUSY_PROMPT: Final = PromptName("busy")
NOT_ALLOWED_PROMPT: Final = PromptName("not-allowed")
NEXT: Final = NodeName("")
"""From a node at the top of the plan: to the next of them, then to the plan's start."""

Key = NewType("Key", str)
"""A key of the caller's telephone: a digit, `*` or `#`."""


MailboxName = NewType("MailboxName", str)
"""Whose messages a voicemail's are; it may name a folder."""


class WhiteIs(StrEnum):
    """What a white list does: only its callers may call, or they go first in a queue."""

    EXCLUSIVE = "exclusive"
    PRIORITY = "priority"


@attrs.frozen
class Screen:
    """Who may call (O1–O4). Looked at in this order: class and overseas, black list, white list, areas.

    `areas_only`, if any, allows those areas alone; `areas_never` refuses those. `overseas` lets callers from
    abroad, Hong Kong, Macau and Taiwan in (O2); `anonymous` those without a number.
    """

    then: NodeName = NEXT
    black: Origin = Origin()
    white: Origin = Origin()
    white_is: WhiteIs = WhiteIs.EXCLUSIVE
    areas_only: frozenset[AreaCode] = frozenset()
    areas_never: frozenset[AreaCode] = frozenset()
    refuse: frozenset[CallerClass] = frozenset()
    overseas: bool = False
    anonymous: bool = True
    announce: bool = True


class LineMode(StrEnum):
    """How many calls at once (R10): a switchboard's lines, or a trunk group's."""

    SWITCHBOARD = "switchboard"
    TRUNK = "trunk"


LINES: Final = {LineMode.SWITCHBOARD: 10, LineMode.TRUNK: 30}
"""Calls at once where no other number was bought (R10)."""


@attrs.frozen
class Limit:
    """Caps on the month's cost (厘) and calls (O6), and on calls at once (R10).

    Over a month's cap the call is released. Over the lines it goes to `over`, or is released as busy without
    one.
    """

    then: NodeName = NEXT
    month_cost: Li | None = None
    month_calls: MonthCalls | None = None
    mode: LineMode | None = None
    lines: Calls | None = None
    over: NodeName | None = None

    def most_lines(self) -> int | None:
        """Calls at once, None for no limit."""
        return LINES[self.mode] if self.lines is None and self.mode else self.lines


@attrs.frozen
class Verify:
    """Ask for a password (O5, Q.1213 User Interaction): `tries` (1–9) times, then release.

    Waits `first_s` seconds (1–60) for the first key, `inter_s` (1–60) between keys.

    With `answer` the caller is answered first, for carriers that carry no keys before that; it is charged
    then.
    """

    password: Secret
    then: NodeName = NEXT
    prompt: PromptName = PromptName("password")
    wrong_prompt: PromptName = PromptName("password-wrong")
    tries: Tries = 3
    first_s: WaitS = 8
    inter_s: WaitS = 4
    answer: bool = False


@attrs.frozen(kw_only=True)
class OriginBranch(Origin):
    """Callers of this origin go to `then`."""

    then: NodeName


@attrs.frozen
class CompareOrigin:
    """Lead by where the caller is (R1, Q.1213 Compare): the first branch that fits, or `otherwise`."""

    branches: tuple[OriginBranch, ...]
    otherwise: NodeName


@attrs.frozen
class TimeBranch:
    """Calls that arrive at these times go to `then`."""

    when: When
    then: NodeName


@attrs.frozen
class CompareTime:
    """Lead by the moment of arrival (R2, Q.1213 Compare): the first branch that fits, or `otherwise`."""

    branches: tuple[TimeBranch, ...]
    otherwise: NodeName


@attrs.frozen
class ShareBranch:
    """This many of a hundred calls (`percent`, 1–100) go to `then`."""

    percent: Percent
    then: NodeName


@attrs.frozen
class Distribution:
    """Share calls out exactly (R3, Q.1213 Distribution); the percentages add up to 100."""

    branches: tuple[ShareBranch, ...]


@attrs.frozen
class Announcement:
    """Play prompts to the caller (M1, Q.1213 User Interaction), before the answer unless `answer`."""

    prompts: tuple[PromptName, ...]
    then: NodeName
    answer: bool = False


@attrs.frozen
class Menu:
    """Ask the caller to choose by key (M2, Q.1213 User Interaction).

    With `extensions` the caller may dial an extension of the plan too.

    A time-out and a wrong key each have their prompt; after `tries` (1–9) of them in all the call goes to `otherwise`.
    Waits `first_s` seconds (1–60) for the first key, `inter_s` (1–60) between keys.
    """

    prompts: tuple[PromptName, ...]
    keys: dict[Key, NodeName]
    otherwise: NodeName
    extensions: bool = False
    timeout_prompt: PromptName = PromptName("menu-timeout")
    wrong_prompt: PromptName = PromptName("menu-wrong")
    tries: Tries = 3
    first_s: WaitS = 8
    inter_s: WaitS = 3
    answer: bool = False


class Order(StrEnum):
    """In which order a hunt rings its targets (R4, R9)."""

    SEQUENTIAL = "sequential"
    RANDOM = "random"
    ROUND_ROBIN = "round-robin"
    LEAST_CALLS = "least-calls"
    TOGETHER = "together"


class ForwardOn(StrEnum):
    """What lets a hunt go on to its next target (R6)."""

    BOTH = "both"
    BUSY = "busy"
    NO_ANSWER = "no-answer"


class BusyAdvance(StrEnum):
    """When a busy target lets the hunt go on: at once (R8), or after its whole ring wait."""

    AT_ONCE = "at-once"
    AFTER_WAIT = "after-wait"


SEVERAL_RING_S: Final = 15
"""Ring wait of each target where there are several (R7)."""
LONE_RING_S: Final = 55
"""Ring wait where there is one target (R7: 50–60 s)."""


@attrs.frozen
class Hunt:
    """Ring targets until one answers (R4, R6–R9): a department, in the caller's eyes.

    `ring_s` (5–300 seconds) is the wait at each target without its own; None means R7's default for the number of
    targets. With order `together`, `wave` (1–3) telephones ring at once. `ringback` is heard in place of the ringing
    tone.
    When no target took the call it goes to `busy` if every target was busy, else to `otherwise`; without them
    it is released, after `announce`.
    `fax` passes audio through without echo cancelling (M6).
    """

    targets: tuple[TargetName, ...]
    order: Order = Order.SEQUENTIAL
    ring_s: RingS | None = None
    forward_on: ForwardOn = ForwardOn.BOTH
    busy_advance: BusyAdvance = BusyAdvance.AT_ONCE
    wave: Together = 3
    ringback: PromptName | None = None
    fax: bool = False
    busy: NodeName | None = None
    otherwise: NodeName | None = None
    announce: PromptName | None = None

    def wait_s(self, own_ring_s: int | None) -> int:
        """How long a target is rung, in seconds; `own_ring_s` is its own setting."""
        default = SEVERAL_RING_S if len(self.targets) > 1 else LONE_RING_S
        return own_ring_s or self.ring_s or default


@attrs.frozen
class Queue:
    """Wait until a target of the hunt `then` is free (R10, Q.1213 Queue); white-listed callers with priority go first.

    `most_waiting` (1–1000) callers wait at most; one more, and one who has waited `most_s` seconds (5–3600), goes to
    `otherwise`. After each `tell_s` seconds (0–3600) of music the caller hears their place, never if 0.
    """

    then: NodeName
    otherwise: NodeName
    music: PromptName = PromptName("queue-music")
    most_waiting: Waiting = 20
    most_s: LongS = 300
    tell_s: OptionalS = 30
    answer: bool = False


@attrs.frozen
class Voicemail:
    """Take a message (M4) of at most `most_s` seconds (5–3600), ended by `silence_s` seconds (1–60) of silence.

    The caller is answered.
    """

    mailbox: MailboxName
    greeting: PromptName = PromptName("voicemail-greeting")
    most_s: LongS = 120
    silence_s: WaitS = 5


class ReleaseCause(StrEnum):
    """The causes that a plan may release a call with."""

    NORMAL = "normal"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    NOT_ALLOWED = "not-allowed"
    UNREACHABLE = "unreachable"


CAUSES: Final = {
    ReleaseCause.NORMAL: cause.NORMAL,
    ReleaseCause.BUSY: cause.BUSY,
    ReleaseCause.NO_ANSWER: cause.NO_ANSWER,
    ReleaseCause.NOT_ALLOWED: cause.NOT_ALLOWED,
    ReleaseCause.UNREACHABLE: cause.UNREACHABLE,
}


@attrs.frozen
class Release:
    """End the call with a cause, after an announcement if there is one."""

    cause: ReleaseCause = ReleaseCause.NORMAL
    announce: PromptName | None = None


Node = (
    Screen
    | Limit
    | Verify
    | CompareOrigin
    | CompareTime
    | Distribution
    | Announcement
    | Menu
    | Hunt
    | Queue
    | Voicemail
    | Release
)

KINDS: Final[dict[str, type[Node]]] = {
    "screen": Screen,
    "limit": Limit,
    "verify": Verify,
    "origin": CompareOrigin,
    "time": CompareTime,
    "share": Distribution,
    "announce": Announcement,
    "menu": Menu,
    "hunt": Hunt,
    "queue": Queue,
    "voicemail": Voicemail,
    "release": Release,
}
"""What a document calls each kind of node."""

KIND_OF: Final = {kind: word for word, kind in KINDS.items()}


def _branches(branches: Sequence[OriginBranch | TimeBranch | ShareBranch]) -> tuple[tuple[str, NodeName], ...]:
    return tuple((f"branches.{at}.then", one.then) for at, one in enumerate(branches, 1))


def branches_of(node: Node) -> tuple[tuple[str, NodeName], ...]:
    """Every branch of a node with where it leads, as its author wrote them: (`branches.2.then`, `south`)."""
    match node:
        case CompareOrigin() | CompareTime():
            return (*_branches(node.branches), ("otherwise", node.otherwise))
        case Distribution():
            return _branches(node.branches)
        case Menu():
            return (*((f"keys.{key}", to) for key, to in node.keys.items()), ("otherwise", node.otherwise))
        case Hunt():
            found: tuple[tuple[str, NodeName | None], ...] = (("busy", node.busy), ("otherwise", node.otherwise))
        case Queue():
            found = (("then", node.then), ("otherwise", node.otherwise))
        case Limit():
            found = (("then", node.then), ("over", node.over))
        case Screen() | Verify() | Announcement():
            found = (("then", node.then),)
        case _:
            found = ()
    return tuple((branch, to) for branch, to in found if to)
