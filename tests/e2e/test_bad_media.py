"""Audio that is missing, odd or too much: a clear outcome for the caller, a record that says which, nothing stuck."""

from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL

import pytest
import trio

from b2bua.records.call_record import CallRecord, Party
from tests.support.sip_far_end import Far, Line, open_far
from tests.support.sip_text import field
from tests.support.sound import write_tone
from tests.support.switch import Switch, eventually

CALLER_HZ, TARGET_HZ, MENU_HZ = 440, 620, 500
_REFUSED = ("30000 RTP/AVP 18", "0 RTP/AVP 8", "30000 RTP/AVP 96", "30000 RTP/SAVPF 8")


async def plain(switch: Switch, target: Far, more: str = "") -> str:
    """A number with one target."""
    return await trio.to_thread.run_sync(switch.publish, f'desk = "{target.uri}"', more)


async def talk(carrier: Far, target: Far, number: str) -> tuple[Line, Line]:
    """A call that is answered."""
    caller = await carrier.call(number)
    desk = await target.rang()
    await desk.answer()
    await caller.until("SIP/2.0 200")
    return caller, desk


async def closed(switch: Switch, number: str) -> CallRecord:
    """The one record of a number, and no process left with a call of it."""
    (record,) = await trio.to_thread.run_sync(switch.closed, number)
    await trio.to_thread.run_sync(switch.released, number)
    return record


@pytest.mark.req("S1")
async def test_no_audio_at_all(switch: Switch) -> None:
    """Neither side ever sends a packet: after the plan's 1 s both get BYE, and the record says that media was lost."""
    async with open_far(switch.port) as carrier, open_far(switch.port) as target:
        number = await plain(switch, target, "media_lost_s = 1")
        caller = await carrier.call(number)
        caller.audio.sending = False
        desk = await target.rang()
        desk.audio.sending = False
        await desk.answer()
        await caller.until("BYE")
        await desk.until("BYE")
        record = await closed(switch, number)
    assert record.ending is not None
    assert (record.ending.slug, record.hung_up_by) == ("media-lost", Party.SWITCH)
    assert record.talk_ms < 9000


@pytest.mark.req("S1", "S5")
async def test_offers_that_kill_pjsip(switch: Switch) -> None:
    """Before the answer both ends add video by UPDATE, and a target declines its audio while it offers anew.

    Each of these made a call process abort. Both UPDATEs are answered, and the call goes on to the next target.
    """
    async with open_far(switch.port, CALLER_HZ) as carrier, open_far(switch.port, TARGET_HZ) as target:
        targets = f'one = "{target.uri}"\ntwo = "{target.uri}"'
        number = await trio.to_thread.run_sync(switch.publish, targets)
        caller = await carrier.call(number)
        one = await target.rang()
        await one.respond("183 Session Progress", one.sdp())
        await caller.until("SIP/2.0 183")
        for end in (caller, one):
            await end.request("UPDATE", end.sdp() + "m=video 40000 RTP/AVP 96\r\n")
            answer = await end.until("SIP/2.0 200", lambda message: "UPDATE" in field(message, "CSeq"))
            assert [line.split()[0] for line in answer.split("\r\n") if line.startswith("m=")] == ["m=audio", "m=video"]
        await one.respond("200 OK", one.sdp().replace(f"m=audio {one.audio.port}", "m=audio 0"))
        await one.request("INVITE")
        await one.until("BYE")
        two = await target.rang()
        await two.answer()
        await caller.until("SIP/2.0 200", lambda message: "INVITE" in field(message, "CSeq"))
        await caller.audio.until_hears(TARGET_HZ)
        await caller.hang_up()
        record = await closed(switch, number)
    assert [attempt.ending and attempt.ending.slug for attempt in record.attempts] == ["no-common-codec", "normal"]


