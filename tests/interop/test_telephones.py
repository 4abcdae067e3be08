"""Telephones that other people wrote, as targets and as callers: they ring, talk, key, hold, transfer and hang up."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path

import attrs
import pytest
import trio

from b2bua.records.call_record import CallRecord, Party
from tests.interop.peers import TONE_HZ, Telephone, baresip, linphone
from tests.support.rtp_end import Audio
from tests.support.sip_far_end import Far, Line, open_far
from tests.support.switch import Switch, sip_uri

pytestmark = [pytest.mark.interop, pytest.mark.req("S5")]

CALLER_HZ, OTHER_HZ = 620, 820
RINGING_HZ = 450
"""The Chinese ringing tone (GB/T 3380)."""
KEYS = "147*0#2580"


@attrs.frozen
class Make:
    """How a telephone is started, what its command line calls things, and what it prints of a ring and of a key."""

    start: Callable[..., AbstractContextManager[Telephone]]
    rings: str
    answer: str
    hang_up: str
    call: str
    hold: str
    resume: str
    transfer: str
    heard_key: str
    music: bool
    """Whether it sends its tone to whom it holds."""


BARESIP = Make(
    baresip,
    "Incoming call from",
    "/accept",
    "/hangup",
    "/dial {}",
    "x",
    "X",
    "/transfer {}",
    "received event: '{}'",
    False,
)
LINPHONE = Make(
    linphone,
    "new incoming call",
    "answer",
    "terminate",
    "call {}",
    "pause",
    "resume",
    "transfer {}",
    "Receiving tone {}",
    True,
)
MAKES = pytest.mark.parametrize("make", [pytest.param(BARESIP, id="baresip"), pytest.param(LINPHONE, id="linphone")])


@attrs.frozen
class Talk:
    """A caller who talks with a telephone; each hears the other's tone."""

    switch: Switch
    number: str
    caller: Line
    telephone: Telephone

    async def record(self) -> CallRecord:
        """The call's record, once it is closed."""
        (record,) = await trio.to_thread.run_sync(self.switch.closed, self.number)
        return record


async def publish(switch: Switch, targets: str, more: str = "") -> str:
    """Publish a plan; its number."""
    return await trio.to_thread.run_sync(switch.publish, targets, more)


async def press_all(telephone: Telephone, audio: Audio) -> None:
    """Press keys at a telephone one by one, and see that each reaches the other end, once."""
    for count, key in enumerate(KEYS, 1):
        telephone.command(key)
        await until_keys(audio, KEYS[:count])
    await trio.sleep(0.5)  # one that was doubled would come now
    assert audio.keys == KEYS


async def until_keys(audio: Audio, keys: str) -> None:
    """Wait until just these keys have come; fails the test with those that came."""
    assert await audio.until(lambda heard: heard.keys == keys), audio.keys


@asynccontextmanager
async def talking(
    switch: Switch, folder: Path, make: Make, *, targets: str = "", more: str = "", parameter: str = ""
) -> AsyncIterator[Talk]:
    """Let a caller talk with a telephone that answers by itself."""
    with make.start(folder / "telephone") as telephone:
        async with open_far(switch.port, CALLER_HZ) as carrier:
            uri = sip_uri(telephone.port) + parameter
            number = await publish(switch, f'{targets}\nseat = "{uri}"\n{more}')
            caller = await carrier.call(number)
            await caller.until("SIP/2.0 200")
            await caller.audio.until_hears(TONE_HZ)
            yield Talk(switch, number, caller, telephone)


@MAKES
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_the_caller_hangs_up(switch: Switch, tmp_path: Path, make: Make, transport: str) -> None:
    """It answers, its tone reaches the caller, the caller hangs up."""
    async with talking(switch, tmp_path, make, parameter=f";transport={transport}") as talk:
        await talk.caller.hang_up()
        record = await talk.record()
    assert record.hung_up_by is Party.CALLER
    assert record.answered_ms is not None


@MAKES
async def test_it_hangs_up(switch: Switch, tmp_path: Path, make: Make) -> None:
    """It answers and hangs up: the caller gets BYE, the record says who."""
    async with talking(switch, tmp_path, make) as talk:
        talk.telephone.command(make.hang_up)
        await talk.caller.until("BYE")
        record = await talk.record()
    assert record.hung_up_by is Party.TARGET


