"""What a process that died leaves behind, as the far ends see it ended."""

import pytest

from b2bua.edge import dialogs
from b2bua.edge.settings import Send
from tests.unit.edge.stage import CARRIER, INCARNATION, OFFER, PROCESS, TARGET, Stage, field, invite, response_to, start
from tests.unit.edge.test_call import in_dialog, outbound, same_hop


def dies(stage: Stage) -> list[Send]:
    """The process is gone; what the edge sends for it."""
    stage.admission.alive = {}
    return stage.edge.process_died(PROCESS, INCARNATION, stage.now_s)


@pytest.mark.req("S1", "S5")
def test_an_unanswered_caller_gets_500() -> None:
    """The caller who still waits is told; a retransmission hears the same; the ACK ends here."""
    stage = Stage()
    stage.inside(response_to(stage.one(invite()), 180, "Ringing"))
    (lost,) = dies(stage)
    assert start(lost) == "SIP/2.0 500 Call Lost"
    assert field(lost, "Reason") == ["Q.850;cause=41"]
    assert lost.to == CARRIER
    assert start(stage.one(invite())) == "SIP/2.0 500 Call Lost"
    assert start(stage.one(same_hop("CANCEL"))).startswith("SIP/2.0 481")
    tag = field(lost, "To")[0].split(";tag=")[1]
    assert stage.outside(same_hop("ACK", to_tag=f";tag={tag}")) == []


@pytest.mark.req("S1", "S5")
def test_both_confirmed_dialogs_get_bye() -> None:
    """RFC 3261, 15: on each leg a BYE by its own route set and target, with a CSeq above all before."""
    stage = Stage()
    into = stage.one(invite(extra="Record-Route: <sip:192.0.2.20;lr>, <sip:192.0.2.21;lr>"))
    stage.inside(response_to(into, 200, "OK", extra="Contact: <sip:x@h>", body=OFFER))
    stage.one(in_dialog("ACK", stage.token()))
    out = stage.inside(outbound())
    extra = "Record-Route: <sip:198.51.100.1;lr>, <sip:198.51.100.2;lr>\nContact: <sip:m@198.51.100.7:5070>"
    stage.one(response_to(out, 200, "OK", extra=extra, body=OFFER), TARGET)
    to_caller, to_target = dies(stage)
    assert start(to_caller) == "BYE sip:02112345678@192.0.2.10:5060 SIP/2.0"
    assert to_caller.to == ("192.0.2.20", 5060)
    assert field(to_caller, "Route") == ["<sip:192.0.2.20;lr>", "<sip:192.0.2.21;lr>"]
    assert field(to_caller, "From") == ["<sip:4006001234@192.0.2.1>;tag=callee-1"]
    assert field(to_caller, "To") == ['"Zhang" <sip:02112345678@192.0.2.10>;tag=caller-1']
    assert field(to_caller, "CSeq") == ["1 BYE"]
    assert field(to_caller, "Reason") == ['SIP;cause=500;text="Call lost"', "Q.850;cause=41"]
    assert start(to_target) == "BYE sip:m@198.51.100.7:5070 SIP/2.0"
    assert field(to_target, "Route") == ["<sip:198.51.100.2;lr>", "<sip:198.51.100.1;lr>"]
    assert field(to_target, "CSeq") == ["8 BYE"]
    assert stage.outside(response_to(to_target, 200, "OK"), TARGET) == []


@pytest.mark.req("S1", "S5")
def test_a_bye_is_repeated_until_it_is_answered() -> None:
    """RFC 3261, 17.1.2.2: after 0.5, 1, 2, 4, 4 … s, for 32 s; a provisional response does not stop it."""
    stage = Stage()
    stage.inside(response_to(stage.one(invite()), 200, "OK", extra="Contact: <sip:x@h>", body=OFFER))
    out = stage.inside(outbound())
    stage.one(response_to(out, 200, "OK", extra="Contact: <sip:m@198.51.100.7>", body=OFFER), TARGET)
    to_caller, to_target = dies(stage)
    assert stage.outside(response_to(to_caller, 100, "Trying")) == []
    assert stage.outside(response_to(to_target, 200, "OK"), TARGET) == []
    again = []
    for half_seconds in range(1, 80):
        if sends := stage.edge.tick(stage.now_s + half_seconds / 2):
            assert sends == [to_caller]
            again.append(half_seconds / 2)
    assert again == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert stage.outside(response_to(to_target, 200, "OK"), TARGET) == []


