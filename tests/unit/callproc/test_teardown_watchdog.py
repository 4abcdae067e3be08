"""When a call that does not come down is given up."""

import pytest

from b2bua.callproc.timers import TOO_LONG_S, TeardownWatchdog


@pytest.mark.req("S5", "P1")
def test_only_what_never_settles_is_given_up() -> None:
    """PJSIP's longest time, 64.8 s, is waited for; a leg that comes in between begins the time anew."""
    lingering = TeardownWatchdog()
    assert not lingering.is_too_long(leaving=True, now=10.0)
    assert not lingering.is_too_long(leaving=True, now=10.0 + 64.8)
    assert not lingering.is_too_long(leaving=False, now=80.0)
    assert not lingering.is_too_long(leaving=True, now=90.0)
    assert not lingering.is_too_long(leaving=True, now=90.0 + TOO_LONG_S)
    assert lingering.is_too_long(leaving=True, now=90.1 + TOO_LONG_S)
