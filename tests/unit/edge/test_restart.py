"""A daemon that starts anew while calls are up: what the next edge still knows, and what waits for it."""

from pathlib import Path

import pytest

from b2bua.edge import restart
from b2bua.edge.dialog_journal import DialogJournal
from b2bua.edge.settings import INSIDE, Send
from b2bua.edge.token import ProcessAddress
from b2bua.ipc.protocol import Hello, InviteKey
from tests.unit.edge.stage import (
    CARRIER,
    INCARNATION,
    OFFER,
    PROCESS,
    TARGET,
    ScriptedAdmission,
    Stage,
    field,
    invite,
    response_to,
    start,
    text,
)
from tests.unit.edge.test_call import in_dialog, outbound, same_hop
from tests.unit.edge.test_refer import refer, second_call

KEY = InviteKey("call-1@carrier", "caller-1")
HELLO = Hello(1, PROCESS, INCARNATION, "c-1", KEY)
ADDRESS = ProcessAddress(PROCESS, INCARNATION)


def stage_at(folder: Path) -> Stage:
    """The first daemon, long since started."""
    return Stage(journal=DialogJournal(folder / "dialogs"))


def restarted(folder: Path) -> Stage:
    """The next daemon, at its first second: no process has linked yet."""
    stage = Stage(journal=DialogJournal(folder / "dialogs"), admission=ScriptedAdmission(alive={}), just_started=True)
    stage.edge.tick(stage.now_s)
    return stage


def links(stage: Stage, hello: Hello = HELLO) -> list[Send]:
    """The process says Hello."""
    stage.admission.alive[hello.sip_port] = hello.incarnation
    return stage.edge.process_linked(hello, stage.now_s)


def reinvite(token: str) -> bytes:
    """The caller's re-INVITE from a new Contact."""
    return in_dialog("INVITE", token, OFFER).replace(b"Call-ID", b"Contact: <sip:c@192.0.2.99>\r\nCall-ID")


def talks(stage: Stage) -> None:
    """A call with both legs up; the process has sent INFO to the target, CSeq 9, and the caller has a new Contact."""
    stage.inside(response_to(stage.one(invite()), 200, "OK", extra="Contact: <sip:x@h>", body=OFFER))
    stage.one(in_dialog("ACK", stage.token()))
    out = stage.inside(outbound())
    extra = "Record-Route: <sip:198.51.100.1;lr>\nContact: <sip:m@198.51.100.7:5070>"
    stage.one(response_to(out, 200, "OK", extra=extra, body=OFFER), TARGET)
    info = outbound().replace(b"7 INVITE", b"9 INFO").replace(b"INVITE sip", b"INFO sip")
    stage.inside(info.replace(b"sip:13800138000@198.51.100.7>", b"sip:13800138000@198.51.100.7>;tag=callee-1"))
    stage.one(reinvite(stage.token()))


@pytest.mark.req("S1")
def test_both_dialogs_get_bye_from_the_next_daemon(tmp_path: Path) -> None:
    """Target, routes, tags and CSeq are those that the first daemon saw last; what is answered is not sent again."""
    first = stage_at(tmp_path)
    talks(first)
    stage = restarted(tmp_path)
    assert stage.edge.missing_processes() == [ADDRESS]
    byes = stage.edge.process_died(PROCESS, INCARNATION, stage.now_s)
    to_caller, to_target = first.edge.process_died(PROCESS, INCARNATION, first.now_s)
    assert byes in ([to_caller, to_target], [to_target, to_caller])
    assert start(to_caller) == "BYE sip:c@192.0.2.99 SIP/2.0"
    assert field(to_caller, "To") == ['"Zhang" <sip:02112345678@192.0.2.10>;tag=caller-1']
    assert field(to_target, "CSeq") == ["10 BYE"]
    assert field(to_target, "Route") == ["<sip:198.51.100.1;lr>"]
    stage.outside(response_to(to_caller, 200, "OK"))
    third = restarted(tmp_path)
    assert third.outside(response_to(to_target, 200, "OK"), TARGET) == []
    assert third.edge.process_died(PROCESS, INCARNATION, stage.now_s) == [to_target]
    assert third.edge.tick(third.now_s + 1) == []
    assert restarted(tmp_path).edge.missing_processes() == []


