"""A call told as a transcript: events in, commands out, for example tests that read like the call itself."""

from datetime import datetime
from typing import Any

import attrs

from routing import document, flow
from routing.command import Command
from routing.event import Arrived, Event
from routing.facts import Caller, CallerClass, Facts
from routing.ids import CallId, TrunkName
from routing.plan import Plan
from tests.unit.routing.strategies import SHANGHAI

HEAD = 'number = "400-600-1234"\nsubscriber = "示例公司"\n'
TWO_TARGETS = HEAD + '[targets]\nfront-desk = "021-6228 8300"\nmobile = "138 0013 8000"\n'
ONE_TARGET = HEAD + '[targets]\nfront-desk = "021-6228 8300"\n'


def facts_of(plan: Plan, **given: Any) -> Facts:
    """A Shanghai landline calls at ten on a Wednesday morning, unless said otherwise."""
    usual = Facts(
        call_id=CallId("c-1"),
        dialled=plan.number,
        caller=Caller("02112345678", CallerClass.FIXED, "021", "上海"),
        trunk=TrunkName("carrier"),
        arrived=datetime(2026, 4, 15, 10, 0, tzinfo=SHANGHAI),
    )
    return attrs.evolve(usual, **given)


class Call:
    """One call of a plan; `then` feeds an event and gives the commands that answer it."""

    def __init__(self, text: str, **given: Any) -> None:
        self.plan = document.parse(text)
        self.state = flow.begin(self.plan, facts_of(self.plan, **given))
        self.first = self.then(Arrived(0.0))

    def then(self, event: Event) -> tuple[Command, ...]:
        """Feed one event."""
        self.state, commands = flow.step(self.plan, self.state, event)
        return commands

    def over(self) -> bool:
        """Whether every leg is down and the outcome is set."""
        return self.state.over
