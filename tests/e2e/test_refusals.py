"""What the switch answers by itself, before any call process is taken."""

import re
from collections.abc import Callable

import pytest
import trio

from tests.e2e.test_calls import NEVER, refused_with, refuses
from tests.support.raw_sip import Raw
from tests.support.sip_far_end import open_far
from tests.support.switch import Switch, sip_uri


def status(answer: str) -> int:
    """The status code of a response."""
    return int(answer.split(" ", 2)[1])


def taken(carrier: Raw, invite: str) -> None:
    """The call is taken: 100, then its target rings. Its caller gives up, so that nothing of it is left."""
    carrier.send(invite)
    assert status(carrier.receive()) == 100
    while status(carrier.receive()) != 180:
        pass
    carrier.give_up(invite)


@pytest.mark.req("S5")
def test_options(switch: Switch) -> None:
    """A carrier that pings with OPTIONS gets 200 with what we allow."""
    with Raw(switch.address) as carrier:
        carrier.send(carrier.request("OPTIONS"))
        answer = carrier.receive()
    assert status(answer) == 200
    assert re.search("^Allow: .*INVITE", answer, re.MULTILINE)


@pytest.mark.req("N1", "N2")
@pytest.mark.parametrize("dialled", ["4009999999", "400123456", "40012345678", "4002345678", "02112345678", "hello"])
def test_unknown_or_malformed_number(switch: Switch, dialled: str) -> None:
    """A 400 number that is unknown, of a segment that no carrier has, or no 400 number at all is answered 404."""
    before = set(switch.call_processes())
    with Raw(switch.address) as carrier:
        carrier.send(carrier.invite(dialled))
        assert status(carrier.final()) == 404
    assert set(switch.call_processes()) <= before


@pytest.mark.req("N1")
def test_hyphens(switch: Switch) -> None:
    """A 400 number is the same number with hyphens."""
    with switch.target(NEVER) as never, Raw(switch.address) as carrier:
        number = switch.publish(f'desk = "{sip_uri(never.port)}"')
        taken(carrier, carrier.invite(f"{number[:3]}-{number[3:6]}-{number[6:]}"))
        never.wait()


@pytest.mark.req("N6", "S5")
def test_suspended(switch: Switch) -> None:
    """A suspended number is answered 480, an activated one is served again."""
    with switch.target(NEVER) as never, Raw(switch.address) as carrier:
        number = switch.publish(f'desk = "{sip_uri(never.port)}"')
        switch.ask("number.state", {"number": number, "state": "suspended"})
        carrier.send(carrier.invite(number))
        assert status(carrier.final()) == 480
        switch.ask("number.state", {"number": number, "state": "active"})
        taken(carrier, carrier.invite(number))
        never.wait()


@pytest.mark.req("S5")
def test_too_many_hops(switch: Switch) -> None:
    """Max-Forwards 0 is answered 483 (RFC 3261 §16.3)."""
    with Raw(switch.address) as carrier:
        carrier.send(carrier.request("INVITE", hops=0))
        assert status(carrier.final()) == 483


@pytest.mark.req("S5")
def test_no_room(own_switch: Callable[..., Switch]) -> None:
    """With every process taken, a call is answered 503, and not told to stay away; later calls are taken again."""
    switch = own_switch(spare=1, most=1)
    with switch.target(NEVER, calls=2) as never, Raw(switch.address) as carrier:
        number = switch.publish(f'never = "{sip_uri(never.port)}"')
        first = carrier.invite(number, call="first")
        carrier.send(first)
        while status(carrier.receive()) != 180:
            pass
        carrier.send(carrier.invite(number, call="second"))
        answer = carrier.final()
        assert "Call-ID: second" in answer
        assert status(answer) == 503
        assert "Retry-After" not in answer
        carrier.give_up(first)
        switch.await_ready(1)
        taken(carrier, carrier.invite(number, call="third"))
        never.wait()


@pytest.mark.req("S5")
def test_a_process_that_rests_keeps_no_ready_one_back(own_switch: Callable[..., Switch]) -> None:
    """While those that had a call still rest, the fresh ones that stand behind them take the next."""
    switch = own_switch(spare=1, rest_s=60)
    with switch.target(refuses(486, "Busy Here"), calls=3) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        for _ in range(3):
            switch.await_ready(1)
            with switch.caller(number, refused_with(486)) as caller:
                caller.wait()
        target.wait()


@pytest.mark.req("S5")
def test_our_own_loop(switch: Switch) -> None:
    """A plan whose target is its own 400 number does not eat the switch: the call comes back to us and is refused."""
    host, port = switch.address.split(":")
    number = switch.publish(f'self = "sip:400{"6009999"}@{host}:{port}"')
    again = switch.publish(f'self = "sip:{number}@{host}:{port}"')
    with Raw(switch.address) as carrier:
        carrier.send(carrier.invite(again))
        assert status(carrier.final()) in (404, 480, 482, 483)
    assert len(switch.closed(again)) == 1


@pytest.mark.req("S5", "R10")
def test_a_rush_waits_for_processes(own_switch: Callable[..., Switch]) -> None:
    """F16, F45: of forty calls at once, to four spares, each is served: those that find no process wait for one."""
    switch = own_switch(spare=4, most=60)
    with switch.target(refuses(486, "Busy Here"), calls=40) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        with switch.caller(number, refused_with(486), calls=40, options=["-r", "1000"]) as caller:
            caller.wait()
        target.wait()
    assert len(switch.closed(number, 40)) == 40


@pytest.mark.req("N3")
def test_a_caller_that_shows_a_400_number(switch: Switch) -> None:
    """A 400 number never dials out: such a caller is answered 403, before a call process is taken."""
    with switch.target(NEVER) as never, Raw(switch.address) as carrier:
        number = switch.publish(f'desk = "{sip_uri(never.port)}"')
        before = set(switch.call_processes())
        for shown in ("4006009999", "+864006009999"):
            carrier.send(carrier.invite(number, headers=f"P-Asserted-Identity: <sip:{shown}@127.0.0.1>\n"))
            assert status(carrier.final()) == 403
        assert set(switch.call_processes()) <= before
        taken(carrier, carrier.invite(number))
        never.wait()


@pytest.mark.req("O6")
async def test_refused_callers_leave_the_cap_to_others(switch: Switch) -> None:
    """With one call a month, two callers whom the screen refuses do not use it up; one who rings the target does."""
    with trio.fail_after(60):
        async with open_far(switch.port) as carrier, open_far(switch.port) as desk:
            plan = f'desk = "{desk.uri}"\n[screen]\nareas_never = ["021"]\nannounce = false\n[limit]\nmonth_calls = 1'
            number = await trio.to_thread.run_sync(switch.publish, plan)
            for count in (1, 2):
                await (await carrier.call(number, caller="02112345678")).until("SIP/2.0 486")
                await trio.to_thread.run_sync(switch.closed, number, count)
            let_in = await carrier.call(number, caller="075588881234")
            await (await desk.rang()).answer()
            await let_in.until("SIP/2.0 200")
            await let_in.hang_up()
            await (await carrier.call(number, caller="075588881234")).until("SIP/2.0 480")
            assert len(desk.lines) == 1