@pytest.mark.req("S1")
def test_what_was_not_answered_is_ended_by_the_next_daemon(tmp_path: Path) -> None:
    """The caller gets 500; the target CANCEL, though a provisional response is not known of, and its 487 an ACK."""
    first = stage_at(tmp_path)
    first.one(invite())
    out = first.inside(outbound())
    stage = restarted(tmp_path)
    lost, cancel = stage.edge.process_died(PROCESS, INCARNATION, stage.now_s)
    assert (start(lost), lost.to) == ("SIP/2.0 500 Call Lost", CARRIER)
    assert (start(cancel).split(" ")[0], field(cancel, "Via")) == ("CANCEL", field(out, "Via"))
    assert start(stage.one(response_to(out, 487, "Gone"), TARGET)).startswith("ACK")
    assert start(stage.one(invite())) == "SIP/2.0 500 Call Lost"


@pytest.mark.req("S1")
def test_far_ends_are_known_after_the_restart(tmp_path: Path) -> None:
    """The hosts of dialogs and of targets that ring are no unknown sources, whose messages are limited in number."""
    first = stage_at(tmp_path)
    talks(first)
    second = outbound().replace(b"Pj-1", b"Pj-3").replace(b"out-call-1", b"out-call-3")
    first.inside(second.replace(b"sip:13800138000@198.51.100.7", b"sip:13800138000@198.51.100.44"))
    peers = restarted(tmp_path).edge.peers
    assert all(peers.known(host) for host in ("198.51.100.1", "192.0.2.99", "198.51.100.44"))
    assert not peers.known("198.51.100.45")


@pytest.mark.req("S1")
def test_a_late_answer_is_ended_by_the_daemon_after_the_next(tmp_path: Path) -> None:
    """An INVITE of a dead process is known for 64 s, over restarts too; then it is forgotten."""
    stage_at(tmp_path).inside(outbound())
    restarted(tmp_path).edge.process_died(PROCESS, INCARNATION, 1000.0)
    stage = restarted(tmp_path)
    assert stage.edge.missing_processes() == [ADDRESS]
    stage.edge.process_died(PROCESS, INCARNATION, stage.now_s)
    stage.now_s += 65
    stage.edge.tick(stage.now_s)
    assert restarted(tmp_path).edge.missing_processes() == []


@pytest.mark.req("S1")
def test_a_call_answered_after_the_restart_is_known(tmp_path: Path) -> None:
    """The INVITEs of a ringing call are remembered, so that its dialogs are known when they are confirmed."""
    first = stage_at(tmp_path)
    into, out = first.one(invite()), first.inside(outbound())
    stage = restarted(tmp_path)
    assert links(stage) == []
    stage.one(response_to(out, 200, "OK", extra="Contact: <sip:m@198.51.100.7>", body=OFFER), TARGET)
    stage.inside(response_to(into, 200, "OK", extra="Contact: <sip:x@h>", body=OFFER))
    byes = stage.edge.process_died(PROCESS, INCARNATION, stage.now_s)
    assert {start(bye).split(" ")[1] for bye in byes} == {"sip:m@198.51.100.7", "sip:02112345678@192.0.2.10:5060"}


@pytest.mark.req("S1")
def test_nothing_is_left_of_a_call_that_ended(tmp_path: Path) -> None:
    """After BYE of one side and refusal of the other, and after the next call of the process, nothing is remembered."""
    first = stage_at(tmp_path)
    first.inside(response_to(first.one(invite()), 200, "OK", extra="Contact: <sip:x@h>"))
    first.one(in_dialog("BYE", first.token()))
    first.one(response_to(first.inside(outbound()), 486, "Busy Here"), TARGET)
    assert restarted(tmp_path).edge.missing_processes() == []
    talks(first)
    first.inside(outbound().replace(b"Pj-1", b"Pj-2"))
    first.inside(response_to(first.one(invite("next@carrier")), 486, "Busy Here"))
    assert restarted(tmp_path).edge.missing_processes() == []


