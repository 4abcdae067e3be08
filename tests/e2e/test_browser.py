"""The console in a real browser, before a real switch with real calls."""

from collections.abc import Callable
from pathlib import Path

import pytest

from b2bua.console.protocol import Role
from b2bua.control.tokens import Tokens
from tests.e2e.test_calls import ANSWERS, TALKS
from tests.support.chromium import Seat, chromium, web
from tests.support.sipp import Target, recv
from tests.support.switch import Switch, sip_uri

HUNG_UP = [*TALKS[:6], recv("BYE", timeout_ms=60_000), Target.respond(200, "OK", tag=False)]
WAITS = [*ANSWERS[:4], recv("BYE", timeout_ms=60_000), ANSWERS[5]]


@pytest.mark.soak
@pytest.mark.req("S3", "S4", "T4", "S5")
def test_a_day_at_the_browser(own_switch: Callable[..., Switch], tmp_path: Path) -> None:
    """Log in, see a call come and go, publish an edit that the next call obeys; a viewer is refused by the daemon."""
    switch = own_switch()
    tokens = Tokens(switch.state / "tokens.toml")
    given = {name: tokens.add(name, role) for name, role in (("wang", Role.OPERATOR), ("li", Role.VIEWER))}
    with web(switch.state, tmp_path) as url, chromium() as browser:
        wang, li = Seat(browser, url), Seat(browser, url)
        wang.log_in("wang", given["wang"])
        wang.sees("Calls", "Numbers")
        li.log_in("li", "a guess")
        li.page.wait_for_selector("text=wrong name or token")
        li.log_in("li", given["li"])
        li.sees("Calls")
        number = see_a_call_and_end_it(switch, wang, li)
        move_its_target(switch, wang, number)
        trail = switch.ask("audit.find", {"number": number, "who": "wang"})
        assert isinstance(trail, dict)
        assert [row["operation"] for row in trail["rows"]] == ["plan.publish", "call.hangup"]
        tokens.remove("li")
        li.sees("token was removed")
        assert wang.asked_elsewhere == li.asked_elsewhere == []
        assert len(wang.page.screenshot(path=tmp_path / "wang.png")) > 10_000
    assert list((tmp_path / "run").iterdir()) == []


def see_a_call_and_end_it(switch: Switch, wang: Seat, li: Seat) -> str:
    """A call comes; the viewer may not hang it up, the operator may; its number."""
    with switch.target(WAITS) as desk:
        number = switch.publish(f'desk = "{sip_uri(desk.port)}"')
        with switch.caller(number, HUNG_UP) as caller:
            wang.sees("021-1234 5678", "talking")
            li.sees("021-1234 5678")
            li.press("x")
            li.sees("Hang up the call")
            li.press("y")
            li.sees("needs the role operator")
            wang.press("x")
            wang.sees("Hang up the call")
            wang.press("y")
            caller.wait()
        wang.sees("operator")
        desk.wait()
    return number


def move_its_target(switch: Switch, wang: Seat, number: str) -> None:
    """The operator changes the target by form and publishes; the next call goes there."""
    with switch.target(ANSWERS) as mobile:
        wang.press("2")
        wang.sees("400-600-0001")
        wang.press("Home", "Enter")
        wang.sees("as live")
        wang.press("F4")
        wang.sees("Target desk")
        wang.press("Enter")
        wang.sees("address")
        wang.press("End", "Control+u")
        wang.type(sip_uri(mobile.port))
        wang.press("Control+s")
        wang.sees("draft, not published")
        wang.press("F9")
        wang.sees("Publish: in effect")
        wang.type("from the browser")
        wang.press("Enter")
        wang.sees("published: in effect")
        with switch.caller(number, TALKS) as caller:
            caller.wait()
        mobile.wait()
