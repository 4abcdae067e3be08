"""Where one call stands: a value, replaced whole by each step.

Rule: it holds only what a later step or the call's record needs, and nothing that could be derived from the
plan.
"""

from enum import StrEnum

import attrs

from routing.cause import Cause
from routing.facts import Facts
from routing.ids import LegId, NodeName, PromptName, TargetName, TimerName
from routing.trace import TraceStep


class Phase(StrEnum):
    """Where a call stands, in the words of the record and the console."""

    ROUTING = "routing"
    HEARING = "hearing"
    RINGING = "ringing"
    TALKING = "talking"
    ENDING = "ending"
    ENDED = "ended"


class HungUpBy(StrEnum):
    """Who ended a call."""

    CALLER = "caller"
    TARGET = "target"
    SWITCH = "switch"
    OPERATOR = "operator"


@attrs.frozen
class Outcome:
    """How the call ended; set once. `target` is the one it last talked to, if any."""

    cause: Cause
    hung_up_by: HungUpBy
    target: TargetName | None = None


@attrs.frozen
class Attempt:
    """One try at one target, which is one outbound leg; times in seconds since arrival.

    `stopped` is the cause that we ended it with, once we have asked for that; `cause` is how it ended. `fax`: a fax
    line was rung (M6).
    """

    leg: LegId
    target: TargetName
    address: str
    began_s: float
    rang_s: float | None = None
    answered_s: float | None = None
    ended_s: float | None = None
    cause: Cause | None = None
    stopped: Cause | None = None
    fax: bool = False

    @property
    def ringing(self) -> bool:
        """Not answered, not down, and not asked to stop."""
        return self.answered_s is None and self.ended_s is None and self.stopped is None


class Inbound(StrEnum):
    """The caller's leg."""

    UP = "up"
    RELEASING = "releasing"
    DOWN = "down"


@attrs.frozen
class CallerLeg:
    """The inbound leg: its state, when the caller heard ringing and was answered, and what was signalled so
    far.

    `alerted` are the legs whose early media the caller has been given, with `CALLER` standing for a plain
    180.
    `hears` is what is played to the caller now, empty for nothing; `loops` whether without end. `audio_open`: the
    caller was given audio, ours or a target's (183 with SDP, or 200), and makes no ringing tone of its own any more.
    """

    inbound: Inbound = Inbound.UP
    rang_s: float | None = None
    answered_s: float | None = None
    alerted: tuple[LegId, ...] = ()
    hears: tuple[PromptName, ...] = ()
    loops: bool = False
    audio_open: bool = False


@attrs.frozen
class Distributing:
    """A place in line was asked for at a Distribution."""

    node: NodeName


@attrs.frozen
class PreparingHunt:
    """A hunt has asked what must be fresh; `taken` is its place in line, once it is known or not needed."""

    node: NodeName
    taken: int | None = None


@attrs.frozen
class Hunting:
    """Targets are being rung.

    `waiting` are those still to be rung, `ringing` the legs of the present wave. `since` is how many attempts
    the call had before this hunt, `full` how many of its targets had no line free. `pausing`: a busy target's
    ring wait runs out.
    """

    node: NodeName
    waiting: tuple[TargetName, ...]
    since: int
    full: int = 0
    ringing: tuple[LegId, ...] = ()
    pausing: bool = False


@attrs.frozen
class Announcing:
    """The caller hears an announcement to its end."""

    node: NodeName


@attrs.frozen
class NotifyingCaller:
    """The caller hears the recording notice (M5); at its end the call goes on to this node."""

    node: NodeName


@attrs.frozen
class NotifyingParties:
    """The caller and the target on this leg hear that their call is recorded; `hearing` still do.

    A caller who heard it before, and is being transferred, hears music instead.
    """

    leg: LegId
    hearing: frozenset[LegId]


@attrs.frozen
class CollectingKeys:
    """The caller is asked for keys, for the last time when `tries` is 1."""

    node: NodeName
    tries: int


@attrs.frozen
class Queueing:
    """The caller waits in a queue since `since_s`; `at` is how many are before this call, None until that is known.

    `looking`: it was asked whether a target is free. `is_back`: a target was free, and refused.
    """

    node: NodeName
    since_s: float
    at: int | None = None
    looking: bool = False
    is_back: bool = False


@attrs.frozen
class TakingMessage:
    """The caller hears the greeting of a mailbox, or speaks after it."""

    node: NodeName


@attrs.frozen
class Talking:
    """The caller talks with a target on this leg."""

    leg: LegId


@attrs.frozen
class Transferring:
    """The seat on leg `seat` hands the caller over; the caller hears music.

    `ringing` is the leg that rings now, `waiting` are the targets after it, `looking` means that their lines
    were asked for. `consulting` is the leg that the seat talks with, in an attended transfer by key. `referred` means
    that the seat's telephone asked by REFER and gets reports; `replaces` as in `TransferAsked`. `recalling`
    means that nobody was found and the seat, which has hung up, is rung again. `fax`: a fax line is rung.
    """

    seat: LegId
    attended: bool
    waiting: tuple[TargetName, ...]
    looking: bool = False
    ringing: LegId | None = None
    consulting: LegId | None = None
    referred: bool = False
    replaces: str = ""
    recalling: bool = False
    fax: bool = False


@attrs.frozen
class FinalAnnouncement:
    """The caller hears why the call ends, and is then released."""

    outcome: Outcome


Activity = (
    Distributing
    | PreparingHunt
    | Hunting
    | Announcing
    | NotifyingCaller
    | NotifyingParties
    | CollectingKeys
    | Queueing
    | TakingMessage
    | Talking
    | Transferring
    | FinalAnnouncement
)
"""What the call is doing between two events (ITU-T Q.1214: its point in call); each has its own reactions."""


@attrs.frozen
class Queued:
    """The queue from which a call came to the hunt that it is in, where it has waited since `since_s`.

    `refused` are targets that refused a call a moment ago: the hunt passes them over.
    """

    node: NodeName
    since_s: float
    refused: tuple[TargetName, ...]


@attrs.frozen
class State:
    """One call between two events.

    `over`: every leg is down and the outcome is set, the process may rest. `charged_from_s` is the moment
    from which the forwarded leg is charged (F1): the first target's answer that the caller was connected to.
    `forwards` counts how often the call went on from one target to the next (R6), `passed` the nodes it came
    through. `priority` is a white-listed caller's who goes first (O4). `queued` is where the call goes back to, at its
    old place, when the targets of a hunt refuse it (R10). `menus` are the menus that the caller chose at
    and what was keyed (M8). `gathering` are the legs whose keys are being collected. `recording`: what is said is
    recorded now (M5).
    """

    facts: Facts
    at_s: float = 0.0
    phase: Phase = Phase.ROUTING
    caller: CallerLeg = CallerLeg()
    attempts: tuple[Attempt, ...] = ()
    activity: Activity | None = None
    forwards: int = 0
    passed: int = 0
    priority: bool = False
    queued: Queued | None = None
    menus: tuple[tuple[NodeName, str], ...] = ()
    gathering: frozenset[LegId] = frozenset()
    timers: frozenset[TimerName] = frozenset()
    charged_from_s: float | None = None
    recording: bool = False
    outcome: Outcome | None = None
    trace: tuple[TraceStep, ...] = ()

    @property
    def over(self) -> bool:
        """All legs are down and the outcome is set."""
        return self.phase is Phase.ENDED

    @property
    def answered_s(self) -> float | None:
        """When the caller was answered."""
        return self.caller.answered_s

    @property
    def rang_s(self) -> float | None:
        """When the caller first heard that it rings."""
        return self.caller.rang_s
