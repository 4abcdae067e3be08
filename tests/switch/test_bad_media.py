"""Audio that is missing, odd or too much: a clear outcome for the caller, a record that says which, nothing stuck."""

from pathlib import Path

import pytest
import trio

from b2bua.record import CallRecord, Party
from tests.pj.sound import write_tone
from tests.pj.wire import field
from tests.switch.conftest import Switch, eventually
from tests.switch.far import Far, Line, open_far

CALLER_HZ, TARGET_HZ, MENU_HZ = 440, 620, 500


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
    """The one record of a number, and no process left with a call."""
    (record,) = await trio.to_thread.run_sync(switch.closed, number)
    await trio.to_thread.run_sync(lambda: eventually(switch.call_processes, lambda busy: not busy))
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
        await caller.until("BYE", timeout_s=5)
        await desk.until("BYE")
        record = await closed(switch, number)
    assert record.ending is not None
    assert (record.ending.slug, record.hung_up_by) == ("media-lost", Party.SWITCH)
    assert record.talk_ms < 4000


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
        await trio.sleep(2.5)
        assert not caller.came("BYE")
        await caller.request("INVITE", caller.sdp())
        await caller.until("SIP/2.0 200", times=3)
        caller.audio.sending = True
        await desk.audio.until_hears(CALLER_HZ)
        desk.audio.sending = False
        await caller.until("BYE", timeout_s=5)
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
            await trio.sleep(0.25)
        caller.audio.send_as = 8
        await desk.audio.until_hears(CALLER_HZ)
        await caller.hang_up()
        assert (await closed(switch, number)).hung_up_by is Party.CALLER


@pytest.mark.req("S1")
@pytest.mark.parametrize("media", ["40000 RTP/AVP 18", "0 RTP/AVP 8", "40000 RTP/AVP 96", "40000 RTP/SAVPF 8"])
async def test_an_offer_that_we_cannot_take(switch: Switch, media: str) -> None:
    """G.729 alone, port 0, a codec without a name, another profile: 488, before any process or record."""
    async with open_far(switch.port) as carrier, open_far(switch.port) as target:
        number = await plain(switch, target)
        carrier.media = media
        caller = await carrier.call(number)
        await caller.until("SIP/2.0 488")
    assert not await trio.to_thread.run_sync(switch.records, number)


@pytest.mark.req("S1", "R6")
@pytest.mark.parametrize("media", ["40000 RTP/AVP 18", "0 RTP/AVP 8"])
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
    with trio.fail_after(50):
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
