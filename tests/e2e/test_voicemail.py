"""Voicemail through the running switch: what the caller hears, what is kept, and how a message ends."""

import threading
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import soundfile

from b2bua.media.prompts import FOLDER
from b2bua.media.prompts.loudness import Samples
from b2bua.media.prompts.wav import RATE_HZ, read_wav
from b2bua.records.call_record import CallRecord, Party
from tests.support.commands import command
from tests.support.rtp_end import BlockingAudio, talk
from tests.support.sipp import Caller, Target, recv
from tests.support.sound import encode, speech, tone
from tests.support.sound_analysis import best_match
from tests.support.switch import Switch

PLAN = """
start = "mail"
[nodes.mail]
kind = "voicemail"
mailbox = "office"
most_s = 5
silence_s = 2
"""
HASH = 11
_PIECE = RATE_HZ // 10
"""So short that few are broken where a packet is taken out or put in; so long that no other noise is like it."""
ENDS = ("silence", "hash", "longest")


def _message_steps(audio: BlockingAudio) -> list[str]:
    return [
        Caller.invite(sdp=audio.sdp()),
        recv(100, optional=True),
        recv(200, rrs=True),
        Caller.ack(),
        recv("BYE", timeout_ms=20_000),
        Target.respond(200, "OK", tag=False),
    ]


def _mailbox(switch: Switch, folder: Path) -> str:
    """A number whose callers come straight to voicemail, with a short greeting."""
    top, _, nodes = PLAN.partition("\n[nodes")
    number = switch.publish(f'desk = "sip:t@127.0.0.1:9"\n[nodes{nodes}', top)
    greeting = encode(folder / "greeting.wav", tone(500, 0.4))
    command(switch, "prompt", "add", number, "voicemail-greeting", str(greeting))
    return number


def _who(end: str) -> str:
    return f"0211234567{ENDS.index(end)}"


def _check(switch: Switch, record: CallRecord, said: Samples, folder: Path) -> float:
    """The message of a call is what was said; its length in seconds."""
    assert record.hung_up_by is Party.SWITCH
    assert record.talk_ms == 0
    assert record.call_id in command(switch, "voicemail", "list", "--number", record.number, "--new")
    heard = folder / f"{record.call_id}.wav"
    command(switch, "voicemail", "play-to", record.call_id, str(heard))
    assert record.call_id not in command(switch, "voicemail", "list", "--number", record.number, "--new")
    samples, _ = soundfile.read(heard, dtype="float32")
    pieces = [said[at : at + _PIECE] for at in range(0, round(1.5 * RATE_HZ), _PIECE)]
    found = [best_match(np.asarray(samples), piece) for piece in pieces]
    places = [at for at, match in found if match > 0.95]
    assert len(places) >= len(pieces) * 2 // 3, "under load, PJSIP's jitter buffer takes out and puts in packets"
    assert places == sorted(places)
    length_s = len(samples) / RATE_HZ
    assert abs(record.message_s - length_s) <= 0.5
    return length_s


@pytest.mark.req("M4", "F5")
def test_a_message_ends_by_silence_by_hash_and_at_its_longest(switch: Switch, tmp_path: Path) -> None:
    """Three callers hear the beep, speak, and are released: after 2 s of silence, after #, and after 5 s of speech.

    Each message is what its caller said; the record says how long it is, and that the switch hung up.
    """
    number = _mailbox(switch, tmp_path)
    said = [speech(2, 1), speech(2, 2), speech(7, 3)]
    with ExitStack() as stack:
        audios = [stack.enter_context(BlockingAudio()) for _ in ENDS]
        callers = [
            stack.enter_context(switch.caller(number, _message_steps(audio), caller=_who(end)))
            for end, audio in zip(ENDS, audios, strict=True)
        ]
        for audio in audios:
            audio.listen_s(1.0, 30)
        longest = threading.Thread(target=talk, args=(audios[2:], said[2:]))
        longest.start()
        talk(audios[:2], said[:2])
        audios[1].press(HASH)
        longest.join()
        for caller in callers:
            caller.wait()
        for audio in audios:
            assert best_match(audio.heard(), read_wav(FOLDER / "beep.wav"))[1] > 0.8
    records = {record.caller: record for record in switch.closed(number, 3)}
    lengths = {end: _check(switch, records[_who(end)], said[ENDS.index(end)], tmp_path) for end in ENDS}
    assert 3.5 <= lengths["silence"] <= 5.0
    assert 1.9 <= lengths["hash"] <= 3.0
    assert 4.8 <= lengths["longest"] <= 5.2