@pytest.mark.req("S1", "P1")
def test_a_message_for_a_process_waits_until_it_links(tmp_path: Path) -> None:
    """BYE, re-INVITE, ACK, CANCEL, a repeated INVITE and a response: each goes to the process once, in order."""
    first = stage_at(tmp_path)
    token, ringing = first.token(), first.inside(outbound())
    first.one(invite())
    stage = restarted(tmp_path)
    came = [
        (in_dialog("BYE", token), CARRIER), (reinvite(token), CARRIER),
        (in_dialog("ACK", token), CARRIER), (invite(), CARRIER), (same_hop("CANCEL"), CARRIER),
        (response_to(ringing, 180, "Ringing"), TARGET), (response_to(ringing, 183, "Progress"), TARGET),
    ]  # fmt: skip
    for packet, source in [*came, *came]:
        assert stage.outside(packet, source) == []
    sends = links(stage)
    inside = [start(send).replace("SIP/2.0 ", "").split(" ")[0] for send in sends if send.transport == INSIDE]
    assert inside == ["BYE", "INVITE", "ACK", "INVITE", "CANCEL", "180", "183"]
    assert [start(send) for send in sends if send.transport != INSIDE] == ["SIP/2.0 100 Trying"]
    assert stage.admission.calls == []
    assert links(stage) == []


@pytest.mark.req("S1")
def test_over_tcp_the_answer_takes_the_way_of_the_request(tmp_path: Path) -> None:
    """A held request keeps its source and transport."""
    token = stage_at(tmp_path).token()
    stage = restarted(tmp_path)
    assert stage.outside(in_dialog("BYE", token).replace(b"UDP", b"TCP"), CARRIER, "tcp") == []
    (bye,) = links(stage)
    back = stage.inside(response_to(bye, 200, "OK"))
    assert (start(back), back.transport, back.to) == ("SIP/2.0 200 OK", "tcp", CARRIER)


@pytest.mark.req("S1")
def test_what_waits_for_a_process_that_never_links_is_answered(tmp_path: Path) -> None:
    """481 after 5 s, or at once when the process is found dead; later requests do not wait."""
    token = stage_at(tmp_path).token()
    stage = restarted(tmp_path)
    assert stage.outside(in_dialog("BYE", token)) == []
    stage.now_s += restart.HOLD_S - 1
    assert stage.edge.tick(stage.now_s) == []
    stage.now_s += 1
    (gone,) = stage.edge.tick(stage.now_s)
    assert start(gone).startswith("SIP/2.0 481")
    assert start(stage.one(in_dialog("BYE", token))).startswith("SIP/2.0 481")
    other = restarted(tmp_path)
    assert other.outside(in_dialog("BYE", token)) == []
    (gone,) = other.edge.process_died(PROCESS, INCARNATION, other.now_s)
    assert start(gone).startswith("SIP/2.0 481")
    assert start(other.one(in_dialog("BYE", token))).startswith("SIP/2.0 481")


