"""The working copy of a state: it holds every field of the state, and gives all of them back."""

from typing import get_type_hints

import attrs
from hypothesis import given, settings

from routing import flow
from routing.explain import World, explain
from routing.facts import Facts
from routing.plan import Plan
from routing.state import State
from routing.step_context import StepContext
from tests.unit.routing.example import entered_anywhere
from tests.unit.routing.strategies import facts


def test_a_context_has_every_field_of_a_state_with_its_type() -> None:
    """A field that is added to `State` and forgotten in `StepContext`, or has another type there, is found."""
    own, of_state = get_type_hints(StepContext), get_type_hints(State)
    assert {name: own.get(name) for name in of_state} == of_state
    assert set(own) - set(of_state) == {"plan", "commands", "_moment"}


@settings(max_examples=30)
@given(entered_anywhere(), facts())
def test_a_state_that_is_opened_and_closed_is_the_same(plan: Plan, of: Facts) -> None:
    """No field is lost or exchanged on the way, at any point of a call."""
    state = flow.begin(plan, of)
    for event in explain(plan, of, World(keys=("2580", "2"))).events:
        state, _ = flow.step(plan, state, event)
        again = StepContext.open(plan, state, 0.0).close()
        assert attrs.asdict(again, recurse=False) == attrs.asdict(state, recurse=False)