@pytest.mark.req("S1")
async def test_audio_that_stops_and_a_call_on_hold(switch: Switch) -> None:
    """A side on hold may be silent for as long as it likes; one that stops sending while it talks is gone."""
    async with open_far(switch.port, CALLER_HZ) as carrier, open_far(switch.port, TARGET_HZ) as target:
        number = await plain(switch, target, "media_lost_s = 1")
        caller, desk = await talk(carrier, target, number)
        await caller.audio.until_hears(TARGET_HZ)
        caller.audio.sending = False
        await caller.request("INVITE", caller.sdp("inactive"))
        await caller.until("SIP/2.0 200", times=2)
        await trio.sleep(2.5)  # longer than media_lost_s: that nothing happens has no event
        assert not caller.came("BYE")
        await caller.request("INVITE", caller.sdp())
        await caller.until("SIP/2.0 200", times=3)
        caller.audio.sending = True
        await desk.audio.until_hears(CALLER_HZ)
        desk.audio.sending = False
        await caller.until("BYE")
        await desk.until("BYE")
        record = await closed(switch, number)
    assert record.ending is not None
    assert record.ending.slug == "media-lost"


@pytest.mark.req("S1")
async def test_payload_types_that_nobody_offered(switch: Switch) -> None:
    """A second of packets of an unknown type harms nothing; what is understood is heard after it."""
    async with open_far(switch.port, CALLER_HZ) as carrier, open_far(switch.port, TARGET_HZ) as target:
        number = await plain(switch, target)
        caller, desk = await talk(carrier, target, number)
        await desk.audio.until_hears(CALLER_HZ)
        for payload in (77, 3, 18, 127):
            caller.audio.send_as = payload
            await trio.sleep(0.25)  # so long each type is sent
        caller.audio.send_as = 8
        await desk.audio.until_hears(CALLER_HZ)
        await caller.hang_up()
        assert (await closed(switch, number)).hung_up_by is Party.CALLER


@pytest.mark.req("S1")
@pytest.mark.parametrize("media", _REFUSED)
async def test_an_offer_that_we_cannot_take(switch: Switch, media: str) -> None:
    """G.729 alone, port 0, a codec without a name, another profile: 488, before any process or record."""
    async with open_far(switch.port) as carrier, open_far(switch.port) as target:
        number = await plain(switch, target)
        carrier.media = media
        caller = await carrier.call(number)
        await caller.until("SIP/2.0 488")
    assert not await trio.to_thread.run_sync(switch.records, number)


@pytest.mark.req("S1", "R6")
@pytest.mark.parametrize("media", _REFUSED[:2])
async def test_an_answer_that_we_cannot_take(switch: Switch, media: str) -> None:
    """A target that answers with G.729 or with port 0 is hung up, and the next one is rung."""
    async with open_far(switch.port) as carrier, open_far(switch.port) as odd, open_far(switch.port, TARGET_HZ) as good:
        number = await trio.to_thread.run_sync(switch.publish, f'odd = "{odd.uri}"\ngood = "{good.uri}"')
        odd.media = media
        caller = await carrier.call(number)
        first = await odd.rang()
        await first.answer()
        second = await good.rang()
        await second.answer()
        await caller.audio.until_hears(TARGET_HZ)
        assert first.gone
        await caller.hang_up()
        record = await closed(switch, number)
    assert record.target == "good"
    assert record.talk_ms < 5000


@pytest.mark.req("M2")
async def test_ten_thousand_keys_in_a_row(switch: Switch) -> None:
    """The menu takes what it may and then releases the caller; the process is free again, and none died."""
    before = await trio.to_thread.run_sync(switch.processes)
    document = (
        '[nodes.main]\nkind = "menu"\nprompts = ["menu"]\nkeys = { 1 = "more" }\notherwise = "bye"\n'
        '[nodes.more]\nkind = "menu"\nprompts = ["menu"]\nkeys = { "*" = "main" }\notherwise = "bye"\n'
        '[nodes.bye]\nkind = "release"\ncause = "busy"\n'
    )
    with trio.fail_after(90):
        async with open_far(switch.port) as carrier:
            number = await trio.to_thread.run_sync(
                switch.publish, f'desk = "sip:x@127.0.0.1:9"\n{document}', 'start = "main"'
            )
            write_tone(Path(switch.state) / "prompts" / number / "menu.wav", MENU_HZ, 5)
            caller = await carrier.call(number)
            await caller.audio.until_hears(MENU_HZ)
            await caller.audio.burst("1*" * 5000)
            failed = await caller.until("SIP/2.0 4", timeout_s=40)
            record = await closed(switch, number)
    assert record.ending is not None
    assert field(failed, "CSeq") == "1 INVITE"
    assert (await trio.to_thread.run_sync(switch.processes))["crashed"] == before["crashed"]


