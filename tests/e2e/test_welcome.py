"""The welcome (彩铃) on the running switch: what is heard when, and whether the target rings meanwhile (M1)."""

from pathlib import Path

import pytest
import trio

from tests.support.sip_far_end import Line, media_of, open_far
from tests.support.sip_text import field
from tests.support.sound import write_tone
from tests.support.switch import Switch

CALLER_HZ, TARGET_HZ, WELCOME_HZ, RINGING_HZ = 440, 620, 500, 450
AFTER = """start = "hello"
[targets]
desk = "{desk}"
[nodes.hello]
kind = "announce"
prompts = ["welcome"]
then = "hunt"
[nodes.hunt]
kind = "hunt"
"""


async def _published(switch: Switch, document: str, *, seconds: float) -> str:
    """A number with this plan, whose welcome is a tone."""
    top, _, rest = document.partition("[targets]\n")
    number = await trio.to_thread.run_sync(switch.publish, rest, top)
    write_tone(Path(switch.state) / "prompts" / number / "welcome.wav", WELCOME_HZ, seconds)
    return number


def _is_answered(caller: Line) -> bool:
    return any("INVITE" in field(message, "CSeq") for message in caller.came("SIP/2.0 200"))


@pytest.mark.req("M1", "F1")
async def test_a_welcome_instead_of_the_ringing(switch: Switch) -> None:
    """It is heard over and over in 183 while the target rings, with no 180 and no 200; charged from the answer."""
    with trio.fail_after(40):
        async with open_far(switch.port, CALLER_HZ) as carrier, open_far(switch.port, TARGET_HZ) as desk:
            number = await _published(switch, f'welcome = "welcome"\n[targets]\ndesk = "{desk.uri}"\n', seconds=0.7)
            caller = await carrier.call(number)
            rung = await desk.rang()
            await rung.respond("180 Ringing")
            assert await caller.audio.until(lambda audio: len(audio.heard) > 2 * 8000)
            await caller.audio.until_hears(WELCOME_HZ)
            assert "m=audio" in caller.came("SIP/2.0 183")[0]
            assert not caller.came("SIP/2.0 180")
            assert not _is_answered(caller)
            await rung.answer()
            await caller.audio.until_hears(TARGET_HZ)
            assert _is_answered(caller)
            await caller.hang_up()
            (record,) = await trio.to_thread.run_sync(switch.closed, number)
    assert record.answered_ms is not None
    assert record.answered_ms - record.accepted_ms > 1500
    assert record.talk_ms == pytest.approx((record.ended_ms or 0) - record.answered_ms, abs=100)


@pytest.mark.req("M1")
async def test_the_ringing_after_the_welcome(switch: Switch) -> None:
    """Nobody rings before the welcome has been heard to its end, unanswered; then the target rings."""
    with trio.fail_after(40):
        async with open_far(switch.port, CALLER_HZ) as carrier, open_far(switch.port, TARGET_HZ) as desk:
            number = await _published(switch, AFTER.format(desk=desk.uri), seconds=1.5)
            caller = await carrier.call(number)
            await caller.audio.until_hears(WELCOME_HZ)
            assert not desk.lines
            rung = await desk.rang()
            assert len(caller.audio.heard) > 1.2 * 8000
            assert not _is_answered(caller)
            await rung.answer()
            await caller.audio.until_hears(TARGET_HZ)
            await caller.hang_up()
            await trio.to_thread.run_sync(switch.closed, number)


@pytest.mark.req("M1")
async def test_the_ringing_tone_after_the_welcome(switch: Switch) -> None:
    """Heard over and over while the target rings by 180, then the target's own early media, then the conversation.

    The caller's audio was opened by the announcement: their telephone makes no ringing tone, and the 180 has SDP.
    """
    with trio.fail_after(40):
        async with open_far(switch.port, CALLER_HZ) as carrier, open_far(switch.port, TARGET_HZ) as desk:
            number = await _published(switch, AFTER.format(desk=desk.uri), seconds=0.5)
            caller = await carrier.call(number)
            rung = await desk.rang()
            await rung.respond("180 Ringing")
            await caller.until("SIP/2.0 180")
            for _ in range(2):  # the tone is 1 s on, 4 s off
                await caller.audio.until_hears(RINGING_HZ)
                assert await caller.audio.until(lambda audio: audio.is_still())
            assert not _is_answered(caller)
            rung.audio.to = media_of(rung.invite)
            await rung.respond("183 Session Progress", rung.sdp())
            await caller.audio.until_hears(TARGET_HZ)
            assert not _is_answered(caller)
            await rung.answer()
            await caller.until("SIP/2.0 200")
            await caller.audio.until_hears(TARGET_HZ)
            await caller.hang_up()
            await trio.to_thread.run_sync(switch.closed, number)
