"""What a recording holds of a call whose process is killed: both sides whole, in step, as far as they were spoken."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import attrs
import numpy as np
import pytest
import soundfile

from b2bua.media.keys import make_key
from b2bua.media.prompts import FOLDER
from b2bua.media.prompts.loudness import Samples
from b2bua.media.prompts.wav import RATE_HZ, read_wav
from b2bua.records.call_record import CallState
from tests.support.commands import command
from tests.support.rtp_end import BlockingAudio, talk
from tests.support.sipp import Caller, Target, recv
from tests.support.sound import speech
from tests.support.sound_analysis import best_match, likeness
from tests.support.switch import Switch, eventually, sip_uri

_SKEW_S = 0.040
_LOST_S = 2
"""What may be missing of the last words before `kill -9`."""
_PUNCTUAL_S = 0.015
"""An end that speaks later is a line with jitter: what PJSIP's jitter buffer makes of that is another matter."""
_CALLS = 3


@attrs.frozen
class Killed:
    """A call whose process was killed: what each end said and heard, and how late it said it."""

    call_id: str
    said: tuple[Samples, Samples]
    heard: tuple[Samples, Samples]
    late_s: float


def _killed(switch: Switch, seconds: int, more: str, notice_s: float) -> Killed:
    """A call whose ends hear the notice if there is one, then speak for so long; then its process is killed."""
    said = speech(seconds, 1), speech(seconds, 2)
    with BlockingAudio() as caller_audio, BlockingAudio() as target_audio:
        ends = caller_audio, target_audio
        bye = [recv("BYE", timeout_ms=90_000), Target.respond(200, "OK", tag=False)]
        answer = Target.respond(200, "OK", sdp=target_audio.sdp())
        with switch.target([recv("INVITE"), answer, recv("ACK"), *bye]) as target:
            number = switch.publish(f'desk = "{sip_uri(target.port)}"', f"record = true\n{more}")
            call = [Caller.invite(sdp=caller_audio.sdp()), recv(100, optional=True), recv(200, rrs=True), Caller.ack()]
            with switch.caller(number, [*call, *bye]) as caller:
                for end in ends:
                    end.listen_s(notice_s + 0.3, 10 + notice_s)
                eventually(lambda: switch.records(number)[0].state, lambda state: state is CallState.TALKING)
                late_s = talk(ends, said)
                (pid,) = switch.call_processes()
                os.kill(pid, signal.SIGKILL)
                caller.wait()
            target.wait()
        heard = caller_audio.heard(), target_audio.heard()
    (record,) = switch.closed(number)
    assert record.ending is not None
    assert record.ending.slug == "crashed"
    return Killed(record.call_id, said, heard, late_s)


def _punctual(call: Callable[[], Killed]) -> Killed:
    """A call whose ends spoke as steadily as telephones do; the machine may be too busy for that now and then."""
    for _ in range(_CALLS):
        killed = call()
        if killed.late_s < _PUNCTUAL_S:
            return killed
    raise AssertionError(f"in {_CALLS} calls the ends themselves spoke too late, the last by {killed.late_s:.3f} s")


def _exported(switch: Switch, call_id: str, to: Path) -> Samples:
    command(switch, "recording", "export", call_id, str(to), keys=True)
    assert "0 with a fault" in command(switch, "recording", "verify", keys=True)
    samples, rate_hz = soundfile.read(to, dtype="float32")
    assert (rate_hz, samples.shape[1]) == (RATE_HZ, 2)
    return np.asarray(samples)


def _prove(switch: Switch, killed: Killed, to: Path) -> Samples:
    """All but the last two seconds of both sides is there in one piece, and begins at the same moment; the sound."""
    recorded = _exported(switch, killed.call_id, to)
    kept = len(killed.said[0]) - _LOST_S * RATE_HZ
    found = [best_match(recorded[:, side], killed.said[side][:kept]) for side in range(2)]
    skew_s = abs(found[0][0] - found[1][0]) / RATE_HZ
    spoken_s = (len(recorded) - min(at for at, _ in found)) / RATE_HZ
    print(
        f"\nkilled after {len(killed.said[0]) / RATE_HZ:.0f} s of speech: {spoken_s:.2f} s of it recorded; correlation "
        f"of the first {kept / RATE_HZ:.0f} s: left {found[0][1]:.4f}, right {found[1][1]:.4f}; "
        f"skew {skew_s * 1000:.1f} ms"
    )
    assert min(match for _, match in found) > 0.95
    assert skew_s < _SKEW_S
    return recorded


def _prove_told(killed: Killed, recorded: Samples) -> None:
    """Both ends heard the notice, and the recording begins after it."""
    notice = read_wav(FOLDER / "recorded.wav")
    assert all(likeness(heard, notice) > 0.95 for heard in killed.heard)
    assert all(best_match(recorded[:, side], notice)[1] < 0.3 for side in range(2))


@pytest.mark.soak  # a machine that is busy with other tests shifts the speech that it compares with
@pytest.mark.req("M5")
def test_a_killed_call_leaves_both_sides_in_step(switch: Switch, tmp_path: Path) -> None:
    """Killed with -9 after 4 s of speech: all but 2 s of both sides opens, correlates > 0.95, within 40 ms."""
    killed = _punctual(lambda: _killed(switch, 4, "", 0))
    _prove(switch, killed, tmp_path / "heard.wav")


@pytest.mark.soak
@pytest.mark.req("M5", "M1")
def test_a_killed_call_leaves_a_sealed_recording(own_switch: Callable[..., Switch], tmp_path: Path) -> None:
    """The same where recordings are sealed and both ends are told: the file, for its owner only, opens with the key."""
    key = tmp_path / "recordings.key"
    make_key(key)
    switch = own_switch(more=f'[keeping]\nkey = "{key}"')
    killed = _punctual(lambda: _killed(switch, 6, 'record_announce = "both"', 4.2))
    _prove_told(killed, _prove(switch, killed, tmp_path / "heard.wav"))
    recording = switch.state / "recordings" / f"{killed.call_id}.sealed"
    assert recording.stat().st_mode & 0o777 == 0o600


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.req("M5")
def test_a_call_killed_at_forty_seconds_keeps_thirty_eight(own_switch: Callable[..., Switch], tmp_path: Path) -> None:
    """A call that was to last 60 s and is killed with -9 after 40 s of speech: at least 38 s of both sides."""
    switch = own_switch()
    killed = _punctual(lambda: _killed(switch, 40, 'record_announce = "both"', 4.2))
    _prove_told(killed, _prove(switch, killed, tmp_path / "heard.wav"))