@pytest.mark.req("S1", "S5")
def test_a_ringing_target_is_cancelled_and_its_487_acknowledged() -> None:
    """RFC 3261, 9.1: CANCEL by the INVITE's own Via; the ACK to the 487 carries the target's To tag."""
    stage = Stage()
    out = stage.inside(outbound())
    stage.one(response_to(out, 180, "Ringing"), TARGET)
    (cancel,) = dies(stage)
    assert start(cancel) == "CANCEL sip:13800138000@198.51.100.7 SIP/2.0"
    assert field(cancel, "Via") == field(out, "Via")
    assert field(cancel, "CSeq") == ["7 CANCEL"]
    (ack,) = stage.outside(response_to(out, 487, "Request Terminated"), TARGET)
    assert start(ack).startswith("ACK sip:13800138000@")
    assert field(ack, "To") == ["<sip:13800138000@198.51.100.7>;tag=callee-1"]
    assert ack.to == TARGET


@pytest.mark.req("S1", "S5")
def test_a_late_200_is_acknowledged_and_hung_up() -> None:
    """A target that answers a dead process is not left waiting for an ACK: ACK and BYE."""
    stage = Stage()
    out = stage.inside(outbound())
    assert dies(stage) == []
    ack, bye = stage.outside(response_to(out, 200, "OK", extra="Contact: <sip:m@198.51.100.7>"), TARGET)
    assert (start(ack), field(ack, "CSeq")) == ("ACK sip:m@198.51.100.7 SIP/2.0", ["7 ACK"])
    assert (start(bye), field(bye, "CSeq")) == ("BYE sip:m@198.51.100.7 SIP/2.0", ["8 BYE"])


@pytest.mark.req("S1", "S5")
def test_what_was_ended_properly_is_not_ended_again() -> None:
    """After the BYE of either side, or a failure, nothing is owed."""
    stage = Stage()
    stage.inside(response_to(stage.one(invite()), 200, "OK", extra="Contact: <sip:x@h>"))
    stage.one(in_dialog("BYE", stage.token()))
    stage.one(response_to(stage.inside(outbound()), 486, "Busy Here"), TARGET)
    assert dies(stage) == []


@pytest.mark.req("S1", "S5")
def test_a_dialog_without_a_way_is_left() -> None:
    """A next hop that is neither UDP nor TCP: nothing is sent, and nothing raised.

    A 200 without a Contact has one: where the INVITE went; it gets its ACK and BYE there.
    """
    stage = Stage()
    stage.inside(response_to(stage.one(invite()), 200, "OK", extra="Contact: <sip:x@h>", body=OFFER))
    out = stage.inside(outbound())
    extra = "Contact: <sip:m@198.51.100.7>\nRecord-Route: <sip:p.example;transport=tls;lr>"
    stage.one(response_to(out, 200, "OK", extra=extra, body=OFFER), TARGET)
    assert [start(send).split(" ")[1] for send in dies(stage)] == ["sip:02112345678@192.0.2.10:5060"]
    late = Stage()
    out = late.inside(outbound())
    dies(late)
    sends = late.outside(response_to(out, 200, "OK"), TARGET)
    uri = "sip:13800138000@198.51.100.7"
    assert [start(send) for send in sends] == [f"{method} {uri} SIP/2.0" for method in ("ACK", "BYE")]


@pytest.mark.req("S1", "S5")
def test_a_late_ringing_is_cancelled_once() -> None:
    """A target whose first provisional response comes after the process's death; its second changes nothing."""
    stage = Stage()
    out = stage.inside(outbound())
    assert dies(stage) == []
    (cancel,) = stage.outside(response_to(out, 180, "Ringing"), TARGET)
    assert start(cancel).startswith("CANCEL ")
    assert stage.outside(response_to(out, 180, "Ringing"), TARGET) == []


@pytest.mark.req("S1", "S5")
def test_what_waits_for_an_answer_of_a_dead_process_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound BYE and CANCEL are sent once, and a late answer is dropped."""
    monkeypatch.setattr(dialogs, "MOST_LATE", 0)
    stage = Stage()
    stage.inside(response_to(stage.one(invite()), 200, "OK", extra="Contact: <sip:x@h>", body=OFFER))
    out = stage.inside(outbound())
    stage.one(response_to(out, 180, "Ringing"), TARGET)
    assert [start(send).split(" ")[0] for send in dies(stage)] == ["BYE", "CANCEL"]
    assert stage.edge.tick(stage.now_s + 1) == []
    assert stage.outside(response_to(out, 487, "Request Terminated"), TARGET) == []
    assert stage.edge.counters["response-late"] == 1
