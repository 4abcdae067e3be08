"""Streams beside ours, and audio that is declined: what makes PJSIP abort never reaches it; answers match offers."""

import attrs
import pytest

from b2bua.edge import sdp
from tests.unit.edge.stage import OFFER, SETTINGS, TARGET, Stage, field, invite, response_to, start, text
from tests.unit.edge.test_call import in_dialog, outbound

VIDEO = "m=video 40000 RTP/AVP 96\na=rtpmap:96 VP8/90000\n"
BOTH = OFFER.replace("m=audio", f"{VIDEO}m=audio")
DECLINED = OFFER.replace("30000", "0")
CONTACT = "Contact: <sip:m@198.51.100.7:5070>"


@pytest.mark.req("S1", "S5")
@pytest.mark.parametrize(
    ("offer", "kinds"), [(BOTH, ["video 0", "audio 30000"]), (OFFER + VIDEO, ["audio 30000", "video 0"])]
)
def test_an_update_that_adds_a_stream(offer: str, kinds: list[str]) -> None:
    """PJSIP sees its own stream alone; its answer has as many as the offer, in order (RFC 3264, 6)."""
    stage = Stage()
    stage.inside(response_to(stage.one(invite()), 180, "Ringing"))
    update = stage.one(
        in_dialog("UPDATE", stage.token(), offer).replace(
            b"Max-Forwards", b"Contact: <sip:c@192.0.2.10>\r\nMax-Forwards"
        )
    )
    assert [line for line in text(update).split("\n") if line.startswith("m=")] == ["m=audio 30000 RTP/AVP 8 0 101"]
    answer = text(stage.inside(response_to(update, 200, "OK", extra="Contact: <sip:x@h>", body=OFFER)))
    assert [" ".join(line[2:].split()[:2]) for line in answer.split("\n") if line.startswith("m=")] == kinds
    assert answer.split("\n\n")[1].count("a=rtpmap:8 PCMA/8000") == 1


@pytest.mark.req("S1")
def test_ringing_that_declines_its_audio_is_plain_ringing() -> None:
    """A provisional answer without audio in common says nothing that cannot wait for the answer."""
    stage = Stage()
    out = stage.inside(outbound())
    rang = stage.one(response_to(out, 183, "Session Progress", extra=CONTACT, body=DECLINED), TARGET)
    assert start(rang) == "SIP/2.0 183 Session Progress"
    assert "m=" not in text(rang)


@pytest.mark.req("S1", "R6")
@pytest.mark.parametrize(
    "body", [DECLINED, OFFER.replace("8 0 18 101", "9 101"), f"v=0\no=x 1 1 IN IP4 h\ns=-\n{VIDEO}"]
)
def test_an_answer_that_declines_its_audio_is_ended_here(body: str) -> None:
    """The target gets ACK and BYE, the process 488: it rings the next target. A repeated 200 gets its ACK again."""
    stage = Stage()
    out = stage.inside(outbound())
    answer = response_to(out, 200, "OK", extra=CONTACT, body=body)
    ack, bye, refused = stage.outside(answer, TARGET)
    assert [start(each).split()[0] for each in (ack, bye)] == ["ACK", "BYE"]
    assert field(ack, "CSeq") == ["7 ACK"]
    assert field(bye, "Reason") == ['SIP;cause=488;text="Not Acceptable Here"']
    assert {ack.to, bye.to} == {("198.51.100.7", 5070)}
    assert start(refused) == "SIP/2.0 488 Not Acceptable Here"
    assert "m=" not in text(refused)
    again = stage.outside(answer, TARGET)
    assert [start(each).split()[0] for each in again] == ["ACK", "SIP/2.0"]


@pytest.mark.req("S1")
def test_audio_declined_in_the_middle_of_a_call_is_silence() -> None:
    """An answer to a re-INVITE of ours goes in as a stream that is inactive; others stay declined."""
    stage = Stage()
    again = outbound().replace(b"To: <sip:13800138000@198.51.100.7>", b"To: <sip:13800138000@198.51.100.7>;tag=t1")
    answer = stage.one(response_to(stage.inside(again), 200, "OK", extra=CONTACT, body=DECLINED + VIDEO), TARGET)
    lines = text(answer).split("\n\n")[1].split("\n")
    assert lines[lines.index("t=0 0") + 1 :] == ["m=audio 9 RTP/AVP 8 0", "a=inactive", "m=video 0 RTP/AVP 96"]


@pytest.mark.req("S1")
def test_a_codec_that_is_not_in_use_is_none() -> None:
    """G.722 is for those who have set it: without, an offer of it alone is 488 before a process is asked."""
    wideband = OFFER.replace("8 0 18 101", "9 101")
    assert start(Stage().one(invite(body=wideband))) == "SIP/2.0 488 Not Acceptable Here"
    with_it = Stage(settings=attrs.evolve(SETTINGS, codecs=("G722", "PCMA")))
    assert "m=audio 30000 RTP/AVP 9 101" in text(with_it.one(invite(body=wideband)))
    assert "m=audio 30000 RTP/AVP 8 101" in text(with_it.one(invite(call_id="call-2@carrier")))


@pytest.mark.req("S1")
def test_streams_find_their_places() -> None:
    """`among` leaves an answer without streams alone, and puts each declined one where it stood."""
    assert sdp.with_others(b"", ("", "m=video 0 RTP/AVP 96")) == b""
    assert sdp.with_others(b"v=0\r\nm=audio 1 RTP/AVP 8\r\na=x\r\n", ("m=video 0 X 1", "", "m=image 0 Y 2")) == (
        b"v=0\r\nm=video 0 X 1\r\nm=audio 1 RTP/AVP 8\r\na=x\r\nm=image 0 Y 2\r\n"
    )
