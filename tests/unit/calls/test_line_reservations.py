"""Lines that are promised to calls about to ring: nobody is told a line is free that another was told is free (R10)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.calls.line_reservations import PROMISE_S, LineReservations
from routing.ids import CallId, Number400, TargetName

NUMBER, OTHER = Number400("4006001234"), Number400("4006001235")
DESK, DUTY = TargetName("desk"), TargetName("duty")
ONE, TWO = CallId("c1"), CallId("c2")


@pytest.mark.req("R10")
def test_a_promise_is_kept_until_the_call_has_rung_or_is_over() -> None:
    """Others count it, the call itself does not; its next attempt, its end and time release it."""
    for release in ("rang", "gone", "late", "again"):
        lines = LineReservations()
        lines.promise(NUMBER, ONE, [DESK], 1, 10.0)
        assert lines.promised(NUMBER, DESK, TWO, 10.0) == 1
        assert lines.promised(NUMBER, DESK, ONE, 10.0) == 0
        assert lines.promised(NUMBER, DUTY, TWO, 10.0) == 0
        assert lines.promised(OTHER, DESK, TWO, 10.0) == 0
        lines.rang(ONE, 1)  # no new attempt: it still makes up its mind
        assert lines.promised(NUMBER, DESK, TWO, 10.0) == 1
        now_s = 10.0
        match release:
            case "rang":
                lines.rang(ONE, 2)
            case "gone":
                lines.gone(ONE)
            case "again":
                lines.promise(NUMBER, ONE, [DUTY], 1, now_s)
            case _:
                now_s += PROMISE_S
        assert lines.promised(NUMBER, DESK, TWO, now_s) == 0


@pytest.mark.req("R10")
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=40), st.integers(1, 3))
def test_a_target_is_never_promised_more_often_than_it_has_lines(deeds: list[tuple[int, bool]], capacity: int) -> None:
    """Calls ask and go in any order, each promised a line only if one is free."""
    lines = LineReservations()
    holding: set[CallId] = set()
    for index, asks in deeds:
        call = CallId(f"c{index}")
        if asks and lines.promised(NUMBER, DESK, call, 0.0) < capacity:
            lines.promise(NUMBER, call, [DESK], 0, 0.0)
            holding.add(call)
        elif not asks:
            lines.gone(call)
            holding.discard(call)
        assert lines.promised(NUMBER, DESK, CallId("another"), 0.0) == len(holding) <= capacity