@MAKES
async def test_it_refuses(switch: Switch, tmp_path: Path, make: Make) -> None:
    """It rings and is refused by hand: the next target is rung, and its answer is the caller's."""
    with make.start(tmp_path / "telephone", mode="manual") as telephone:
        async with open_far(switch.port, CALLER_HZ) as carrier, open_far(switch.port, OTHER_HZ) as other_end:
            number = await publish(switch, f'a = "{sip_uri(telephone.port)}"\nb = "{other_end.uri}"')
            caller = await carrier.call(number)
            await caller.until("SIP/2.0 180")
            await telephone.until(make.rings)
            telephone.command(make.hang_up)
            other = await other_end.rang()
            await other.answer()
            await caller.audio.until_hears(OTHER_HZ)
            await caller.hang_up()
            (record,) = await trio.to_thread.run_sync(switch.closed, number)
    assert [attempt.target for attempt in record.attempts] == ["a", "b"]


@MAKES
async def test_it_is_not_answered(switch: Switch, tmp_path: Path, make: Make) -> None:
    """It rings for its time, gets CANCEL, and the next target is rung."""
    with make.start(tmp_path / "telephone", mode="manual") as telephone:
        async with open_far(switch.port, CALLER_HZ) as carrier, open_far(switch.port, OTHER_HZ) as other_end:
            address = f'{{ address = "{sip_uri(telephone.port)}", ring_s = 5 }}'
            number = await publish(switch, f'a = {address}\nb = "{other_end.uri}"')
            caller = await carrier.call(number)
            await telephone.until(make.rings)
            other = await other_end.rang()
            await other.answer()
            await caller.audio.until_hears(OTHER_HZ)
            await caller.hang_up()
            (record,) = await trio.to_thread.run_sync(switch.closed, number)
    assert [attempt.target for attempt in record.attempts] == ["a", "b"]
    assert record.target == "b"


@MAKES
async def test_the_caller_gives_up(switch: Switch, tmp_path: Path, make: Make) -> None:
    """It rings, the caller cancels: it stops ringing, and can be called again at once."""
    with make.start(tmp_path / "telephone", mode="manual") as telephone:
        async with open_far(switch.port, CALLER_HZ) as carrier:
            number = await publish(switch, f'a = "{sip_uri(telephone.port)}"')
            caller = await carrier.call(number)
            await caller.until("SIP/2.0 180")
            await caller.cancel()
            await caller.until("SIP/2.0 487")
            await trio.to_thread.run_sync(switch.closed, number)
            again = await carrier.call(number)
            await telephone.until(make.rings, times=2)
            telephone.command(make.answer)
            await again.audio.until_hears(TONE_HZ)
            await again.hang_up()


@MAKES
async def test_it_holds_and_resumes(switch: Switch, tmp_path: Path, make: Make) -> None:
    """It puts the caller on hold, for longer than a moment, and takes the caller back: its tone is heard again."""
    async with talking(switch, tmp_path, make) as talk:
        talk.telephone.command(make.hold)
        if not make.music:
            assert await talk.caller.audio.until(lambda audio: not audio.hears(TONE_HZ))
        await trio.sleep(1)
        assert talk.caller.audio.hears(TONE_HZ) == make.music
        talk.telephone.command(make.resume)
        await talk.caller.audio.until_hears(TONE_HZ)
        await talk.caller.hang_up()
        record = await talk.record()
    assert record.hung_up_by is Party.CALLER


@MAKES
async def test_the_callers_keys_reach_it(switch: Switch, tmp_path: Path, make: Make) -> None:
    """Each key of the caller is seen by it, once."""
    async with talking(switch, tmp_path, make) as talk:
        for key in "159#":
            talk.caller.audio.press(key)
            await talk.telephone.until(make.heard_key.format(key))
        await talk.caller.hang_up()


@MAKES
async def test_its_keys_reach_the_caller(switch: Switch, tmp_path: Path, make: Make) -> None:
    """Keys pressed at it come to the caller as events, each once and in order."""
    async with talking(switch, tmp_path, make) as talk:
        await press_all(talk.telephone, talk.caller.audio)
        await talk.caller.hang_up()


