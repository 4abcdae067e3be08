"""REFER at the edge: never let through to a process, answered here, and told to the admission in values (M3)."""

import pytest

from b2bua.edge.admission import Admitted, Refused
from b2bua.edge.settings import INSIDE, Send
from b2bua.edge.token import ContactUris, DialogTokens, ProcessAddress
from routing.ids import CallId
from tests.unit.edge.stage import (
    INCARNATION,
    PROCESS,
    SECRET,
    TARGET,
    Stage,
    field,
    invite,
    response_to,
    sip_bytes,
    start,
)
from tests.unit.edge.test_call import in_dialog, outbound

OTHER = 40002


def refer(token: str, refer_to: str = "Refer-To: <sip:801@192.0.2.1>", *, caller: bool = False) -> bytes:
    """REFER from the target's telephone, or (`caller`) from the caller's."""
    tag, call = ("caller-1", "call-1@carrier") if caller else ("callee-1", "out-call-1")
    return sip_bytes(f"""
REFER sip:{token}@192.0.2.1:5060 SIP/2.0
Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKrefer;rport
Max-Forwards: 70
From: <sip:13800138000@198.51.100.7>;tag={tag}
To: <sip:02112345678@192.0.2.1>;tag=out-1
Call-ID: {call}
CSeq: 12 REFER
{refer_to}
""")


def sent(stage: Stage, packet: bytes) -> Send:
    """What the telephone gets back; nothing may go to a process."""
    send = stage.one(packet, TARGET)
    assert send.transport != INSIDE
    return send


@pytest.mark.req("M3")
@pytest.mark.parametrize(
    ("line", "to", "quiet"),
    [
        ("Refer-To: <sip:801@192.0.2.1>", "sip:801@192.0.2.1", False),
        ("r: sip:801@192.0.2.1\nReferred-By: <sip:me@198.51.100.7>", "sip:801@192.0.2.1", False),
        ("Refer-To: <tel:+862162288301>", "+862162288301", False),
        ("Refer-To: <sip:801@192.0.2.1;method=INVITE>\nRefer-Sub: false", "sip:801@192.0.2.1;method=INVITE", True),
        ("Refer-To: <sip:801@192.0.2.1>\nRequire: norefersub\nRefer-Sub: false", "sip:801@192.0.2.1", True),
    ],
)
def test_a_sound_refer_is_accepted_and_told(line: str, to: str, quiet: bool) -> None:
    """202 with a Contact; whoever wants no NOTIFY is told that none comes (RFC 3515, 2.4.2; RFC 4488, 4)."""
    stage = Stage()
    send = sent(stage, refer(stage.token(), line))
    assert start(send) == "SIP/2.0 202 Accepted"
    assert stage.token() in field(send, "Contact")[0]
    assert field(send, "Refer-Sub") == (["false"] if quiet else [])
    ((process, referral),) = stage.admission.referrals
    assert process == ProcessAddress(PROCESS, INCARNATION)
    assert (referral.sip_call_id, referral.cseq, referral.to, referral.quiet) == ("out-call-1", 12, to, quiet)


@pytest.mark.req("M3")
@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("Subject: nothing", 400),
        ("Refer-To: <sip:801@192.0.2.1>\nRefer-To: <sip:802@192.0.2.1>", 400),
        ("Refer-To: <sip:801@192.0.2.1>, <sip:802@192.0.2.1>", 400),
        ("Refer-To: <sip:@@>", 400),
        ("Refer-To: <sip:a@b?Replaces=x>", 400),
        ("Refer-To: <sip:a@b?Replaces=x%3Bto-tag%3D1>", 400),
        ("Refer-To: <sip:a@b?Replaces=x%0D%0AVia%3A%20y%3Bto-tag%3D1%3Bfrom-tag%3D2>", 400),
        ("Refer-To: <sips:801@192.0.2.1>", 416),
        ("Refer-To: <sip:801@192.0.2.1;method=BYE>", 603),
        ("Refer-To: <sip:801@192.0.2.1>\nRequire: teleport", 420),
    ],
)
def test_an_unsound_refer_is_refused(line: str, status: int) -> None:
    """What RFC 3515 says of each; nobody is told."""
    stage = Stage()
    assert start(sent(stage, refer(stage.token(), line))).startswith(f"SIP/2.0 {status}")
    assert not stage.admission.referrals


