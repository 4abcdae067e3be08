"""Keys pressed while talking reach the other end, in whatever way each end sends and takes them (F1)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from tests.e2e.test_keys import key
from tests.support.rtp_end import Audio
from tests.support.sip_far_end import Far, Line, open_far
from tests.support.switch import Switch

KEYS = "147*0#25809D"
CALLER_HZ, TARGET_HZ = 440, 620
OURS = 120
"""The payload type that PJSIP offers for telephone-events."""


@asynccontextmanager
async def talking(
    switch: Switch, *, caller_codecs: str = "8 101", target_codecs: str = "8 101", events: int = 101, more: str = ""
) -> AsyncIterator[tuple[Line, Line]]:
    """A caller and a target who hear each other's tone."""
    async with (
        open_far(switch.port, CALLER_HZ, codecs=caller_codecs) as carrier,
        open_far(switch.port, TARGET_HZ, codecs=target_codecs) as phone,
    ):
        number = await trio.to_thread.run_sync(switch.publish, f'a = "{phone.uri}"', more)
        caller = await call(carrier, number, events)
        target = await phone.rang()
        await target.answer()
        await caller.audio.until_hears(TARGET_HZ)
        await target.audio.until_hears(CALLER_HZ)
        yield caller, target
        await caller.hang_up()


async def call(carrier: Far, number: str, events: int) -> Line:
    """Call with this payload type for telephone-events."""
    carrier.events = events
    return await carrier.call(number)


async def until_pressed(audio: Audio, keys: str) -> None:
    """Wait for these keys as events, and see that no more come; fails the test with those that came."""
    await audio.until(lambda heard: len(heard.keys) >= len(keys), 15)
    await trio.sleep(0.3)  # one that was doubled would come now
    assert audio.keys == keys


@pytest.mark.req("S1", "K9")
@pytest.mark.parametrize("events", [101, OURS])
@pytest.mark.parametrize("way", ["event", "dtmf-relay", "dtmf"])
async def test_the_callers_keys_reach_the_target(switch: Switch, way: str, events: int) -> None:
    """Each key once, in order, as an event of the target's payload type; and the speech goes on after them."""
    async with talking(switch, events=events) as (caller, target):
        await key(caller, KEYS, way)
        await until_pressed(target.audio, KEYS)
        await target.audio.until_hears(CALLER_HZ)


@pytest.mark.req("S1", "K9")
@pytest.mark.parametrize("way", ["event", "dtmf-relay", "dtmf"])
async def test_the_targets_keys_reach_the_caller(switch: Switch, way: str) -> None:
    """The other direction, where a transfer's keys are not in use."""
    async with talking(switch) as (caller, target):
        await key(target, KEYS, way)
        await until_pressed(caller.audio, KEYS)


@pytest.mark.req("K9")
async def test_lengths_are_kept_at_ten_keys_a_second(switch: Switch) -> None:
    """Keys of 60 ms with 40 ms between, as a dialler sends them, and one that is held: each as long as it was."""
    async with talking(switch) as (caller, target):
        caller.audio.press(KEYS, ms=60, gap_ms=40)
        caller.audio.press("5", ms=600)
        await until_pressed(target.audio, KEYS + "5")
        assert await target.audio.until(lambda heard: list(heard.pressed.values())[-1][1] >= 580)
        lengths = [length for _, length in target.audio.pressed.values()]
        assert all(40 <= length <= 80 for length in lengths[:-1]), lengths
        assert 580 <= lengths[-1] <= 640, lengths


@pytest.mark.req("K9")
async def test_a_target_without_events_hears_tones(switch: Switch) -> None:
    """Where the far end has agreed on no telephone-events, a key is played to it as the pair of tones it is."""
    async with talking(switch, target_codecs="8") as (caller, target):
        caller.audio.tone_hz = 0
        await target.audio.until(Audio.is_still)
        caller.audio.press("5", ms=300)
        assert await target.audio.until(lambda audio: audio.hears_pair("5"))
        assert not target.audio.keys


@pytest.mark.req("K9")
async def test_keys_as_sound_pass_as_sound(switch: Switch) -> None:
    """A caller whose telephone sends tones is heard by a target's own detector, as over any line."""
    async with talking(switch, caller_codecs="8") as (caller, target):
        caller.audio.press("9", in_band=True, ms=400)
        assert await target.audio.until(lambda audio: audio.hears_pair("9"))


@pytest.mark.req("M3", "K9")
async def test_a_seat_keys_to_its_caller_though_it_may_transfer(switch: Switch) -> None:
    """With transfer on, a key that begins no code goes on at once; one that only looks like a code goes on too."""
    more = '[extensions]\n801 = "a"\n[transfer]'
    async with talking(switch, more=more) as (caller, target):
        target.audio.press("12")
        await until_pressed(caller.audio, "12")
        target.audio.press("*2999#")  # no such extension
        await until_pressed(caller.audio, "12*2999#")
        target.audio.press("**5")
        await until_pressed(caller.audio, "12*2999#**5")


@pytest.mark.req("K9")
async def test_a_key_during_hold_comes_when_the_target_is_back(switch: Switch) -> None:
    """Nothing is lost while the far end holds for a moment; a key that waited longer is not sent any more."""
    async with talking(switch) as (caller, target):
        await target.request("INVITE", target.sdp("sendonly"))
        await target.until("SIP/2.0 200", lambda message: "INVITE" in message)
        caller.audio.press("7")
        await target.request("INVITE", target.sdp("sendrecv"))
        await until_pressed(target.audio, "7")


@pytest.mark.req("K9", "M5")
async def test_keys_pass_while_it_is_recorded(switch: Switch) -> None:
    """A recording takes the audio, and leaves the keys alone."""
    async with talking(switch, more="record = true") as (caller, target):
        caller.audio.press("2580")
        await until_pressed(target.audio, "2580")
        target.audio.press("0852")
        await until_pressed(caller.audio, "0852")


@pytest.mark.req("K9", "M3")
async def test_keys_reach_whoever_has_taken_the_caller_over(switch: Switch) -> None:
    """After a blind transfer by key the caller's keys are the new target's; the code itself reaches nobody."""
    async with open_far(switch.port, 980) as other:
        hunt = '[nodes.seat]\nkind = "hunt"\ntargets = ["a"]'
        more = f'[extensions]\n802 = "b"\n[transfer]\n{hunt}\n[targets.b]\naddress = "{other.uri}"'
        async with talking(switch, more=more) as (caller, target):
            target.audio.press("*2802#")
            taken_by = await other.rang()
            await taken_by.answer()
            await caller.audio.until_hears(980)
            caller.audio.press("31")
            await until_pressed(taken_by.audio, "31")
            assert not target.audio.keys
            assert not caller.audio.keys


@pytest.mark.req("K9", "M2")
async def test_one_press_by_event_and_info_is_one_key(switch: Switch) -> None:
    """F14: a telephone that sends both is not heard twice."""
    async with talking(switch) as (caller, target):
        caller.audio.press("4")
        await key(caller, "4", "dtmf-relay")
        await until_pressed(target.audio, "4")