@pytest.mark.soak
@pytest.mark.req("S1")
async def test_a_call_that_outlived_its_daemon_keeps_its_audio(own_switch: Callable[..., Switch]) -> None:
    """kill -9 and a new daemon: a new call takes no RTP port of one that is still up."""
    switch = await trio.to_thread.run_sync(lambda: own_switch(spare=1))
    with trio.fail_after(90):
        async with open_far(switch.port, CALLER_HZ) as carrier, open_far(switch.port, TARGET_HZ) as target:
            number = await plain(switch, target)
            old = await talk(carrier, target, number)
            await old[0].audio.until_hears(TARGET_HZ)
            await trio.to_thread.run_sync(switch.stop, SIGKILL)
            await trio.to_thread.run_sync(switch.start)
            new = await talk(carrier, target, number)
            for caller, desk in (new, old):
                del caller.audio.heard[:], desk.audio.heard[:]
                await caller.audio.until_hears(TARGET_HZ)
                await desk.audio.until_hears(CALLER_HZ)
            assert new[0].audio.to != old[0].audio.to
            for caller, desk in (new, old):
                await caller.hang_up()
                await desk.until("BYE")


@pytest.mark.req("M6")
async def test_a_fax(own_switch: Callable[..., Switch]) -> None:
    """A menu key leads to the fax: offered G.711 only, whatever is configured; T.38 is refused; no recording."""
    more = '[media]\ncodecs = ["G722", "PCMA", "PCMU"]'
    switch = await trio.to_thread.run_sync(lambda: own_switch(more=more))
    document = (
        '[nodes.main]\nkind = "menu"\nprompts = ["menu"]\nkeys = { 4 = "fax", 1 = "desk" }\notherwise = "desk"\n'
        '[nodes.fax]\nkind = "hunt"\ntargets = ["fax"]\nfax = true\n[nodes.desk]\nkind = "hunt"\ntargets = ["fax"]\n'
    )
    with trio.fail_after(90):
        async with open_far(switch.port, CALLER_HZ) as carrier, open_far(switch.port, TARGET_HZ) as fax:
            number = await trio.to_thread.run_sync(
                switch.publish, f'fax = "{fax.uri}"\n{document}', 'start = "main"\nrecord = true'
            )
            for key, payloads in (("4", {"8", "0"}), ("1", {"9", "8", "0"})):
                caller = await carrier.call(number)
                await caller.until("SIP/2.0 183")
                caller.audio.press(key)
                rung = await fax.rang()
                offered = field(rung.invite.replace("m=audio", "Media: audio"), "Media").split("RTP/AVP ")[1].split()
                assert {one for one in offered if int(one) < 96} == payloads
                await rung.answer()
                await rung.audio.until_hears(CALLER_HZ)
                t38 = rung.sdp().partition("m=audio")[0]
                await rung.request("INVITE", f"{t38}m=image {rung.audio.port} udptl t38\r\n")
                await rung.until("SIP/2.0 488")
                await caller.audio.until_hears(TARGET_HZ)
                await caller.hang_up()
                await rung.until("BYE")
            await trio.to_thread.run_sync(lambda: switch.closed(number, 2))
            kept = await trio.to_thread.run_sync(
                lambda: eventually(lambda: list((Path(switch.state) / "recordings").rglob("*.wav")), bool)
            )
    assert len({path.name.partition(".")[0] for path in kept}) == 1  # the second call's, which was no fax
