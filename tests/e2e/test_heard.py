"""Prompts through the running switch: what the caller's side really hears, and when."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from b2bua.media.prompts import FOLDER
from b2bua.media.prompts.loudness import Samples
from b2bua.media.prompts.wav import RATE_HZ, read_wav
from tests.support.commands import command
from tests.support.rtp_end import BlockingAudio
from tests.support.sipp import Caller, pause, recv
from tests.support.sound import encode, tone
from tests.support.sound_analysis import likeness, tone_hz
from tests.support.switch import Switch, eventually, sip_uri

MENU = """
start = "choose"
[nodes.choose]
kind = "menu"
prompts = ["menu"]
keys = { 1 = "desk-hunt" }
otherwise = "refuse"
[nodes.desk-hunt]
kind = "hunt"
otherwise = "refuse"
announce = "busy"
[nodes.refuse]
kind = "release"
cause = "busy"
announce = "busy"
"""
BUSY = """
start = "hunt"
[nodes.hunt]
kind = "hunt"
announce = "busy"
"""


def _refused(audio: BlockingAudio) -> list[str]:
    return [
        Caller.invite(sdp=audio.sdp()),
        recv(100, optional=True),
        recv(183, check="m=audio"),
        recv(486, timeout_ms=20000),
        Caller.ack(ok=False),
    ]


def _built_in(name: str) -> Samples:
    return read_wav(FOLDER / f"{name}.wav")


def _publish(switch: Switch, target: str, more: str) -> str:
    """Publish a plan whose nodes come after its targets."""
    top, _, nodes = more.partition("\n[nodes")
    return switch.publish(f'desk = "{target}"\n[nodes{nodes}' if nodes else f'desk = "{target}"', top)


@pytest.mark.req("M1", "M2")
def test_the_built_in_menu_is_heard_before_the_answer_and_a_key_leads_on(switch: Switch) -> None:
    """The caller hears the menu's own words in 183 while there is no 200; key 1 rings the target, which is heard."""
    with switch.phone("--tone", "620") as port, BlockingAudio() as audio:
        number = _publish(switch, sip_uri(port), MENU)
        steps = [
            Caller.invite(sdp=audio.sdp()),
            recv(100, optional=True),
            recv(183, check="m=audio"),
            recv(200, rrs=True, timeout_ms=20000),
            Caller.ack(),
            pause(1500),
            Caller.request("BYE", 2),
            recv(200),
        ]
        with switch.caller(number, steps) as caller:
            audio.listen_s(2.5, 30)
            assert likeness(audio.heard(), _built_in("menu")[: 2 * RATE_HZ]) > 0.95
            assert "SIP/2.0 200" not in caller.messages()
            audio.press(1)
            audio.listen(lambda: "SIP/2.0 200" in caller.messages(), 30)
            audio.listen_s(1.2, 30)
            caller.wait()
        assert tone_hz(audio.heard()[-RATE_HZ // 2 :]) == pytest.approx(620, abs=2)
    (record,) = switch.closed(number)
    assert (record.answered_ms or 0) - record.accepted_ms > 2500
    assert record.talk_ms < (record.ended_ms or 0) - record.accepted_ms - 2500


@pytest.mark.req("M1", "R7")
def test_the_refusal_of_a_busy_number_is_heard_and_not_charged(switch: Switch) -> None:
    """对不起，您要的电话忙！ comes whole as early media, then 486; there is never a 200."""
    with switch.phone("--busy") as port, BlockingAudio() as audio:
        number = _publish(switch, sip_uri(port), BUSY)
        with switch.caller(number, _refused(audio)) as caller:
            audio.listen(lambda: "SIP/2.0 486" in caller.messages(), 30)
            caller.wait()
            assert "SIP/2.0 200" not in caller.messages()
    assert likeness(audio.heard(), _built_in("busy")) > 0.95
    assert switch.closed(number)[0].talk_ms == 0


@pytest.mark.req("M1")
def test_an_upload_is_heard_by_the_next_caller(switch: Switch, tmp_path: Path) -> None:
    """A prompt that is put in while the switch runs is played to the next call, in place of the built-in one."""
    file = encode(tmp_path / "new.ogg", tone(900, 1.0, rate_hz=44100), 44100)
    with switch.phone("--busy") as port, BlockingAudio() as audio:
        number = _publish(switch, sip_uri(port), BUSY)
        command(switch, "prompt", "add", number, "busy", str(file))
        with switch.caller(number, _refused(audio)) as caller:
            audio.listen(lambda: "SIP/2.0 486" in caller.messages(), 30)
            caller.wait()
    assert tone_hz(audio.heard()) == pytest.approx(900, abs=2)


@pytest.mark.req("M5")
def test_a_recorded_call_is_listed_and_sound(switch: Switch) -> None:
    """With `record` the running switch leaves one recording, which `recording list` names and `verify` passes."""
    with switch.phone("--tone", "620") as port:
        number = switch.publish(f'desk = "{sip_uri(port)}"', "record = true")
        assert switch.test_call(number, "--seconds", "1.5") == 0
    (record,) = switch.closed(number)
    _listed(switch, ["recording", "list", "--number", number], record.call_id)
    assert record.call_id not in command(switch, "recording", "verify")


def _listed(switch: Switch, words: Sequence[str], call_id: str) -> None:
    eventually(lambda: command(switch, *words), lambda said: call_id in said)
