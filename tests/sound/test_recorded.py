"""What a recording holds of a call whose process is killed: both sides, in step, as far as they were spoken."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from b2bua.kept.keys import make_key
from b2bua.record import CallRecord, CallState
from b2bua.sound import FOLDER
from b2bua.sound.loudness import Samples
from b2bua.sound.wav import RATE_HZ, read_wav
from tests.sound.commands import command
from tests.sound.ear import Ear, best_match, likeness
from tests.sound.speech import speech, talk
from tests.switch.conftest import Switch, eventually, sip_uri
from tests.switch.sipp import Caller, Target, recv

_WINDOW = RATE_HZ // 2
_ALIKE = 0.95
"""A half second in which PJSIP's jitter buffer took out or put in a packet, under load, is not alike."""
_SKEW = round(0.040 * RATE_HZ)


def _kill_after(switch: Switch, seconds: int) -> tuple[tuple[Samples, Samples], tuple[Ear, Ear], CallRecord]:
    """A call whose ends are told that they are recorded, then speak for so long; then its process is killed."""
    said = speech(seconds, 1), speech(seconds, 2)
    with Ear() as caller_ear, Ear() as target_ear:
        ends = caller_ear, target_ear
        bye = [recv("BYE", timeout_ms=90_000), Target.respond(200, "OK", tag=False)]
        answer = Target.respond(200, "OK", sdp=target_ear.sdp())
        with switch.target([recv("INVITE"), answer, recv("ACK"), *bye]) as target:
            number = switch.publish(f'desk = "{sip_uri(target.port)}"', 'record = true\nrecord_announce = "both"')
            call = [Caller.invite(sdp=caller_ear.sdp()), recv(100, optional=True), recv(200, rrs=True), Caller.ack()]
            with switch.caller(number, [*call, *bye]) as caller:
                for end in ends:
                    end.listen_s(4.5, 10)
                eventually(lambda: switch.records(number)[0].state, lambda state: state is CallState.TALKING)
                talk(ends, said)
                (pid,) = switch.call_processes()
                os.kill(pid, signal.SIGKILL)
                caller.wait()
            target.wait()
        (record,) = switch.closed(number)
    return said, ends, record


def _exported(switch: Switch, call_id: str, to: Path) -> Samples:
    command(switch, "recording", "export", call_id, str(to), keys=True)
    assert "0 with a fault" in command(switch, "recording", "verify", keys=True)
    samples, rate_hz = soundfile.read(to, dtype="float32")
    assert (rate_hz, samples.shape[1]) == (RATE_HZ, 2)
    return np.asarray(samples)


def _prove(switch: Switch, seconds: int, to: Path) -> None:
    said, ends, record = _kill_after(switch, seconds)
    assert record.ending is not None
    assert record.ending.slug == "crashed"
    notice = read_wav(FOLDER / "recorded.wav")
    for end in ends:
        assert likeness(end.heard(), notice) > 0.95, "both were told"
    recorded = _exported(switch, record.call_id, to)
    sides = [recorded[:, 0], recorded[:, 1]]
    assert all(best_match(side, notice)[1] < 0.3 for side in sides), "the recording begins after the notice"
    matches, skews = [], []
    began = best_match(sides[0], said[0][: 2 * RATE_HZ])[0]
    for at in range(0, (seconds - 2) * RATE_HZ, _WINDOW):
        near = slice(max(0, began + at - RATE_HZ), began + at + 2 * RATE_HZ)
        found = [best_match(side[near], voice[at : at + _WINDOW]) for side, voice in zip(sides, said, strict=True)]
        matches += [match for _, match in found]
        if min(match for _, match in found) > _ALIKE:
            skews.append(abs(found[0][0] - found[1][0]))
    alike = sum(match > _ALIKE for match in matches) / len(matches)
    print(
        f"\nkilled after {seconds} s of speech: {len(recorded) / RATE_HZ:.2f} s recorded; of each side's half seconds "
        f"up to {seconds - 2} s, {alike:.1%} correlate > {_ALIKE} (median {np.median(matches):.4f}); "
        f"skew at most {max(skews) / RATE_HZ * 1000:.1f} ms"
    )
    assert alike >= 0.8, "under load the jitter buffer slips now and then"
    assert max(skews) < _SKEW


@pytest.mark.soak
@pytest.mark.req("M5", "M1")
def test_a_killed_call_leaves_both_sides_in_step(own_switch: Callable[..., Switch], tmp_path: Path) -> None:
    """Sealed and killed with -9 after 6 s of speech: all but 2 s of both sides open, alike, in step within 40 ms."""
    key = tmp_path / "tapes.key"
    make_key(key)
    switch = own_switch(more=f'[keeping]\nkey = "{key}"')
    _prove(switch, 6, tmp_path / "heard.wav")
    (tape,) = (switch.state / "recordings").iterdir()
    assert tape.suffix == ".sealed"
    assert tape.stat().st_mode & 0o777 == 0o600


@pytest.mark.soak
@pytest.mark.timeout(180)
@pytest.mark.req("M5")
def test_a_call_killed_at_forty_seconds_keeps_thirty_eight(own_switch: Callable[..., Switch], tmp_path: Path) -> None:
    """The same with 40 s of speech, unsealed: at least 38 s of both sides."""
    _prove(own_switch(), 40, tmp_path / "heard.wav")
