"""What callers hear and key, on real media: prompts before the answer, menus, messages, recordings."""

from pathlib import Path
from typing import Any

import pytest
import trio

from b2bua.callproc.tone import tone_in
from routing.document import parse, to_plain
from tests.support.phones import call, open_phone
from tests.support.process_host import open_house, plan_for
from tests.support.raw_sip import open_raw
from tests.support.sound import files_in, read_channels, write_tone


def _menu(address: str) -> dict[str, Any]:
    return to_plain(
        parse(
            f"""
number = "400-600-1234"
subscriber = "test"
start = "choose"
[targets]
sales = "{address}"
[nodes.choose]
kind = "menu"
prompts = ["menu"]
keys = {{ 1 = "hunt", 2 = "refuse" }}
otherwise = "refuse"
first_s = 10
tries = 2
[nodes.hunt]
kind = "hunt"
[nodes.refuse]
kind = "release"
cause = "busy"
announce = "busy"
"""
        )
    )


def _prompts(folder: Path, **tones: int) -> None:
    for name, hz in tones.items():
        write_tone(folder / f"{name.replace('_', '-')}.wav", hz, 0.6)


@pytest.mark.req("M1", "M2")
async def test_a_menu_is_heard_before_the_answer_and_its_key_leads_on(tmp_path: Path) -> None:
    """The menu comes as 183 with audio; key 1 stops it and rings the target; the call is charged from there only."""
    _prompts(tmp_path, menu=500, busy=900)
    async with open_house("--prompts", str(tmp_path)) as house, open_phone("--tone", "620") as target:
        house.plan = _menu(target.address)
        child = await house.spawn()
        began = trio.current_time()
        outcome = await call(house.sip, "--keys", "1", "--seconds", "0.8")
        await house.until(lambda: house.idle)
        whole_s = trio.current_time() - began
    assert outcome["early_media"]
    assert outcome["exit"] == 0
    assert outcome["heard_hz"] == pytest.approx(620, abs=2)
    record = child.updates[-1]
    assert [event["digits"] for event in record.events if event["_type"] == "DigitsKeyed"] == ["1"]
    assert 0.6 <= record.talk_ms / 1000 <= whole_s - 0.6  # the menu was heard before


@pytest.mark.soak
@pytest.mark.req("M2", "R7")
async def test_no_key_leads_to_the_refusal_which_is_heard_and_never_charged(tmp_path: Path) -> None:
    """Nobody keys anything: after two tries the refusal is heard as early media, then 486, and never a 200."""
    _prompts(tmp_path, menu=500, busy=900, menu_timeout=600)
    async with open_house("--prompts", str(tmp_path)) as house, open_phone() as target:
        house.plan = _menu(target.address)
        house.plan["nodes"]["choose"]["first_s"] = 1
        child = await house.spawn()
        outcome = await call(house.sip)
        await house.until(lambda: house.idle)
    assert (outcome["status"], outcome["answered_ms"]) == (486, None)
    assert outcome["heard_hz"] == pytest.approx(900, abs=2)
    assert child.updates[-1].talk_ms == 0


@pytest.mark.req("M5")
async def test_a_recording_has_the_caller_left_and_the_target_right(tmp_path: Path) -> None:
    """After the call there is one stereo file for its owner only, each side's tone on its channel."""
    async with open_house("--recordings", str(tmp_path)) as house, open_phone("--tone", "620") as target:
        house.plan = plan_for(target.address)
        house.plan["record"] = True
        await house.spawn()
        began = trio.current_time()
        await call(house.sip, "--seconds", "2")
        await house.until(lambda: house.idle)
        whole_s = trio.current_time() - began
    (recording,) = files_in(tmp_path)
    assert recording.stat().st_mode & 0o777 == 0o600
    left, right = read_channels(recording)
    heard = [tone.hz if (tone := tone_in(side[4000:-2000])) else 0 for side in (left, right)]
    assert heard == pytest.approx([1004, 620], abs=2)
    assert 1.8 <= len(left) / 8000 <= whole_s


@pytest.mark.req("M4")
async def test_a_voicemail_message_is_what_the_caller_said(tmp_path: Path) -> None:
    """Nobody answers: the caller is answered, greeted, and what is said after the beep is kept."""
    prompts, messages = tmp_path / "prompts", tmp_path / "messages"
    _prompts(prompts, voicemail_greeting=500)
    async with (
        open_house("--prompts", str(prompts), "--messages", str(messages)) as house,
        open_phone("--busy") as target,
    ):
        house.plan = to_plain(
            parse(
                'number = "400-600-1234"\nsubscriber = "test"\n'
                f'[targets]\nt1 = "{target.address}"\n'
                '[nodes.first]\nkind = "hunt"\notherwise = "mail"\nbusy = "mail"\n'
                '[nodes.mail]\nkind = "voicemail"\nmailbox = "office"\n'
            )
        )
        child = await house.spawn()
        outcome = await call(house.sip, "--seconds", "2.8")
        await house.until(lambda: house.idle)
    assert outcome["answered_ms"] is not None
    (message,) = files_in(messages / "4006001234" / "office")
    (said,) = read_channels(message)
    tone = tone_in(said)
    assert tone is not None
    assert tone.hz == pytest.approx(1004, abs=2)
    taken = [event for event in child.updates[-1].events if event["_type"] == "MessageTaken"]
    assert taken[0]["seconds"] >= 1


@pytest.mark.req("M1")
async def test_a_prompt_is_sent_as_early_media_and_no_200_comes_with_it(tmp_path: Path) -> None:
    """The caller's side got 183 with a session description while the welcome played, and no 200."""
    _prompts(tmp_path, menu=500, busy=900)
    async with open_house("--prompts", str(tmp_path)) as house, open_phone() as target, open_raw() as caller:
        house.plan = _menu(target.address)
        await house.spawn()
        uri = f"sip:4006001234@{house.sip}"
        await caller.request(house.forwarder.port, "INVITE", uri, caller.sdp())
        progress = await caller.receive("183")
        assert "m=audio" in progress
        assert not [message for message in caller.unread if message.startswith("SIP/2.0 200")]
