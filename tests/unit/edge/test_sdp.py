"""Session descriptions as a call process sees them."""

import pytest

from b2bua.edge import sdp
from b2bua.edge.grammar import MalformedError
from tests.unit.edge.stage import CLEAN_OFFER, OFFER, Stage, invite, start


def cleaned(text: str, *, offer: bool = True) -> str:
    """The description printed anew, with plain line ends."""
    told = sdp.clean(text.replace("\n", "\r\n").encode("latin-1"), offer=offer)
    return told.octets.decode().replace("\r\n", "\n")


@pytest.mark.req("S1")
def test_an_offer_is_thinned_out_to_what_a_process_knows() -> None:
    """Codecs that PJSIP parses badly or does not have go; the origin is cut to 32 bits; keys stay."""
    assert cleaned(OFFER) == CLEAN_OFFER


@pytest.mark.req("S1")
def test_other_streams_are_declined_in_their_place() -> None:
    """RFC 3264, 6: as many media lines as were offered, in order; a second audio and video get port 0."""
    lines = cleaned(
        "v=0\no=x 1 1 IN IP4 h.example\ns=x\nt=0 0\nm=video 4000 RTP/AVPF 96 97\nc=IN IP4 192.0.2.3\n"
        "m=audio 4002 RTP/AVP 0\nc=IN IP4 192.0.2.4\na=sendonly\nm=audio 4004 RTP/AVP 8\nc=IN IP4 192.0.2.5\n"
    )
    assert lines == (
        "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nc=IN IP4 192.0.2.4\nt=0 0\nm=video 0 RTP/AVPF 96\n"
        "m=audio 4002 RTP/AVP 0\na=rtpmap:0 PCMU/8000\na=sendonly\nm=audio 0 RTP/AVP 8\n"
    )


@pytest.mark.req("S1", "S5")
@pytest.mark.parametrize(
    "change",
    [
        ("RTP/AVP", "RTP/SAVP"),
        ("IN IP4 192.0.2.10\nt=", "IN IP6 ::1\nt="),
        ("IN IP4 192.0.2.10\nt=", "IN IP4 media.example\nt="),
        ("IN IP4 192.0.2.10\nt=", "IN IP4 224.2.36.42/127\nt="),
        ("8 0 18 101", "18 101"),
        ("audio 30000", "audio 0"),
        ("m=audio", "m=image"),
    ],
)
def test_an_offer_with_nothing_for_us_is_488(change: tuple[str, str]) -> None:
    """No codec in common, SRTP, IPv6, a name to be looked up: 488 before a process is asked for."""
    stage = Stage()
    assert start(stage.one(invite(body=OFFER.replace(*change)))) == "SIP/2.0 488 Not Acceptable Here"
    assert stage.admission.calls == []


@pytest.mark.req("S1")
@pytest.mark.parametrize("ptime", ["0", "5", "70", "2000", "x", "99999999999999999999"])
def test_an_odd_packet_time_is_left_out(ptime: str) -> None:
    """Only 10–60 ms reach PJSIP, whose buffers overflow on more."""
    assert "ptime" not in cleaned(OFFER.replace("ptime:20", f"ptime:{ptime}"))
    assert "a=ptime:30\n" in cleaned(OFFER.replace("ptime:20", "ptime:30"))


@pytest.mark.req("S1")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "v=1\n",
        OFFER.replace("t=0 0", "t"),
        OFFER.replace("m=audio 30000", "m=audio 99999"),
        OFFER + "a=x\n" * 300,
    ],
)
def test_what_is_not_sdp_is_refused(text: str) -> None:
    """RFC 4566, 5: a line is a letter, an equals sign and a value; sizes and counts are bounded."""
    with pytest.raises(MalformedError):
        cleaned(text)


@pytest.mark.req("S1")
def test_a_static_number_with_another_meaning_is_not_believed() -> None:
    """A static payload type that is mapped to another codec is that codec, and goes."""
    assert "m=audio 30000 RTP/AVP 0 101\n" in cleaned(OFFER.replace("8 PCMA/8000", "8 speex/8000"))


@pytest.mark.req("S1")
def test_an_answer_may_decline_its_audio() -> None:
    """Port 0 in an answer is a refusal of the stream, which the process must hear of."""
    assert "m=audio 0 RTP/AVP 8\n" in cleaned(OFFER.replace("30000", "0"), offer=False)
