"""One call decided by two plans side by side, with the same things happening to it: do they ever part?

Rule: what is compared is what the caller, the targets and the record can tell; names of nodes and what is asked of
the daemon are not. Chance comes from a seeded generator, so a walk can be walked again.
"""

from random import Random
from typing import Any

import attrs

from routing import flow
from routing.cause import BUSY, NORMAL, from_sip
from routing.command import (
    Command,
    JoinQueue,
    LeaveQueue,
    LookAtTargets,
    Ring,
    StartTimer,
    StopTimer,
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
    TransferAsked,
)
from routing.facts import Facts, Usage
from routing.ids import CALLER
from routing.node import Menu
from routing.nodes.compare import ASK
from routing.plan import Plan
from routing.state import State
from tests.unit.routing.call_model import CallModel, Leg

MOST_STEPS = 40


class _Side:
    """One of the two plans, and where its call stands."""

    def __init__(self, plan: Plan, facts: Facts, chance: Random) -> None:
        self.plan = plan
        self.state: State = flow.begin(plan, facts)
        self.place = chance.randrange(100)
        self.in_line = chance.choice((0, 0, 1, 25))
        self.live = {name: chance.choice((0, 0, 0, 2, 5)) for name in sorted(plan.targets)}

    def feed(self, event: Event) -> tuple[Any, ...]:
        """What can be seen of the flow's answer, with what it asks of the daemon answered at once."""
        seen: list[Command] = []
        todo = [event]
        while todo:
            self.state, commands = flow.step(self.plan, self.state, todo.pop(0))
            for command in commands:
                match command:
                    case TakePlace(node=node):
                        todo.append(PlaceTaken(event.at_s, node, self.place))
                    case LookAtTargets(node=node, targets=targets):
                        live = {name: self.live[name] for name in targets}
                        todo.append(TargetsLooked(event.at_s, node, live, live, {}))
                    case JoinQueue(node=node, priority=priority):
                        todo.append(QueueMoved(event.at_s, node, 0 if priority else self.in_line))
                    case LeaveQueue():
                        pass
                    case StartTimer(timer=timer) | StopTimer(timer=timer) if timer == ASK:
                        pass
                    case Ring():
                        seen.append(Ring(command.leg, command.target, command.address, fax=command.fax))
                    case _:
                        seen.append(command)
        return tuple(seen)


def possible_events(model: CallModel, at_s: float, keys: list[str], names: list[str]) -> list[Event]:
    """What may happen next."""
    some: list[Event] = [TimerFired(at_s, timer) for timer in sorted(model.timers)]
    for leg, state in model.legs.items():
        if state is Leg.RINGING:
            some += [TargetFailed(at_s, leg, BUSY), TargetFailed(at_s, leg, from_sip(404, None))]
            some += [TargetRang(at_s, leg, early_media=True), TargetAnswered(at_s, leg)]
        elif state is Leg.STOPPING:
            some.append(TargetFailed(at_s, leg, NORMAL))
        elif state is Leg.ANSWERED:
            some += [TargetHungUp(at_s, leg, NORMAL), *(TransferAsked(at_s, leg, name) for name in names)]
        elif state is Leg.ENDING:
            some.append(TargetHungUp(at_s, leg, NORMAL))
    for leg, collect in model.collecting.items():
        if collect.secret:
            some += [SecretKeyed(at_s, leg, matched, KeysEnd.END_KEY) for matched in (True, True, False)]
        else:
            some += [DigitsKeyed(at_s, leg, key, KeysEnd.END_KEY) for key in keys]
    if model.hears and not model.hears.loop:
        some.append(PromptEnded(at_s, CALLER))
    if model.message:
        some.append(MessageTaken(at_s, 5))
    return some


def happen(model: CallModel, event: Event) -> None:
    """The event, on the model's side."""
    match event:
        case TimerFired(timer=timer):
            model.timers.discard(timer)
        case TargetFailed(leg=leg) | TargetHungUp(leg=leg):
            model.down(leg)
        case TargetAnswered(leg=leg):
            model.legs[leg] = Leg.ANSWERED
        case DigitsKeyed(leg=leg) | SecretKeyed(leg=leg):
            model.collecting.pop(leg)
            model.hears = None if leg == CALLER else model.hears
        case PromptEnded():
            model.hears = None
        case MessageTaken():
            model.message = False
        case _:
            pass


def decide_differently(old: Plan, new: Plan, facts: Facts, chance: Random) -> bool:
    """Whether one walk finds a call that the two plans decide differently."""
    usage = Usage(chance.choice((0, 0, 0, 400_000, 2_000_000)), chance.choice((0, 0, 0, 5, 50)))
    facts = attrs.evolve(
        facts, seed=chance.randrange(10**6), usage=usage, live_calls=chance.choice((0, 0, 0, 5, 10, 25, 100)), down={}
    )
    seed = chance.randrange(10**6)
    one, other = _Side(old, facts, Random(seed)), _Side(new, facts, Random(seed))
    names = sorted({*old.targets, *new.targets, *(target.address for target in old.targets.values())})
    keys = _keys(old) | _keys(new)
    model = CallModel(old)
    event: Event = Arrived(0)
    for step in range(MOST_STEPS):
        seen = one.feed(event)
        if seen != other.feed(event):
            return True
        for command in seen:
            model.carry_out(command)
        if one.state.over:
            return other.state.outcome != one.state.outcome
        if model.releasing:
            model.caller_up = False
            event = CallerReleased(step)
            continue
        some = possible_events(model, float(step), sorted(keys), names)
        event = chance.choice(some) if some else CallerHungUp(step, NORMAL)
        happen(model, event)
    return False


def _keys(plan: Plan) -> set[str]:
    menus = (node for node in plan.nodes.values() if isinstance(node, Menu))
    keys = {"", "7", *(key for menu in menus for key in menu.keys), *plan.extensions}
    ways = plan.transfer
    if ways:
        keys |= {ways.back, *(code + one for code in (ways.blind, ways.attended) for one in plan.extensions)}
    return set(map(str, keys))
