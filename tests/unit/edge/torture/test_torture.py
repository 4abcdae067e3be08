"""The torture messages of RFC 4475 and RFC 5118: each gets what its RFC says is right."""

import logging

import attrs
import pytest

from b2bua.edge.admission import Refused
from b2bua.edge.message import parse
from b2bua.edge.settings import INSIDE, Send, UnknownSources
from tests.unit.edge.invariants import check_inside
from tests.unit.edge.stage import CARRIER, SETTINGS, TARGET, UNKNOWN, Stage, field, is_trying, sip_bytes, start
from tests.unit.edge.test_call import outbound
from tests.unit.edge.torture.cases import RFC4475, RFC5118, Case, Outcome, messages

MESSAGES = messages()
CASES = pytest.mark.parametrize("case", RFC4475 + RFC5118, ids=lambda case: case.name)


def outcome(sends: list[Send]) -> Outcome:
    """What was sent, 100 not counted: the status of an answer, the method of what a process got, or nothing."""
    sent = [send for send in sends if not is_trying(send)]
    if not sent:
        return None
    (send,) = sent
    if send.transport == INSIDE:
        check_inside(send)
        return start(send).partition(" ")[0]
    return int(start(send).split(" ")[1])


def test_every_message_of_the_rfcs_is_there() -> None:
    """49 messages of RFC 4475 and 12 of RFC 5118, each with one case."""
    assert (len(RFC4475), len(RFC5118)) == (49, 12)
    assert sorted(MESSAGES) == sorted(case.name for case in RFC4475 + RFC5118)


@pytest.mark.req("S5")
@CASES
def test_a_served_number_of_a_trusted_trunk(case: Case) -> None:
    """The number is served: the RFC's answer, twice the same, or the call goes to a process in clean form."""
    stage = Stage()
    first = stage.outside(MESSAGES[case.name])
    assert outcome(first) == case.served, case.reason
    assert stage.outside(MESSAGES[case.name]) == first
    assert not stage.edge.counters["fault"]


@pytest.mark.req("S5", "N1")
@CASES
def test_an_unserved_number_of_a_trusted_trunk(case: Case) -> None:
    """The number is not served: 404 where the message is otherwise right, the RFC's answer where it is not."""
    stage = Stage()
    stage.admission.verdict = Refused(404, "Not Found")
    sends = stage.outside(MESSAGES[case.name])
    assert outcome(sends) == case.unserved, case.reason
    for send in sends:
        assert send.to.host == CARRIER.host
        assert all(field(send, name) for name in ("Via",))


@pytest.mark.req("S5")
@CASES
def test_an_unknown_source_learns_nothing(case: Case) -> None:
    """Who is no peer gets silence; where the setting is 403 that and nothing else. Nobody is asked."""
    stage = Stage()
    assert stage.outside(MESSAGES[case.name], UNKNOWN) == []
    stage = Stage(attrs.evolve(SETTINGS, unknown_sources=UnknownSources.FORBID))
    assert outcome(stage.outside(MESSAGES[case.name], UNKNOWN)) in (None, 403)
    assert stage.admission.calls == []


@pytest.mark.req("S5")
@CASES
def test_a_trusted_trunk_gets_an_answer_or_a_line_in_the_log(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    """No message of a peer goes without a trace: it is answered, or a line says why not, and from whom it came."""
    caplog.set_level(logging.INFO)
    sends = Stage().outside(MESSAGES[case.name])
    assert sends or CARRIER.host in caplog.text


@pytest.mark.req("S5")
@pytest.mark.parametrize("name", ["badinv01", "ncl", "scalar02", "quotbal", "ltgtruri", "badvers", "multi01", "insuf"])
def test_an_answer_to_what_cannot_be_read_says_back_what_was_sent(name: str) -> None:
    """RFC 3261, 8.2.6.2: From, Call-ID, CSeq and Via of the answer are those of the request, octet by octet."""
    (send,) = Stage().outside(MESSAGES[name])
    sent = MESSAGES[name].partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    lines = [(key.strip().lower(), value.strip()) for key, _, value in (line.partition(":") for line in sent)]
    for header in ("From", "Call-ID", "CSeq"):
        assert field(send, header) == [value for key, value in lines if key == header.lower()]
    via = [value for key, value in lines if key == "via"]
    assert [value.partition(";")[0] for value in field(send, "Via")] == [value.partition(";")[0] for value in via]


@pytest.mark.req("S5")
def test_options_that_an_answer_must_carry() -> None:
    """RFC 4475, 3.1.1.2 and 3.3.5–6: Allow with 501, Unsupported with 420, Accept with 415 and 406."""
    found = {name: Stage().one(MESSAGES[name]) for name in ("intmeth", "bext01", "invut", "sdp01")}
    assert "INVITE" in field(found["intmeth"], "Allow")[0]
    assert field(found["bext01"], "Unsupported")[0].startswith("nothingSupportsThis, nothingSupportsThisEither")
    assert field(found["invut"], "Accept") == ["application/sdp"]
    assert field(found["sdp01"], "Accept") == ["application/sdp"]


@pytest.mark.req("S5")
@pytest.mark.parametrize(("name", "status"), [("unreason", 200), ("noreason", 100)])
def test_a_response_with_an_odd_phrase_reaches_its_process(name: str, status: int) -> None:
    """RFC 4475, 3.1.1.12–13: any phrase, or none, is well formed; here it comes as the answer to our own INVITE."""
    stage = Stage()
    out = stage.inside(outbound())
    head, _, _ = MESSAGES[name].partition(b"\r\n")
    own = "".join(f"{key}: {field(out, key)[0]}\r\n" for key in ("Via", "From", "Call-ID", "CSeq"))
    contact = "To: <sip:m@198.51.100.7>;tag=far\r\nContact: <sip:m@198.51.100.7>\r\n\r\n"
    (send,) = stage.outside(head + b"\r\n" + own.encode() + contact.encode(), TARGET)
    check_inside(send)
    assert start(send).startswith(f"SIP/2.0 {status} ")


@pytest.mark.req("S5")
def test_a_body_of_random_octets_is_counted_by_its_length_only() -> None:
    """RFC 4475, 3.1.1.11: zero octets in a body are no end of it, and no fault in the head."""
    message = parse(MESSAGES["mpart01"])
    assert len(message.body) == 553
    assert b"\0" in message.body


def test_a_zero_octet_in_the_head_is_refused_outside_a_quoted_pair() -> None:
    """RFC 3261, 25.1: a control character is legal only after a backslash in quotes (as in `intmeth`)."""
    request = sip_bytes("OPTIONS sip:a@b SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKx\nFrom: <sip:a@b>;tag=1\n"
                   "To: <sip:a@b>\nCall-ID: nul\nCSeq: 1 OPTIONS\nSubject: a\0b")  # fmt: skip
    assert outcome(Stage().outside(request)) == 400
