"""What would happen to a call: the flow run against simulated telephones (N8).

Rule: the same `step` as in a real call decides; only the call process is simulated: prompts end, keys come as given,
targets behave as `World` says, everything else goes as usual. The last line says how the call ends.
"""

from collections.abc import Callable, Collection, Mapping
from typing import TypedDict

import attrs

from routing import flow, secret, trace
from routing.cause import BUSY, NORMAL, Blame
from routing.command import (
    CollectDigits,
    Command,
    HangUp,
    JoinQueue,
    LookAtTargets,
    Play,
    Release,
    Ring,
    StartTimer,
    StopPlaying,
    StopRinging,
    StopTimer,
    TakeMessage,
    TakePlace,
)
from routing.event import (
    Arrived,
    CallerHungUp,
    CallerReleased,
    DigitsKeyed,
    Event,
    KeysEnd,
    MessageTaken,
    PlaceTaken,
    PromptEnded,
    QueueMoved,
    SecretKeyed,
    TargetAnswered,
    TargetFailed,
    TargetHungUp,
    TargetRang,
    TargetsLooked,
    TimerFired,
)
from routing.facts import Facts
from routing.ids import CALLER, LegId, NodeName, TargetName
from routing.number import print_number
from routing.plan import Plan
from routing.state import Phase, State


@attrs.frozen
class World:
    """What the call meets: the keys its caller will key (one entry for each time they are asked), who is what.

    `busy` targets refuse, `silent` ones never answer, all others answer after two seconds. `places` is the next place
    in line at each node, 0 if not given; `live` how many calls each target has now.
    """

    keys: tuple[str, ...] = ()
    busy: Collection[TargetName] = ()
    silent: Collection[TargetName] = ()
    places: Mapping[NodeName, int] = attrs.field(factory=dict)
    live: Mapping[TargetName, int] = attrs.field(factory=dict)


@attrs.frozen
class Explained:
    """A call from arrival to its end: the events that happened, and the state at last."""

    events: tuple[Event, ...]
    state: State


MOST_EVENTS = 2000
"""No call of a sound plan comes near; a caller who keys for ever is cut off."""


