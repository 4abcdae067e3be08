"""A recorded call decided again (S2): plan, facts and events in, the same trace and outcome out, or where they
differ."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from routing import flow, trace
from routing.event import Event
from routing.facts import Facts
from routing.plan import Plan
from routing.state import State


def replay(plan: Plan, facts: Facts, events: Iterable[Event]) -> State:
    """The state that a call comes to."""
    state = flow.begin(plan, facts)
    for event in events:
        state, _ = flow.step(plan, state, event)
    return state


def differences(recorded: Sequence[trace.PlainStep], state: State) -> list[str]:
    """Where a recorded trace and the replayed call differ, a line for each step that does; empty if nowhere."""
    replayed = [trace.to_plain(step) for step in state.trace]
    return [
        f"step {at}: recorded {_said(was)}, now {_said(now)}"
        for at, (was, now) in enumerate(zip_longest(recorded, replayed), 1)
        if was != now
    ]


def _said(step: trace.PlainStep | None) -> str:
    return f"{step['node']} → {step['chose']}" if step else "nothing"
