"""The working copy of a call's state during one step, and the commands collected so far.

Rule: a context exists inside one `routing.flow.step` only; what leaves it is a frozen `State`.
"""

from typing import TypeVar

import attrs

from routing.command import Command, StartTimer, StopTimer
from routing.facts import Facts
from routing.hours import Moment
from routing.ids import LegId, NodeName, TimerName
from routing.node import Node
from routing.plan import Plan
from routing.state import Activity, Attempt, CallerLeg, Inbound, Outcome, Phase, Queued, State
from routing.trace import TraceStep

N = TypeVar("N", bound=Node)


@attrs.define
class StepContext:
    """`State`'s fields, changeable, with the plan they are decided by. `at_s` is the present moment."""

    plan: Plan
    facts: Facts
    at_s: float
    phase: Phase
    caller: CallerLeg
    attempts: tuple[Attempt, ...]
    activity: Activity | None
    forwards: int
    passed: int
    priority: bool
    queued: Queued | None
    menus: tuple[tuple[NodeName, str], ...]
    gathering: frozenset[LegId]
    timers: frozenset[TimerName]
    charged_from_s: float | None
    recording: bool
    outcome: Outcome | None
    trace: tuple[TraceStep, ...]
    commands: list[Command] = attrs.field(factory=list)
    _moment: Moment | None = attrs.field(default=None, init=False)

    @classmethod
    def open(cls, plan: Plan, state: State, at_s: float) -> "StepContext":
        """The state opened at a moment; one before the last event's counts as that (time never runs back)."""
        return cls(
            plan=plan,
            facts=state.facts,
            at_s=max(at_s, state.at_s),
            phase=state.phase,
            caller=state.caller,
            attempts=state.attempts,
            activity=state.activity,
            forwards=state.forwards,
            passed=state.passed,
            priority=state.priority,
            queued=state.queued,
            menus=state.menus,
            gathering=state.gathering,
            timers=state.timers,
            charged_from_s=state.charged_from_s,
            recording=state.recording,
            outcome=state.outcome,
            trace=state.trace,
        )

    def close(self) -> State:
        """The state that the next event will meet."""
        if self.outcome and self.caller.inbound is Inbound.DOWN and all(a.ended_s is not None for a in self.attempts):
            self.phase = Phase.ENDED
        return State(
            facts=self.facts,
            at_s=self.at_s,
            phase=self.phase,
            caller=self.caller,
            attempts=self.attempts,
            activity=self.activity,
            forwards=self.forwards,
            passed=self.passed,
            priority=self.priority,
            queued=self.queued,
            menus=self.menus,
            gathering=self.gathering,
            timers=self.timers,
            charged_from_s=self.charged_from_s,
            recording=self.recording,
            outcome=self.outcome,
            trace=self.trace,
        )

    def moment(self) -> Moment:
        """When the call arrived, with what the calendar and the subscriber say of that day; computed once a step."""
        if self._moment is None:
            self._moment = self.plan.moment(self.facts)
        return self._moment

    def node(self, name: NodeName, kind: type[N]) -> N:
        """A node of the plan, which must be of this kind: the call came through it as one."""
        node = self.plan.nodes[name]
        assert isinstance(node, kind)
        return node

    def do(self, *commands: Command) -> None:
        """Have commands carried out, in this order."""
        self.commands += commands

    def start_timer(self, timer: TimerName, after_s: float) -> None:
        """Start a timer of this call."""
        self.timers |= {timer}
        self.do(StartTimer(timer, after_s))

    def stop_timer(self, timer: TimerName) -> None:
        """Stop a timer if it runs."""
        if timer in self.timers:
            self.timers -= {timer}
            self.do(StopTimer(timer))

    def note(
        self,
        node: NodeName,
        kind: str,
        chose: str,
        *,
        looked_at: tuple[tuple[str, str], ...] = (),
        passed_over: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Write a decision into the trace."""
        self.trace += (TraceStep(self.at_s, node, kind, looked_at, chose, passed_over),)
