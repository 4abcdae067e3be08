"""Voicemail and recordings at the console of a running switch, of real calls: seen, heard, marked, deleted (M4, M5)."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import soundfile
from textual.pilot import Pilot

from b2bua.console.protocol import Role
from tests.e2e.test_console_jobs import at_the_console, english  # noqa: F401 - a fixture that works by itself
from tests.support.commands import command
from tests.support.sound import encode, tone
from tests.support.sound_analysis import pitch_hz
from tests.support.switch import Switch, sip_uri
from tests.unit.tui.pilot import press, shows, shows_no, until

_MAIL = """
[nodes.mail]
kind = "voicemail"
mailbox = "night-office"
"""
_CALLER_HZ, _TARGET_HZ = 1004, 440
"""What `switch400 call` sends, and the telephone of these tests."""


def left_a_message(switch: Switch, folder: Path) -> str:
    """The number of a mailbox where somebody left a tone."""
    number = switch.publish(f'desk = "{sip_uri(9)}"{_MAIL}', 'start = "mail"')
    greeting = encode(folder / "greeting.wav", tone(500, 0.4))
    command(switch, "prompt", "add", number, "voicemail-greeting", str(greeting))
    switch.test_call(number, "--seconds", "3")
    switch.closed(number)
    return number


def recorded(switch: Switch) -> str:
    """The number of a call of two seconds that was recorded."""
    with switch.phone("--tone", str(_TARGET_HZ)) as port:
        number = switch.publish(f'recorded-desk = "{sip_uri(port)}"', "record = true")
        assert switch.test_call(number, "--seconds", "2") == 0
    switch.closed(number)
    return number


def kept(switch: Switch, verb: str, number: str) -> list[dict[str, Any]]:
    """What the switch keeps for a number."""
    answer: Any = switch.ask(verb, {"number": number})
    rows: list[dict[str, Any]] = answer["rows"]
    return rows


def pitches(file: Path) -> list[float]:
    """The strongest frequency of each side of a sound file."""
    samples, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    return [pitch_hz(side, rate_hz) for side in samples.T]


@pytest.mark.req("M4", "S3", "T4")
def test_a_message_is_seen_heard_and_deleted(switch: Switch, tmp_path: Path) -> None:
    """Listed as new, marked and unmarked, fetched to a file that holds what was said, deleted after a yes: gone.

    Whoever may only look is refused by the switch itself.
    """
    number = left_a_message(switch, tmp_path)
    (message,) = kept(switch, "voicemail.list", number)
    heard = tmp_path / "heard.wav"

    async def viewers(pilot: Pilot[None]) -> None:
        await press(pilot, "4", "v")
        await shows(pilot, "night-office", "! new")
        await press(pilot, "home", "m")
        await shows(pilot, "voicemail.mark needs the role operator")
        await press(pilot, "x", "y")
        await shows(pilot, "voicemail.delete needs the role operator")

    async def job(pilot: Pilot[None]) -> None:
        await press(pilot, "4", "v")
        await shows(pilot, "night-office", "021-1234 5678", "! new")
        await press(pilot, "home", "m")
        await shows(pilot, "wang")
        await press(pilot, "m")
        await shows_no(pilot, "wang")
        await asyncio.to_thread(command, switch, "voicemail", "play-to", message["call_id"], str(heard))
        await press(pilot, "r", "enter")
        await shows(pilot, "voicemail  → take a message", "mailbox: night-office")
        await press(pilot, "escape", "x", "n")
        assert len(kept(switch, "voicemail.list", number)) == 1
        await press(pilot, "x", "y")
        await until(pilot, lambda: not kept(switch, "voicemail.list", number))
        await shows_no(pilot, "night-office")

    at_the_console(switch, tmp_path, viewers, Role.VIEWER)
    at_the_console(switch, tmp_path, job)
    assert pitches(heard) == [pytest.approx(_CALLER_HZ, abs=3)]
    assert not list((switch.state / "messages").glob(f"*{message['call_id']}*"))
    trail: Any = switch.ask("audit.find", {"number": number})
    assert trail["rows"][0]["operation"] == "voicemail.delete"
    assert trail["rows"][0]["who"].startswith("wang (")


@pytest.mark.soak
@pytest.mark.req("M5", "S3")
def test_a_recording_is_seen_and_heard(switch: Switch, tmp_path: Path) -> None:
    """Listed with its target and until when it is kept; exported, each side holds what that side said.

    The call's detail says how both legs sounded.
    """
    number = recorded(switch)
    (recording,) = kept(switch, "recording.list", number)
    heard = tmp_path / "heard.wav"

    async def job(pilot: Pilot[None]) -> None:
        await press(pilot, "4", "t")
        await shows(pilot, "recorded-desk", "Kept until")
        await press(pilot, "home", "enter")
        await shows(pilot, "recorded-desk", "normal", "PCMA")
        await press(pilot, "end")
        await shows(pilot, "caller      PCMA", "attempt 1   PCMA", "loss", "jitter")

    at_the_console(switch, tmp_path, job)
    command(switch, "recording", "export", recording["call_id"], str(heard))
    assert pitches(heard) == [pytest.approx(_CALLER_HZ, abs=3), pytest.approx(_TARGET_HZ, abs=3)]
