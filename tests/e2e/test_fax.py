"""A fax call carries every sample as it is, both ways, over a line that is late now and then (M6)."""

from typing import Final

import pytest

from tests.support.rtp_end import BlockingAudio, talk
from tests.support.sipp import Caller, Target, pause, recv
from tests.support.sound import a_law, speech
from tests.support.switch import Switch, sip_uri

FAX: Final = '[nodes.fax]\nkind = "hunt"\ntargets = ["line"]\nfax = true\n'
MENU: Final = '[nodes.main]\nkind = "menu"\nprompts = ["menu"]\nkeys = { 4 = "fax" }\notherwise = "fax"\n'
SECONDS: Final = 2
STALL_S: Final = 0.06
"""Three packets' worth; PJSIP's usual buffer slips at the first of these."""
TAIL: Final = 160
"""What PJSIP may do to the last packet of all, after which it has nothing to play."""
PLAIN: Final = "m=audio [0-9]+ RTP/AVP 8 0[[:space:]]"
"""An offer of G.711, and of no telephone-events."""


def _anew(audio: BlockingAudio, status: int) -> list[str]:
    """The re-INVITE that offers the caller G.711 and nothing else, and its answer."""
    answer = Target.respond(200, "OK", sdp=audio.sdp(), tag=False)
    refusal = Target.respond(status, "Not Acceptable Here", tag=False)
    return [recv("INVITE", check=PLAIN), answer if status == 200 else refusal, recv("ACK")]


def _carried(switch: Switch, plan: str, *, key: int | None = None, anew: int = 0) -> list[bool]:
    """Whether what the caller, and what the fax sent came out at the other end sample for sample, in one piece.

    With a `key` it is keyed in a menu first; then the caller answers the re-INVITE with `anew`.
    """
    said = [speech(SECONDS, 1), speech(SECONDS, 2)]
    with BlockingAudio() as caller_audio, BlockingAudio() as fax_audio:
        audios = [caller_audio, fax_audio]
        bye = [recv("BYE", timeout_ms=60_000), Target.respond(200, "OK", tag=False)]
        answer = Target.respond(200, "OK", sdp=fax_audio.sdp())
        rung = recv("INVITE", check=PLAIN if "fax = true" in plan else "")
        with switch.target([rung, answer, recv("ACK"), *bye]) as target:
            number = switch.publish(f'line = "{sip_uri(target.port)}"\n{plan}')
            early = [recv(183)] if key is not None else []
            steps = [Caller.invite(sdp=caller_audio.sdp()), recv(100, optional=True), *early, recv(200, rrs=True)]
            steps += [Caller.ack(), *(_anew(caller_audio, anew) if anew else [])]
            steps += [pause(SECONDS * 1000 + 2500), Caller.request("BYE", 2), recv(200)]
            with switch.caller(number, steps) as caller:
                if key is not None:
                    caller_audio.listen_s(0.5, 10)
                    caller_audio.press(key)
                for audio in reversed(audios):  # the fax's audio comes last
                    audio.listen_s(0.5, 10)
                talk(audios, said, stall_s=STALL_S)
                for audio in audios:
                    audio.listen_s(SECONDS + 0.5, 20)
                caller.wait()
            target.wait()
        switch.closed(number)
        pairs = zip(said, reversed(audios), strict=True)
        return [a_law(voice)[:-TAIL] in audio.codes() for voice, audio in pairs]


@pytest.mark.req("M6")
def test_a_fax_after_a_menu(switch: Switch) -> None:
    """The caller's audio was opened for the menu, and is made anew: all samples both ways, at the level they had."""
    assert _carried(switch, MENU + FAX, key=4, anew=200) == [True, True]


@pytest.mark.soak
@pytest.mark.req("M6")
def test_a_fax_line_of_its_own(switch: Switch) -> None:
    """Without a menu the caller's audio is right from the start; nothing is made anew."""
    assert _carried(switch, FAX) == [True, True]


@pytest.mark.soak
@pytest.mark.req("M6")
def test_a_caller_that_refuses_to_agree_anew(switch: Switch) -> None:
    """488 to the re-INVITE: the fax goes on; what it sends comes whole, the caller's slips with the line, as speech."""
    assert _carried(switch, MENU + FAX, key=4, anew=488) == [False, True]


@pytest.mark.soak
@pytest.mark.req("M6")
def test_speech_slips_with_such_a_line(switch: Switch) -> None:
    """The same to a target that is no fax does not come whole: it is the fax's buffer that makes the difference."""
    plan = FAX.replace("fax = true\n", "")
    assert not all(_carried(switch, plan))
