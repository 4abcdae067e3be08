"""What the end of a leg means to the flow of its call (F11, F6)."""

import pytest

from b2bua.callproc.leg_end import leg_ended
from b2bua.callproc.leg_events import LegDown
from routing.cause import Blame
from routing.event import CallerHungUp, TargetFailed
from routing.ids import CALLER, LegId
from routing.state import State
from tests.unit.callproc.test_invitation import FACTS


@pytest.mark.req("S1")
@pytest.mark.parametrize("status", [401, 407, 420, 421, 494])
def test_what_is_wanted_from_us_becomes_bad_gateway(status: int) -> None:
    """A challenge or an extension that a target requires of us never reaches the caller as it came."""
    event = leg_ended(LegDown(LegId(1), status, 0), State(FACTS), 1.0)
    assert isinstance(event, TargetFailed)
    assert (event.cause.sip, event.cause.q850) == (502, 38)


@pytest.mark.req("S1")
@pytest.mark.parametrize(
    ("q850", "slug"), [(26, "answered-elsewhere"), (16, "caller-cancelled"), (0, "caller-cancelled")]
)
def test_why_a_caller_cancelled(q850: int, slug: str) -> None:
    """Only a CANCEL that says so counts as a call that was taken elsewhere."""
    event = leg_ended(LegDown(CALLER, 487, q850), State(FACTS), 1.0)
    assert isinstance(event, CallerHungUp)
    assert event.cause.slug == slug


@pytest.mark.req("S1")
def test_an_acknowledgement_without_an_answer_is_the_callers_doing() -> None:
    """488 of a caller that we did not release: our offer got no answer."""
    event = leg_ended(LegDown(CALLER, 488, 0), State(FACTS), 1.0)
    assert isinstance(event, CallerHungUp)
    assert (event.cause.slug, event.cause.blame) == ("no-common-codec", Blame.CLIENT)