@pytest.mark.req("M3")
def test_only_a_targets_telephone_transfers() -> None:
    """The caller's REFER is declined; one outside a dialog, with a token of nobody or of a dead process, is 481."""
    stage = Stage()
    stage.one(invite())
    assert start(sent(stage, refer(stage.token(), caller=True))).startswith("SIP/2.0 603")
    assert start(sent(stage, refer("nobody.9c41.00000000000000000000"))).startswith("SIP/2.0 481")
    without = refer(stage.token()).replace(b";tag=out-1", b"")
    assert start(sent(stage, without)).startswith("SIP/2.0 481")
    stage.admission.referral_refused = Refused(481, "Call/Transaction Does Not Exist")
    assert start(sent(stage, refer(stage.token()))).startswith("SIP/2.0 481")
    stage.admission.alive.clear()
    assert start(sent(stage, refer(stage.token()))).startswith("SIP/2.0 481")


def second_call(stage: Stage) -> str:
    """The telephone's own call through us, which another process holds and has bridged; that one's token."""
    stage.admission.verdict = Admitted(OTHER, "inc2", CallId("c-2"))
    stage.admission.alive[OTHER] = "inc2"
    into = stage.one(invite("second@phone"))
    contact = "Contact: <sip:x@127.0.0.1:40002>"
    stage.edge.receive_inside(response_to(into, 200, "OK", tag="ours-2", extra=contact), OTHER, stage.now_s)
    out = outbound().replace(b"127.0.0.1:40001", b"127.0.0.1:40002").replace(b"out-call-1", b"out-call-2")
    (send,) = stage.edge.receive_inside(out, OTHER, stage.now_s)
    stage.one(response_to(send, 200, "OK", tag="theirs-2", extra="Contact: <sip:m@198.51.100.7>"), TARGET)
    return ContactUris(stage.edge.settings, DialogTokens(SECRET)).of(ProcessAddress(OTHER, "inc2"))


@pytest.mark.req("M3")
def test_replaces_of_a_call_through_us_means_its_far_side() -> None:
    """The telephone names its dialog with us (RFC 3891, 3); what is to be replaced is the other one of that process."""
    stage = Stage()
    contact = second_call(stage)
    replaces = "second%40phone%3Bto-tag%3Dours-2%3Bfrom-tag%3Dcaller-1"
    assert start(sent(stage, refer(stage.token(), f"Refer-To: <{contact}?Replaces={replaces}>"))).endswith("Accepted")
    ((_, referral),) = stage.admission.referrals
    assert referral.met_at == ProcessAddress(OTHER, "inc2")
    assert (referral.to, referral.replaces) == ("", "out-call-2;to-tag=theirs-2;from-tag=out-1")


@pytest.mark.req("M3")
@pytest.mark.parametrize("tags", ["guessed-2%3Bfrom-tag%3Dcaller-1", "ours-2%3Bfrom-tag%3Dguessed"])
def test_replaces_of_a_dialog_that_is_not_the_telephones(tags: str) -> None:
    """A guess at someone else's call is declined; the tags must be those of a dialog that the process holds."""
    stage = Stage()
    contact = second_call(stage)
    answer = sent(stage, refer(stage.token(), f"Refer-To: <{contact}?Replaces=second%40phone%3Bto-tag%3D{tags}>"))
    assert start(answer).startswith("SIP/2.0 603")


@pytest.mark.req("M3")
def test_replaces_of_a_call_between_telephones_goes_on_as_it_is() -> None:
    """A consultation that did not go through us: the plan's target is asked to replace it itself."""
    stage = Stage()
    line = "Refer-To: <sip:m@198.51.100.9:5066;ob?Replaces=" + "p" * 120 + "%40phone%3Bto-tag%3Da%3Bfrom-tag%3Db>"
    assert start(sent(stage, refer(stage.token(), line))).endswith("Accepted")
    ((_, referral),) = stage.admission.referrals
    assert (referral.to, referral.met_at) == ("sip:m@198.51.100.9:5066;ob", None)
    assert referral.replaces == "p" * 120 + "@phone;to-tag=a;from-tag=b"


@pytest.mark.req("M3")
def test_a_telephone_without_interest_in_its_transfer_keeps_its_call() -> None:
    """481 to our NOTIFY ends a subscription only (RFC 5057, 5.1): the process sees 200."""
    stage = Stage()
    notify = in_dialog("NOTIFY", "x").replace(
        b"192.0.2.10:5060;branch=z9hG4bKlater", b"127.0.0.1:40001;branch=z9hG4bKn"
    )
    notify = notify.replace(b"sip:x@192.0.2.1:5060 SIP", b"sip:m@198.51.100.7 SIP")
    out = stage.inside(notify)
    answer = stage.one(response_to(out, 481, "Gone"), TARGET)
    assert (start(answer), answer.transport) == ("SIP/2.0 200 OK", INSIDE)
    assert answer.to.port == PROCESS
