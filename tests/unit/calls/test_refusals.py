"""Targets that refused a call: for how long a queue takes none of them for free (R10)."""

import attrs
import pytest

from b2bua.calls.refusals import Refusals
from b2bua.records.call_record import Attempt, Ending
from routing.cause import ANSWERED_ELSEWHERE, BUSY, NO_ANSWER, Cause, from_sip
from routing.ids import Number400, TargetName
from routing.legs import REFUSED_S
from tests.support.samples import ARRIVED_MS, open_record

NUMBER, DESK = Number400("4006001234"), TargetName("desk")


def refused(cause: Cause, *, answered: bool = False, ended_ms: int = ARRIVED_MS) -> Refusals:
    """What is known after a call whose attempt at the desk ended so; noted at 100 s."""
    why = Ending(cause.slug, cause.q850, cause.sip, cause.blame)
    attempt = Attempt(1, DESK, "sip:desk@pbx", ARRIVED_MS, None, ended_ms if answered else None, ended_ms, why)
    refusals = Refusals()
    refusals.note(attrs.evolve(open_record(), attempts=(attempt,)), 100.0)
    return refusals


@pytest.mark.req("R10")
@pytest.mark.parametrize(
    ("cause", "is_refusal"),
    [
        (BUSY, True),
        (from_sip(603, None), True),
        (from_sip(480, None), True),
        (from_sip(503, None), True),
        (NO_ANSWER, False),
        (ANSWERED_ELSEWHERE, False),
    ],
)
def test_what_is_a_refusal(cause: Cause, is_refusal: bool) -> None:
    """A target's own final answer is one; our end of a ring wait, or of a leg that another was faster than, is none."""
    assert refused(cause).is_recent(NUMBER, DESK, 100.0) is is_refusal


@pytest.mark.req("R10")
def test_how_long_a_refusal_counts() -> None:
    """For `REFUSED_S` seconds, for this target of this number only; the same attempt in a later record is no news."""
    refusals = refused(BUSY)
    assert refusals.is_recent(NUMBER, DESK, 99.9 + REFUSED_S)
    assert not refusals.is_recent(NUMBER, DESK, 100.0 + REFUSED_S)
    assert not refusals.is_recent(Number400("4006009999"), DESK, 100.0)
    assert not refusals.is_recent(NUMBER, TargetName("other"), 100.0)
    assert not refused(BUSY, answered=True).is_recent(NUMBER, DESK, 100.0)
    attempt = Attempt(1, DESK, "sip:desk@pbx", ARRIVED_MS, None, None, ARRIVED_MS, Ending("busy", 17, 486, BUSY.blame))
    ringing = attrs.evolve(attempt, ended_ms=None, ending=None)
    refusals.note(attrs.evolve(open_record(), attempts=(attempt, ringing)), 120.0)
    assert not refusals.is_recent(NUMBER, DESK, 100.0 + REFUSED_S)
    refusals.note(attrs.evolve(open_record(), attempts=(attrs.evolve(attempt, ended_ms=ARRIVED_MS + 1),)), 120.0)
    assert refusals.is_recent(NUMBER, DESK, 119.0 + REFUSED_S)
