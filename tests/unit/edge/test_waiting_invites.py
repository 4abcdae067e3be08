"""INVITEs that find no process wait up to a second for one (F16, F45)."""

from ipaddress import IPv4Network

import pytest

from b2bua.config.trunks import Trunk
from b2bua.edge.admission import Admitted, NoProcess
from b2bua.edge.message import Request, parse
from b2bua.edge.rate_limit import Address
from b2bua.edge.waiting_invites import MOST_WAITING, WAIT_S, WaitingInvite, WaitingInvites
from b2bua.ipc.protocol import InviteKey
from routing.ids import TrunkName
from tests.unit.edge.stage import CALL_ID, CARRIER, INCARNATION, PROCESS, Stage, field, invite, request, start

ADMITTED = Admitted(PROCESS, INCARNATION, CALL_ID)


def waiting_stage() -> Stage:
    """An edge with no process free."""
    stage = Stage()
    stage.admission.verdict = NoProcess()
    return stage


@pytest.mark.req("S5", "R10")
def test_a_call_waits_for_a_process_and_gets_it() -> None:
    """100 at once, also to repetitions; the INVITE goes to the process that becomes free, once."""
    stage = waiting_stage()
    assert [start(send) for send in stage.outside(invite())] == ["SIP/2.0 100 Trying"]
    assert [start(send) for send in stage.outside(invite())] == ["SIP/2.0 100 Trying"]
    assert stage.edge.retry_waiting(stage.now_s + 0.5) == []
    stage.admission.verdict = ADMITTED
    (send,) = stage.edge.retry_waiting(stage.now_s + 0.6)
    assert start(send).startswith("INVITE ")
    assert send.to.port == PROCESS
    assert not stage.edge.has_waiting
    assert stage.edge.retry_waiting(stage.now_s + 0.7) == []
    assert len(stage.edge.capture.of(CALL_ID).messages) == 1


@pytest.mark.req("S5", "R10")
def test_who_waits_in_vain_is_refused_without_retry_after() -> None:
    """503 after a second, for the carrier to try elsewhere; the trunk is not told to stay away."""
    stage = waiting_stage()
    stage.outside(invite())
    (refused,) = stage.edge.retry_waiting(stage.now_s + WAIT_S)
    assert start(refused) == "SIP/2.0 503 Service Unavailable"
    assert field(refused, "Retry-After") == []
    assert field(refused, "Reason") == ["Q.850;cause=42"]
    assert start(stage.one(invite())) == "SIP/2.0 503 Service Unavailable"


@pytest.mark.req("S5")
def test_a_caller_who_gives_up_while_waiting() -> None:
    """CANCEL gets 200, the INVITE 487 (RFC 3261, 9.2), and nothing goes to a process any more."""
    stage = waiting_stage()
    stage.outside(invite())
    cancel = invite().replace(b"INVITE sip:", b"CANCEL sip:", 1).replace(b" INVITE\r\n", b" CANCEL\r\n", 1)
    assert [start(send) for send in stage.outside(cancel)] == ["SIP/2.0 200 OK", "SIP/2.0 487 Request Terminated"]
    stage.admission.verdict = ADMITTED
    assert stage.edge.retry_waiting(stage.now_s + 0.1) == []


@pytest.mark.req("S5", "R10")
def test_a_new_call_does_not_overtake_one_that_waits() -> None:
    """Within a trunk the first is served first, though a process is free when the second comes."""
    stage = waiting_stage()
    stage.outside(invite("first"))
    stage.admission.verdict = ADMITTED
    assert [start(send) for send in stage.outside(invite("second"))] == ["SIP/2.0 100 Trying"]
    sent = stage.edge.retry_waiting(stage.now_s + 0.1)
    assert [field(send, "Call-ID") for send in sent] == [["first"], ["second"]]


def waiting(trunk: str, number: int) -> WaitingInvite:
    """An INVITE of a trunk that waits."""
    named = Trunk(TrunkName(trunk), (IPv4Network("192.0.2.0/24"),))
    message = parse(invite())
    assert isinstance(message, Request)
    key = InviteKey(f"{trunk}-{number}", "t")
    return WaitingInvite(key, message, b"", named, Address("192.0.2.1", 5060), "udp", 9.0)


@pytest.mark.req("S5", "R10")
def test_trunks_take_turns() -> None:
    """F16: three hundred calls of one trunk leave another its turn; of one trunk only so many wait."""
    line = WaitingInvites()
    added = [line.add(waiting("rush", number)) for number in range(MOST_WAITING + 5)]
    assert added.count(False) == 5
    assert line.add(waiting("calm", 1))
    served = []
    for _ in range(3):
        invite_next = line.next()
        assert invite_next is not None
        line.remove(invite_next)
        served.append(invite_next.trunk.name)
    assert served == ["rush", "calm", "rush"]
    assert len(line) == MOST_WAITING - 2


@pytest.mark.req("S5")
def test_the_rest_of_a_dialog_is_unknown_while_its_invite_waits() -> None:
    """An in-dialog request for a call that has no process yet is 481, as for any dialog that is not there."""
    stage = waiting_stage()
    stage.outside(invite())
    assert start(stage.one(request("BYE", to_tag="x"), CARRIER)).startswith("SIP/2.0 481")
