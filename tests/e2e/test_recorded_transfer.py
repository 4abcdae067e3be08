"""A recorded call that is handed over: who is told, and what recording and record hold of both parts (M3, M5)."""

from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import soundfile
import trio

from b2bua.callproc.realtime_priority import at_realtime_priority
from b2bua.callproc.tone import power_at
from b2bua.records.call_record import CallRecord
from tests.support.commands import command
from tests.support.rtp_end import Audio
from tests.support.sip_far_end import Line, open_far
from tests.support.sound import encode, tone
from tests.support.switch import Switch, eventually

TONES = CALLER_HZ, SEAT_HZ, OTHER_HZ, NOTICE_HZ = 440, 620, 820, 1400
WINDOW = 800
PLAN = """seat = "{seat}"
other = "{other}"
[extensions]
801 = "other"
[transfer]
[nodes.desk]
kind = "hunt"
targets = ["seat"]
"""


def _published(switch: Switch, seat: str, other: str, folder: Path) -> str:
    number = switch.publish(PLAN.format(seat=seat, other=other), 'record = true\nrecord_announce = "both"')
    notice = encode(folder / "notice.wav", tone(NOTICE_HZ, 0.6))
    command(switch, "prompt", "add", number, "recorded", str(notice))
    return number


async def _told(*ends: Audio) -> None:
    """Each of these ends has heard the notice."""
    for end in ends:
        await end.until_hears(NOTICE_HZ)


async def _talk(caller: Line, target: Line, hz: int) -> None:
    """The caller and a target hear each other, for most of a second and a half."""
    await caller.audio.until_hears(hz)
    await target.audio.until_hears(CALLER_HZ)
    assert await caller.audio.until(lambda audio: audio.hears(hz, of_s=1.5))


def _exported(switch: Switch, record: CallRecord, to: Path) -> list[list[int]]:
    """What was recorded, left and right, as 16-bit samples, once its last piece is on disk."""
    eventually(switch.call_processes, lambda busy: not busy)
    command(switch, "recording", "export", record.call_id, str(to))
    samples, _ = soundfile.read(to, dtype="int16")
    return [samples[:, side].tolist() for side in range(2)]


def _tones(samples: list[int]) -> list[tuple[int, int]]:
    """Each tone in turn, with how many tenths of a second it lasts; what is no tone is passed over."""
    heard: list[int] = []
    for at in range(0, len(samples) - WINDOW, WINDOW):
        piece = samples[at : at + WINDOW]
        loud = float(np.mean(np.square(piece, dtype=np.float64)))
        heard += [hz for hz in TONES if power_at(piece, hz) > 0.9 * loud > 100**2]
    return [(hz, len(list(tenths))) for hz, tenths in groupby(heard)]


@pytest.mark.req("M3", "M5")
async def test_a_recorded_call_is_handed_over(switch: Switch, tmp_path: Path) -> None:
    """Blind by key: both, and later the new target, hear the notice before the caller; the recording goes on.

    It holds the caller throughout, left, and what the seat said and then the other, right; the record has both hops.
    """
    with trio.fail_after(50), at_realtime_priority():
        async with (
            open_far(switch.port, CALLER_HZ) as carrier,
            open_far(switch.port, SEAT_HZ) as seat_end,
            open_far(switch.port, OTHER_HZ) as other_end,
        ):
            number = await trio.to_thread.run_sync(_published, switch, seat_end.uri, other_end.uri, tmp_path)
            caller = await carrier.call(number)
            seat = await seat_end.rang()
            await seat.answer()
            await caller.until("SIP/2.0 200")
            await _told(caller.audio, seat.audio)
            await _talk(caller, seat, SEAT_HZ)
            seat.audio.press("*2801#")
            other = await other_end.rang()
            await other.answer()
            await seat.until("BYE")
            await _told(other.audio)
            assert caller.audio.hears_other_than(SEAT_HZ, OTHER_HZ, NOTICE_HZ), "the caller hears music meanwhile"
            await _talk(caller, other, OTHER_HZ)
            await caller.hang_up()
            await other.until("BYE")
            (record,) = await trio.to_thread.run_sync(switch.closed, number)
    assert [attempt.target for attempt in record.attempts] == ["seat", "other"]
    assert record.target == "other"
    assert [step["chose"] for step in record.trace if step["kind"] in ("notice", "transfer")] == [
        "tell both",
        "other",
        "tell the target",
    ]
    left, right = _exported(switch, record, tmp_path / "heard.wav")
    assert 0 <= len(left) / 8 - record.recorded_ms <= 500, "a last piece may go to disk after the last word"
    assert [hz for hz, _ in _tones(left)] == [CALLER_HZ]
    assert [(hz, tenths >= 6) for hz, tenths in _tones(right)] == [(SEAT_HZ, True), (OTHER_HZ, True)]
    assert "0 with a fault" in command(switch, "recording", "verify")