@pytest.mark.req("S1")
def test_what_waits_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bounds of number and bytes a message is dropped and counted; its sender will repeat it."""
    token = stage_at(tmp_path).token()
    stage = restarted(tmp_path)
    monkeypatch.setattr(restart, "MOST_MESSAGES", 2)
    requests = [in_dialog("INFO", token).replace(b"later", b"later-%d" % n) for n in range(4)]
    for request in requests[:3]:
        assert stage.outside(request) == []
    monkeypatch.setattr(restart, "MOST_MESSAGES", 9)
    monkeypatch.setattr(restart, "MOST_BYTES", 3 * len(requests[0]) - 1)
    assert stage.outside(requests[3]) == []
    assert stage.edge.counters == {"held": 2, "held-too-many": 2}
    assert len(links(stage)) == 2


@pytest.mark.req("M3")
def test_a_refer_waits_for_every_process(tmp_path: Path) -> None:
    """Its own process has linked, the one whose call is to be replaced not yet: it is told when both are known."""
    first = stage_at(tmp_path)
    contact = second_call(first)
    first.one(response_to(first.inside(outbound()), 200, "OK", extra="Contact: <sip:m@198.51.100.7>"), TARGET)
    stage = restarted(tmp_path)
    assert links(stage, Hello(1, PROCESS, INCARNATION, "c-1", KEY)) == []
    replaces = "second%40phone%3Bto-tag%3Dours-2%3Bfrom-tag%3Dcaller-1"
    asked = refer(first.token(), f"Refer-To: <{contact}?Replaces={replaces}>")
    assert stage.outside(asked, TARGET) == stage.outside(asked, TARGET) == []
    assert links(stage, Hello(2, 40002, "inc2", "c-2", InviteKey("second@phone", "caller-1"))) == []
    stage.now_s += restart.REFER_S
    (accepted,) = stage.edge.tick(stage.now_s)
    assert start(accepted) == "SIP/2.0 202 Accepted"
    ((_, referral),) = stage.admission.referrals
    assert (referral.met_at, referral.replaces) == (
        ProcessAddress(40002, "inc2"),
        "out-call-2;to-tag=theirs-2;from-tag=out-1",
    )


@pytest.mark.req("S1")
def test_a_process_whose_call_ended_meanwhile(tmp_path: Path) -> None:
    """It links without a call: what the daemon before knew of it is ended, since its BYE found nobody to forward it."""
    talks(stage_at(tmp_path))
    stage = restarted(tmp_path)
    assert [start(send).split(" ")[0] for send in links(stage, Hello(1, PROCESS, INCARNATION))] == ["BYE", "BYE"]
    assert links(stage, Hello(1, PROCESS, INCARNATION)) == []


@pytest.mark.req("S1")
def test_a_process_whose_port_another_has_is_dead(tmp_path: Path) -> None:
    """The next tick ends its dialogs."""
    talks(stage_at(tmp_path))
    stage = restarted(tmp_path)
    assert links(stage, Hello(2, PROCESS, "inc2")) == []
    assert [start(send).split(" ")[0] for send in stage.edge.tick(stage.now_s)] == ["BYE", "BYE"]


@pytest.mark.req("S1")
def test_a_missing_process_is_given_up_late(tmp_path: Path) -> None:
    """One whose port is in use may be stopped or starved: its dialogs are ended after 30 s, not with the hold."""
    talks(stage_at(tmp_path))
    stage = restarted(tmp_path)
    stage.now_s += restart.GIVE_UP_S - 1
    assert stage.edge.tick(stage.now_s) == []
    stage.now_s += 1
    assert len(stage.edge.tick(stage.now_s)) == 2


def test_the_journal_holds_what_memory_holds(tmp_path: Path) -> None:
    """Whatever is in the journal parses to what it was: a display name and a route with all that may stand in them."""
    first = stage_at(tmp_path)
    odd = invite(extra='Record-Route: <sip:u%20x@192.0.2.20:5070;lr;x=~y>;a="b;c"').replace(
        b'"Zhang"', '"张 \\"三\\\\"'.encode()
    )
    first.inside(response_to(first.one(odd), 200, "OK", extra="Contact: <sip:x@h>"))
    (bye,) = restarted(tmp_path).edge.process_died(PROCESS, INCARNATION, 0.0)
    assert [bye] == first.edge.process_died(PROCESS, INCARNATION, 0.0)
    assert field(bye, "To")[0].startswith('"张')
    assert "u%20x" in text(bye)


def test_an_entry_of_another_version_is_dropped(tmp_path: Path) -> None:
    """What cannot be read costs that dialog, never the start."""
    first = stage_at(tmp_path)
    talks(first)
    good = (tmp_path / "dialogs").read_bytes()
    for old, new in [(b"dialog", b"fialog"), (b"\xa19", b"\xa1x")]:
        (tmp_path / "dialogs").write_bytes(good.replace(old, new))
        assert len(restarted(tmp_path).edge.process_died(PROCESS, INCARNATION, 0.0)) < 2
