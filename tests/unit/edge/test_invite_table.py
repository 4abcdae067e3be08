"""The table of initial INVITEs: what it remembers, for how long, and what is asked of the admission again."""

import attrs
import pytest

from b2bua.edge.admission import Admitted, NewCall, Refused
from b2bua.edge.invite_table import InviteEntry, InviteTable
from b2bua.edge.settings import LOOPBACK
from b2bua.edge.token import DialogTokens, ProcessAddress
from b2bua.ipc.protocol import Hello, InviteKey
from tests.unit.edge.stage import (
    INCARNATION,
    PROCESS,
    SECRET,
    ScriptedAdmission,
    Stage,
    invite,
    request,
    response_to,
    start,
)
from tests.unit.edge.test_call import same_hop

KEY = InviteKey("call-1@carrier", "caller-1")
ADDRESS = ProcessAddress(PROCESS, INCARNATION)


@pytest.mark.req("S5")
def test_a_restored_call_is_found_again() -> None:
    """After a restart of the daemon a retransmitted INVITE and its CANCEL reach their process."""
    stage = Stage()
    assert stage.edge.process_linked(Hello(1, PROCESS, INCARNATION, "c-1", KEY), stage.now_s) == []
    assert stage.one(invite()).to == (LOOPBACK, PROCESS)
    assert stage.one(same_hop("CANCEL")).to == (LOOPBACK, PROCESS)
    assert stage.admission.calls == []


@pytest.mark.req("S5")
def test_after_the_end_late_messages_are_led_for_a_while() -> None:
    """The failure ACK finds its process for 64 s; an INVITE that PJSIP has forgotten is dropped."""
    stage = Stage()
    stage.inside(response_to(stage.one(invite()), 486, "Busy Here"))
    ack = same_hop("ACK", to_tag=";tag=callee-1")
    stage.now_s += 33.0
    assert stage.one(ack).to == (LOOPBACK, PROCESS)
    assert stage.outside(invite()) == []
    stage.now_s += 32.0
    stage.edge.tick(stage.now_s)
    assert stage.outside(ack) == []


@pytest.mark.req("S5")
def test_a_second_try_of_a_failed_call_is_a_new_call() -> None:
    """RFC 3261, 8.1.3.5: with a higher CSeq after a failure the admission is asked again."""
    stage = Stage()
    stage.inside(response_to(stage.one(invite()), 486, "Busy Here"))
    assert start(stage.one(invite(cseq=2))).startswith("INVITE")
    assert len(stage.admission.calls) == 2


@pytest.mark.req("S5")
def test_an_ended_call_is_not_taken_up_again() -> None:
    """`call_ended` is what the daemon says when the record is closed; unknown keys are no matter."""
    stage = Stage()
    stage.one(invite())
    stage.edge.call_ended(KEY, stage.now_s)
    stage.edge.call_ended(InviteKey("nobody", "x"), stage.now_s)
    stage.now_s += 65.0
    stage.edge.tick(stage.now_s)
    stage.one(invite())
    assert len(stage.admission.calls) == 2


def test_the_table_is_bounded_and_keeps_what_is_up() -> None:
    """However many calls are refused, those that are up stay."""
    calls = InviteTable(most=100)
    calls.put(KEY, InviteEntry(ADDRESS, "b", 1))
    for number in range(1_000):
        calls.put(InviteKey(str(number), "x"), InviteEntry(ADDRESS, "b", 1, until_s=50.0))
    assert len(calls) == 100
    assert calls.get(KEY) is not None
    calls.forget(51.0)
    assert len(calls) == 1
    assert calls.of(ADDRESS) == [KEY]


def test_tokens_are_bound_to_their_purpose() -> None:
    """A token made for one purpose, Call-ID, process or secret is worth nothing for another."""
    tokens = DialogTokens(SECRET)
    contact = tokens.contact(ADDRESS)
    assert tokens.read_contact(contact) == ADDRESS
    assert DialogTokens(b"another secret of enough bytes").read_contact(contact) is None
    branch = tokens.branch(ADDRESS, "z9hG4bKPj-a+b*c", "call")
    assert tokens.read_branch(branch, "call") == (ADDRESS, "z9hG4bKPj-a+b*c")
    assert tokens.read_branch(branch, "other") is None
    assert tokens.read_contact(branch.removeprefix("z9hG4bK").rsplit(".", 1)[0]) is None
    with pytest.raises(ValueError, match="16 bytes"):
        DialogTokens(b"short")
    with pytest.raises(ValueError, match="incarnation"):
        tokens.contact(ProcessAddress(1, "a.b"))


@attrs.define
class BrokenDesk(ScriptedAdmission):
    """A admission that fails on every call."""

    def admit(self, call: NewCall) -> Admitted | Refused:
        """Fail."""
        raise LookupError("a fault of ours")


@pytest.mark.req("S1", "S5")
def test_a_fault_of_ours_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    """A call on which the admission fails is answered 500, and each retransmission too; the edge goes on."""
    stage = Stage(admission=BrokenDesk())
    for _ in range(2):
        assert start(stage.one(invite())) == "SIP/2.0 500 Server Internal Error"
    assert stage.outside(same_hop("ACK", to_tag=";tag=x")) == []
    assert start(stage.one(request("OPTIONS"))) == "SIP/2.0 200 OK"
    assert stage.edge.counters["fault"] == 2
    assert "LookupError" in caplog.text