class _Simulation:
    """The call process of a simulated call: which events are due, and when (seconds since arrival)."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.keys = list(world.keys)
        self.due: list[tuple[float, int, Event]] = []
        self.order = 0
        self.now = 0.0

    def soon(self, after_s: float, event: Event) -> None:
        self.due.append((self.now + after_s, self.order, event))
        self.order += 1

    def drop(self, unwanted: Callable[[Event], bool]) -> None:
        self.due = [entry for entry in self.due if not unwanted(entry[2])]

    def next(self) -> Event | None:
        if not self.due:
            return None
        entry = min(self.due, key=lambda one: one[:2])
        self.due.remove(entry)
        self.now = entry[0]
        return attrs.evolve(entry[2], at_s=self.now)

    def carry_out(self, command: Command) -> None:
        match command:
            case Ring(leg=leg, target=target):
                self._ring(leg, target)
            case StopRinging(leg=leg, cause=cause):
                self.drop(lambda event: getattr(event, "leg", None) == leg)
                self.soon(0.1, TargetFailed(0, leg, cause))
            case HangUp(leg=leg, cause=cause):
                self.soon(0.1, TargetHungUp(0, leg, cause))
            case Release():
                self.soon(0.1, CallerReleased(0))
            case StartTimer(timer=timer, after_s=after_s):
                self.soon(after_s, TimerFired(0, timer))
            case StopTimer(timer=timer):
                self.drop(lambda event: isinstance(event, TimerFired) and event.timer == timer)
            case Play(leg=leg, prompts=prompts, loop=loop):
                self._play(leg, 0 if loop else len(prompts))
            case StopPlaying(leg=leg):
                self._play(leg, 0)
            case _:
                self._ask(command)

    def _ask(self, command: Command) -> None:
        """What the caller and the daemon are asked."""
        match command:
            case CollectDigits(leg=leg) if leg == CALLER:
                self._collect(command)
            case TakePlace(node=node):
                self.soon(0, PlaceTaken(0, node, self.world.places.get(node, 0)))
            case LookAtTargets(node=node, targets=targets):
                live = {target: self.world.live.get(target, 0) for target in targets}
                self.soon(0, TargetsLooked(0, node, live, live, {}))
            case JoinQueue(node=node):
                self.soon(0, QueueMoved(0, node, 0))
            case TakeMessage():
                self.soon(10.0, MessageTaken(0, 10))
            case _:
                pass

    def _play(self, leg: LegId, prompts: int) -> None:
        """Play so many prompts of three seconds; 0 for silence, or for what has no end."""
        self.drop(lambda event: isinstance(event, PromptEnded) and event.leg == leg)
        if prompts:
            self.soon(3.0 * prompts, PromptEnded(0, leg))

    def _ring(self, leg: LegId, target: TargetName) -> None:
        if target in self.world.busy:
            self.soon(0.5, TargetFailed(0, leg, BUSY))
            return
        self.soon(1.0, TargetRang(0, leg, early_media=False))
        if target not in self.world.silent:
            self.soon(2.0, TargetAnswered(0, leg))

    def _collect(self, collect: CollectDigits) -> None:
        keys = self.keys.pop(0) if self.keys else ""
        ended = KeysEnd.END_KEY if keys else KeysEnd.FIRST_TIMEOUT
        after_s = 1.0 if keys else 3.0 + collect.first_s
        if keys:  # the first key stops the prompt without a word
            self.drop(lambda event: isinstance(event, PromptEnded))
        if collect.secret:
            matched = secret.matches(secret.Secret(collect.secret), keys)
            self.soon(after_s, SecretKeyed(0, CALLER, matched, ended))
        else:
            self.soon(after_s, DigitsKeyed(0, CALLER, keys[: collect.most], ended))


def explain(plan: Plan, facts: Facts, world: World) -> Explained:
    """Decide a call in this world. A caller who is connected hangs up after ten seconds; so does one cut off."""
    simulated = _Simulation(world)
    state = flow.begin(plan, facts)
    events: list[Event] = []
    event: Event | None = Arrived(0)
    while event is not None and not state.over:
        talked = state.phase is Phase.TALKING
        state, commands = flow.step(plan, state, event)
        events.append(event)
        for command in commands:
            simulated.carry_out(command)
        if (state.phase is Phase.TALKING and not talked) or len(events) == MOST_EVENTS:
            simulated.soon(10.0, CallerHungUp(0, NORMAL))
        event = simulated.next()
    return Explained(tuple(events), state)


def decision(state: State) -> str:
    """How a call ended, in a line."""
    if state.outcome is None:
        return "the call goes on"
    cause = state.outcome.cause
    if state.charged_from_s is not None:
        ended = "" if cause.blame is Blame.SUCCESS else f", ended by {cause.slug}"
        return f"connected to {state.outcome.target}{ended}"
    return f"released: {cause.slug} (SIP {cause.sip}, Q.850 {cause.q850})"


def lines(explained: Explained) -> list[str]:
    """The whole course of the call for people, a line for each decision, the outcome last."""
    entries: list[tuple[float, list[str]]] = []
    for step in explained.state.trace:
        looked_at = [f"looked at {what}: {was}" for what, was in step.looked_at if was]
        passed = [f"passed over {branch}: {why}" for branch, why in step.passed_over]
        entries.append((step.at_s, [f"{step.node} ({step.kind}) → {step.chose}", *looked_at, *passed]))
    for attempt in explained.state.attempts:
        answered = attempt.answered_s is not None
        why = (
            f"answered at {attempt.answered_s:.1f} s" if answered else attempt.cause.slug if attempt.cause else "rings"
        )
        entries.append((attempt.began_s, [f"ring {attempt.target} ({print_number(attempt.address)}): {why}"]))
    entries.sort(key=lambda entry: entry[0])
    text = [f"{at:7.1f} s  {head}" + "".join(f"\n{'':11}{one}" for one in more) for at, (head, *more) in entries]
    return [line for entry in text for line in entry.split("\n")] + [decision(explained.state)]


class PlainAttempt(TypedDict):
    """One attempt for programs; times in seconds since arrival, None where it did not come to that."""

    target: TargetName
    address: str
    began_s: float
    answered_s: float | None
    cause: str | None


class PlainExplained(TypedDict):
    """An explained call for programs: the steps of its trace, its attempts, and `decision`'s line."""

    trace: list[trace.PlainStep]
    attempts: list[PlainAttempt]
    decision: str


def to_plain(explained: Explained) -> PlainExplained:
    """The same for programs."""
    state = explained.state
    return {
        "trace": [trace.to_plain(step) for step in state.trace],
        "attempts": [
            {
                "target": attempt.target,
                "address": attempt.address,
                "began_s": attempt.began_s,
                "answered_s": attempt.answered_s,
                "cause": attempt.cause.slug if attempt.cause else None,
            }
            for attempt in state.attempts
        ],
        "decision": decision(state),
    }
