"""Session descriptions as carriers send them: hold, delayed offer, no common codec, early media, glare."""

import pytest

from b2bua.records.call_record import CallState, Party
from tests.support.phones import call, open_phone
from tests.support.ports import free_ports
from tests.support.process_host import House, open_house, plan_for
from tests.support.raw_sip import RawEnd, open_raw
from tests.support.sip_text import field


def _contact(message: str) -> str:
    return field(message, "Contact").partition("<")[2].partition(">")[0]


async def _call_up(house: House, caller: RawEnd) -> str:
    """Call from a raw end and be answered; the URI of the dialog's far end."""
    uri = f"sip:4006001234@{house.sip}"
    await caller.request(house.forwarder.port, "INVITE", uri, caller.sdp())
    answer = await caller.receive("200 OK")
    caller.to = field(answer, "To")
    await caller.request(house.forwarder.port, "ACK", _contact(answer))
    return _contact(answer)


async def _hang_up(house: House, caller: RawEnd, uri: str) -> None:
    caller.cseq += 1
    await caller.request(house.forwarder.port, "BYE", uri)
    while "BYE" not in field(await caller.receive("200 OK"), "CSeq"):
        pass


@pytest.mark.req("S1", "S5")
async def test_hold_and_resume_from_the_caller() -> None:
    """A re-INVITE with sendonly is answered recvonly, the next with sendrecv brings the audio back, and BYE ends it."""
    async with open_house() as house, open_phone("--echo") as target, open_raw() as caller:
        house.plan = plan_for(target.address)
        child = await house.spawn()
        uri = await _call_up(house, caller)
        for version, (offered, answered) in enumerate([("sendonly", "recvonly"), ("sendrecv", "sendrecv")], 2):
            caller.cseq += 1
            await caller.request(house.forwarder.port, "INVITE", uri, caller.sdp(offered, version=version))
            answer = await caller.receive("200 OK")
            await caller.request(house.forwarder.port, "ACK", uri)
            assert f"a={answered}" in answer
        await _hang_up(house, caller, uri)
        await house.until(lambda: house.idle)
    record = child.updates[-1]
    assert record.hung_up_by is Party.CALLER
    assert record.ending is not None
    assert record.ending.slug == "normal"


@pytest.mark.req("S1", "S5")
async def test_an_invite_without_session_description_gets_an_offer_and_is_bridged() -> None:
    """Delayed offer: our 200 offers, the caller's ACK answers, and the target hears the caller leave."""
    async with open_house() as house, open_phone() as target, open_raw() as caller:
        house.plan = plan_for(target.address)
        child = await house.spawn()
        uri = f"sip:4006001234@{house.sip}"
        await caller.request(house.forwarder.port, "INVITE", uri)
        answer = await caller.receive("200 OK")
        assert "m=audio" in answer
        caller.to = field(answer, "To")
        await caller.request(house.forwarder.port, "ACK", _contact(answer), caller.sdp())
        await house.until(lambda: child.updates[-1].state is CallState.TALKING)
        await _hang_up(house, caller, _contact(answer))
        await target.wait_for("ended")
        await house.until(lambda: house.idle)
    assert child.updates[-1].state is CallState.ENDED


@pytest.mark.req("S5")
async def test_no_common_codec_is_488_and_a_closed_record() -> None:
    """An offer of G.729 only is refused with 488; the call has a record and the process takes the next one."""
    async with open_house() as house, open_phone() as target, open_raw() as caller:
        house.plan = plan_for(target.address)
        child = await house.spawn()
        uri = f"sip:4006001234@{house.sip}"
        await caller.request(house.forwarder.port, "INVITE", uri, caller.sdp(payload="18"))
        refusal = await caller.receive("488")
        caller.to = field(refusal, "To")
        await caller.request(house.forwarder.port, "ACK", uri)
        await house.until(lambda: house.idle)
        outcome = await call(house.sip, "--seconds", "0.6")
    closed = [record for record in child.updates if record.call_id == "call-1"][-1]
    assert closed.state is CallState.ENDED
    assert closed.ending is not None
    assert closed.ending.slug == "no-common-codec"
    assert outcome["exit"] == 0


