"""Draws the state machine of a call by exploring it: `python -m tests.support.call_states` writes its page.

Rule: every arrow was taken by `routing.flow.step` in a simulated call; nothing is kept by hand. The calls are random
but seeded: the same code gives the same page. An arrow that no such call takes is not on it.
"""

from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Final

import attrs

from routing import flow
from routing.cause import NORMAL
from routing.command import JoinQueue, LookAtTargets, TakePlace
from routing.event import (
    Arrived,
    CallerHungUp,
    CallerReleased,
    Event,
    MediaLost,
    OperatorHungUp,
    PlaceTaken,
    PromptEnded,
    QueueMoved,
    TargetsLooked,
)
from routing.facts import DayKind
from routing.ids import CALLER, NodeName
from routing.plan import GATES, Announced, Plan
from routing.state import State
from tests.unit.routing.call_model import CallModel
from tests.unit.routing.calls import facts_of
from tests.unit.routing.example import PLAN
from tests.unit.routing.paired_calls import happen, possible_events

PAGE: Final = Path(__file__).parents[2] / "docs" / "call-states.md"
CALLS: Final = 6000
"""Calls that are simulated; of 12,000, call 5,708 was the last to take a new arrow (2026-11)."""
MOST_EVENTS: Final = 40
KEYS: Final = ("", "1", "2", "4", "0", "801", "*2801", "*3802", "*1", "2580")
REFERRED: Final = ("801", "802", "mobile")

HEAD: Final = """\
# States of a call

What a call is doing between two events (`routing.state.Activity`), and which event (`routing.event`) takes it from one
activity to another. Made from the code by `python -m tests.support.call_states`, by exploring simulated calls of a plan
that uses every kind of node; a test sees that the page is up to date. Events that leave the activity as it is are not
drawn. *Ending* stands for all that follows the call's outcome: legs only go down.

"""

Arrows = dict[tuple[str, str], set[str]]
"""From one activity to another, by which events."""


def _name(state: State) -> str:
    if state.outcome is not None:
        return "Ending"
    return type(state.activity).__name__ if state.activity else "Start"


def _plan(chance: Random) -> Plan:
    """The example plan, begun at some node, with or without a password, with one of the recording notices."""
    start = chance.choice(sorted(set(PLAN.nodes) - set(GATES)))
    with_password = chance.random() < 0.3
    nodes = {name: node for name, node in PLAN.nodes.items() if with_password or name != "verify"}
    return attrs.evolve(PLAN, nodes=nodes, start=NodeName(start), record_announce=chance.choice(list(Announced)))


def _next(model: CallModel, at_s: float, chance: Random) -> Event:
    """Something that may happen now, and its effect on the legs."""
    some = possible_events(model, at_s, list(KEYS), list(REFERRED))
    some += [PromptEnded(at_s, leg) for leg in sorted(model.hearing)]
    if model.queue:
        some.append(QueueMoved(at_s, model.queue, 0))
    if model.caller_up and model.releasing:
        some.append(CallerReleased(at_s))
    elif model.caller_up and (not some or chance.random() < 0.1):
        some += [CallerHungUp(at_s, NORMAL), OperatorHungUp(at_s, "operator"), MediaLost(at_s, CALLER)]
    event = chance.choice(some)
    if isinstance(event, PromptEnded) and event.leg != CALLER:
        model.hearing.discard(event.leg)
    elif isinstance(event, CallerReleased | CallerHungUp):
        model.caller_up = False
        model.hears = None
        model.collecting.pop(CALLER, None)
    else:
        happen(model, event)
    return event


def _call(chance: Random, arrows: Arrows) -> None:
    """One call from its arrival to its end."""
    plan = _plan(chance)
    state = flow.begin(plan, facts_of(plan, today=DayKind.WORKDAY, seed=chance.randrange(1000)))
    model = CallModel(plan)
    todo: list[Event] = [Arrived(0.0)]
    for at_s in range(MOST_EVENTS):
        while todo:
            event = todo.pop(0)
            before = _name(state)
            state, commands = flow.step(plan, state, event)
            if _name(state) != before:
                arrows[before, _name(state)].add(type(event).__name__)
            for command in commands:
                model.carry_out(command)
                match command:
                    case TakePlace(node=node) if chance.random() < 0.8:
                        todo.append(PlaceTaken(at_s, node, chance.randrange(50)))
                    case LookAtTargets(node=node, targets=targets) if chance.random() < 0.8:
                        live = {name: chance.choice((0, 0, 2)) for name in targets}
                        todo.append(TargetsLooked(at_s, node, live, live, {}))
                    case JoinQueue(node=node):
                        todo.append(QueueMoved(at_s, node, chance.choice((0, 0, 1, 30))))
                    case _:
                        pass
        if state.over:
            return
        todo.append(_next(model, float(at_s), chance))


def explored() -> Arrows:
    """Every arrow that the simulated calls took."""
    arrows: Arrows = defaultdict(set)
    for seed in range(CALLS):
        _call(Random(seed), arrows)
    return arrows


def page(arrows: Arrows) -> str:
    """The page in Markdown, with the diagram in Mermaid and the same arrows as a table."""
    drawn = ["```mermaid", "stateDiagram-v2", "    [*] --> Start", "    Ending --> [*]"]
    drawn += [f"    {before} --> {after}" for before, after in sorted(arrows)]
    rows = [
        f"| {before} | {after} | {', '.join(sorted(events))} |" for (before, after), events in sorted(arrows.items())
    ]
    return HEAD + "\n".join([*drawn, "```", "", "| From | To | By |", "|---|---|---|", *rows]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(explored()), encoding="utf-8")
