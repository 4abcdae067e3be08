"""Targets that do not take the call: each leads on, and what they said reaches the caller."""

import re

import pytest

from b2bua.ipc.protocol import Route
from b2bua.records.call_record import CallState, Party
from tests.support.phones import call, open_phone
from tests.support.process_host import open_house, plan_for
from tests.support.raw_sip import open_raw
from tests.support.sip_text import field


@pytest.mark.req("R6", "R7")
async def test_a_target_that_does_not_answer_is_cancelled_after_the_ring_wait_and_the_next_one_rings() -> None:
    """The first target rings for the plan's wait, gets CANCEL with a Reason, and the second is told of no answer."""
    async with open_house() as house, open_phone("--never") as first, open_phone() as second:
        house.plan = plan_for(first.address, second.address, ring_s=1)
        child = await house.spawn()
        outcome = await call(house.sip, "--seconds", "0.6")
        cancel = await house.forwarder.wait_for(lambda seen: seen.is_request("CANCEL"))
        await house.until(lambda: house.idle)
        (forwarded,) = house.forwarder.requests("INVITE", second.port)
    assert outcome["answered_ms"] > 1000
    assert cancel.to_port == first.port
    assert "Q.850;cause=19" in field(cancel.text, "Reason")
    assert "reason=no-answer" in field(forwarded, "Diversion")
    ending = child.updates[-1].attempts[0].ending
    assert ending is not None
    assert ending.slug == "no-answer"


@pytest.mark.req("R6", "R12")
@pytest.mark.parametrize(("said", "status", "q850"), [("486 Busy Here", 486, 17), ("404 Not Found", 404, 1)])
async def test_what_the_only_target_said_reaches_the_caller(said: str, status: int, q850: int) -> None:
    """The caller's final status is the target's, with its Q.850 cause; nothing is charged."""
    async with open_house() as house, open_raw() as target, open_raw() as caller:
        house.plan = plan_for(target.address)
        child = await house.spawn()
        await caller.request(house.forwarder.port, "INVITE", f"sip:4006001234@{house.sip}", caller.sdp(), branch="one")
        await target.respond(await target.receive("INVITE"), said)
        final = await caller.receive(f"SIP/2.0 {status}")
        caller.to = field(final, "To")
        await caller.request(house.forwarder.port, "ACK", f"sip:4006001234@{house.sip}", branch="one")
        await house.until(lambda: house.idle)
    assert f"Q.850;cause={q850}" in field(final, "Reason")
    record = child.updates[-1]
    assert (record.state, record.answered_ms, record.talk_ms) == (CallState.ENDED, None, 0)
    assert record.hung_up_by is Party.SWITCH


@pytest.mark.req("R6")
async def test_a_caller_who_gives_up_takes_the_ringing_target_along() -> None:
    """CANCEL from the caller becomes CANCEL to the target; the caller gets 487; there is no bill."""
    async with open_house() as house, open_phone("--never") as target, open_raw() as caller:
        house.plan = plan_for(target.address)
        child = await house.spawn()
        uri = f"sip:4006001234@{house.sip}"
        await caller.request(house.forwarder.port, "INVITE", uri, caller.sdp(), branch="one")
        await caller.receive("180")
        await caller.request(house.forwarder.port, "CANCEL", uri, branch="one")
        final = await caller.receive("487")
        caller.to = field(final, "To")
        await caller.request(house.forwarder.port, "ACK", uri, branch="one")
        cancel = await house.forwarder.wait_for(lambda seen: seen.is_request("CANCEL") and seen.to_port == target.port)
        await target.wait_for("status 487")
        await house.until(lambda: house.idle)
    assert "Q.850;cause=16" in field(cancel.text, "Reason")
    record = child.updates[-1]
    assert record.hung_up_by is Party.CALLER
    assert record.ending is not None
    assert (record.ending.slug, record.talk_ms, record.answered_ms) == ("caller-cancelled", 0, None)


@pytest.mark.req("R6", "F1")
async def test_an_answer_that_crosses_our_cancel_is_hung_up_and_not_billed() -> None:
    """The target's 200 comes after CANCEL was sent to it: it gets ACK and BYE, and the record shows no talk."""
    async with open_house() as house, open_raw() as target, open_raw() as caller:
        house.plan = plan_for(target.address)
        child = await house.spawn()
        uri = f"sip:4006001234@{house.sip}"
        await caller.request(house.forwarder.port, "INVITE", uri, caller.sdp(), branch="one")
        invite = await target.receive("INVITE")
        await target.respond(invite, "180 Ringing")
        await caller.receive("180")
        await caller.request(house.forwarder.port, "CANCEL", uri, branch="one")
        cancel = await target.receive("CANCEL")
        await target.respond(invite, "200 OK", target.sdp())
        await target.respond(cancel, "200 OK")
        await target.receive("ACK")
        bye = await target.receive("BYE")
        await target.respond(bye, "200 OK")
        await house.until(lambda: house.idle)
    record = child.updates[-1]
    assert (record.state, record.talk_ms, record.answered_ms) == (CallState.ENDED, 0, None)
    assert record.attempts[0].answered_ms is None


@pytest.mark.req("M9")
async def test_the_target_behind_a_gateway_sees_caller_400_number_and_hops() -> None:
    """From and P-Asserted-Identity carry the caller's number, Diversion the 400 number; the hop count goes along."""
    async with open_house() as house, open_raw() as gateway, open_raw() as caller:
        house.plan = plan_for("021-6228 8300")
        house.routes = (Route("gw", "127.0.0.1", gateway.port),)
        house.assign = {"max_forwards": 41}
        await house.spawn()
        uri = f"sip:4006001234@{house.sip}"
        await caller.request(house.forwarder.port, "INVITE", uri, caller.sdp(), branch="one")
        invite = await gateway.receive("INVITE")
        await gateway.respond(invite, "486 Busy Here")
        await caller.receive("486")
    assert invite.startswith(f"INVITE sip:02162288300@127.0.0.1:{gateway.port} SIP/2.0")
    assert field(invite, "From").startswith("<sip:02112345678@switch.test>")
    assert field(invite, "P-Asserted-Identity") == "<sip:02112345678@switch.test>"
    assert field(invite, "Diversion") == "<sip:4006001234@switch.test>;reason=unconditional"
    assert field(invite, "X-S400-Max-Forwards") == "41"
    assert re.fullmatch(rf"<sip:[0-9a-f]+@127\.0\.0\.1:{house.forwarder.port}>", field(invite, "Contact"))