@pytest.mark.req("S1", "M1")
async def test_early_media_of_the_target_is_heard_before_the_answer() -> None:
    """The target's 183 with a tone reaches the caller as 183, and the tone is heard though nobody ever answers."""
    options = ("--never", "--early-media", "--tone", "700")
    async with open_house() as house, open_phone(*options) as target:
        house.plan = plan_for(target.address, ring_s=2)
        child = await house.spawn()
        outcome = await call(house.sip)
        await house.until(lambda: house.idle)
    assert outcome["early_media"]
    assert outcome["answered_ms"] is None
    assert outcome["heard_hz"] == pytest.approx(700, abs=2)
    assert child.updates[-1].talk_ms == 0


@pytest.mark.req("S1")
async def test_a_target_that_hangs_up_ends_the_caller_too() -> None:
    """BYE from the target becomes BYE to the caller, with the reason, and the record names who hung up."""
    async with open_house() as house, open_phone("--hang-up-after", "0.5") as target, open_raw() as caller:
        house.plan = plan_for(target.address)
        child = await house.spawn()
        await _call_up(house, caller)
        bye = await caller.receive("BYE")
        await caller.respond(bye, "200 OK")
        await house.until(lambda: house.idle)
    assert "Q.850;cause=16" in field(bye, "Reason")
    assert child.updates[-1].hung_up_by is Party.TARGET


@pytest.mark.req("S5")
async def test_a_reinvite_that_crosses_another_transaction_is_491() -> None:
    """Two re-INVITEs at once on one dialog: the second is refused with 491 or 500 and the call stays up."""
    async with open_house() as house, open_raw() as target, open_raw() as caller:
        house.plan = plan_for(target.address)
        child = await house.spawn()
        uri = f"sip:4006001234@{house.sip}"
        await caller.request(house.forwarder.port, "INVITE", uri, caller.sdp())
        invite = await target.receive("INVITE")
        await target.respond(invite, "200 OK", target.sdp())
        answer = await caller.receive("200 OK")
        caller.to = field(answer, "To")
        # No ACK: our 200 is still under way when the caller's re-INVITE comes (RFC 3261, 14.2).
        caller.cseq += 1
        await caller.request(house.forwarder.port, "INVITE", _contact(answer), caller.sdp(version=2))
        refused = await caller.receive("SIP/2.0 ")
        while "INVITE" not in field(refused, "CSeq") or field(refused, "CSeq").startswith("1 ") or " 100 " in refused:
            refused = await caller.receive("SIP/2.0 ")
        assert refused.startswith(("SIP/2.0 491", "SIP/2.0 500"))
        assert child.updates[-1].state is CallState.TALKING


@pytest.mark.req("S5")
async def test_rtp_stays_within_the_given_ports() -> None:
    """With --rtp-ports both legs announce ports of the process's own share of that range."""
    given = free_ports(32)
    shares = f"{given[0]}-{given[-1]}"
    async with open_house("--rtp-ports", shares) as house, open_raw() as target, open_raw() as caller:
        house.plan = plan_for(target.address)
        await house.spawn()
        await house.spawn()
        uri = f"sip:4006001234@{house.sip}"
        await caller.request(house.forwarder.port, "INVITE", uri, caller.sdp())
        invite = await target.receive("INVITE")
        await target.respond(invite, "200 OK", target.sdp())
        answer = await caller.receive("200 OK")
    ports = [int(message.partition("m=audio ")[2].split()[0]) for message in (invite, answer)]
    assert all(port in given for port in ports)
    assert len({(port - given[0]) // 16 for port in ports}) == 1


@pytest.mark.req("M1")
async def test_a_trunk_that_takes_no_early_media_gets_plain_ringing() -> None:
    """The target's 183 with audio reaches such a carrier as 180 without a session description."""
    options = ("--early-media", "--answer-after", "0.5")
    async with open_house() as house, open_phone(*options) as target, open_raw() as caller:
        house.plan = plan_for(target.address)
        house.assign = {"early_media": False}
        await house.spawn()
        uri = f"sip:4006001234@{house.sip}"
        await caller.request(house.forwarder.port, "INVITE", uri, caller.sdp())
        ringing = await caller.receive("180")
        await caller.receive("200 OK")
    assert "m=audio" not in ringing
    assert not [message for message in caller.unread if message.startswith("SIP/2.0 183")]