@MAKES
async def test_it_transfers_blindly(switch: Switch, tmp_path: Path, make: Make) -> None:
    """It sends REFER to an extension: the caller and the extension hear each other, and it is free."""
    async with open_far(switch.port, OTHER_HZ) as other_end:
        other_target = f'other = "{other_end.uri}"'
        more = '[extensions]\n801 = "other"\n[transfer]\n[nodes.desk]\nkind = "hunt"\ntargets = ["seat"]'
        async with talking(switch, tmp_path, make, targets=other_target, more=more) as talk:
            talk.telephone.command(make.transfer.format(f"sip:801@{switch.address}"))
            other = await other_end.rang()
            await other.answer()
            await talk.caller.audio.until_hears(OTHER_HZ)
            await other.audio.until_hears(CALLER_HZ)
            await talk.caller.hang_up()
            record = await talk.record()
    assert [attempt.target for attempt in record.attempts] == ["seat", "other"]


@asynccontextmanager
async def early(switch: Switch, folder: Path) -> AsyncIterator[tuple[Line, Telephone]]:
    """Call baresip where it answers with 180 and 183 with SDP, and sends no RTP before the answer."""
    with baresip(folder / "telephone", mode="early") as telephone:
        async with open_far(switch.port, CALLER_HZ) as carrier:
            number = await publish(switch, f'a = "{sip_uri(telephone.port)}"')
            caller = await carrier.call(number)
            assert "m=audio" in await caller.until("SIP/2.0 183")
            yield caller, telephone
            await caller.hang_up()


async def test_baresip_offers_early_media(switch: Switch, tmp_path: Path) -> None:
    """183 with SDP, then the answer: both reach the caller, who hears it from the answer on."""
    async with early(switch, tmp_path) as (caller, telephone):
        telephone.command("/accept")
        await caller.until("SIP/2.0 200")
        await caller.audio.until_hears(TONE_HZ)


@pytest.mark.xfail(reason="F4: silence where 183 with SDP is followed by no RTP")
async def test_ringing_while_baresip_sends_no_early_media(switch: Switch, tmp_path: Path) -> None:
    """183 with SDP and no RTP: the caller hears the ringing tone until the answer."""
    async with early(switch, tmp_path) as (caller, telephone):
        try:
            await caller.audio.until_hears(RINGING_HZ, 10)
        finally:
            telephone.command("/accept")
            await caller.until("SIP/2.0 200")


@asynccontextmanager
async def calling(switch: Switch, folder: Path, make: Make, phone: Far) -> AsyncIterator[tuple[Telephone, Line, str]]:
    """Let a telephone call a number whose target answers; the telephone, the target's line, the number."""
    with make.start(folder / "telephone", user="02112345678") as telephone:
        number = await publish(switch, f'a = "{phone.uri}"')
        telephone.command(make.call.format(f"sip:{number}@{switch.address}"))
        target = await phone.rang()
        await target.answer()
        await target.audio.until_hears(TONE_HZ)
        yield telephone, target, number


@MAKES
@pytest.mark.parametrize("who", ["caller", "target"])
async def test_it_calls(switch: Switch, tmp_path: Path, make: Make, who: str) -> None:
    """It calls, is heard by the target, and either end hangs up."""
    async with open_far(switch.port, OTHER_HZ) as phone, calling(switch, tmp_path, make, phone) as (it, target, number):
        if who == "caller":
            it.command(make.hang_up)
            await target.until("BYE")
        else:
            await target.hang_up()
        (record,) = await trio.to_thread.run_sync(switch.closed, number)
    assert record.caller == "02112345678"
    assert record.hung_up_by is Party(who)


@MAKES
async def test_it_calls_and_holds(switch: Switch, tmp_path: Path, make: Make) -> None:
    """It calls, puts the target on hold and takes it back: its tone is heard again."""
    async with open_far(switch.port, OTHER_HZ) as phone, calling(switch, tmp_path, make, phone) as (it, target, number):
        it.command(make.hold)
        if not make.music:
            assert await target.audio.until(lambda audio: not audio.hears(TONE_HZ))
        await trio.sleep(1)
        it.command(make.resume)
        await target.audio.until_hears(TONE_HZ)
        it.command(make.hang_up)
        await target.until("BYE")
        (record,) = await trio.to_thread.run_sync(switch.closed, number)
    assert record.hung_up_by is Party.CALLER


@MAKES
async def test_its_keys_as_a_caller(switch: Switch, tmp_path: Path, make: Make) -> None:
    """It calls; keys pressed at it reach the target as events, each once and in order."""
    async with open_far(switch.port, OTHER_HZ) as phone, calling(switch, tmp_path, make, phone) as (it, target, _):
        await press_all(it, target.audio)
        it.command(make.hang_up)
        await target.until("BYE")
