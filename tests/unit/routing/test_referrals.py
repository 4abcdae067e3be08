"""Transfers by REFER: what a seat's telephone may ask for, and what it is told of it (M3, RFC 3515, RFC 3891)."""

import pytest

from routing.cause import BUSY, NO_ANSWER, NORMAL
from routing.command import Connect, HangUp, PassKeysOn, ReportTransfer, Ring, StopPlaying, StopRinging
from routing.event import TargetAnswered, TargetFailed, TargetHungUp, TargetRang, TimerFired, TransferAsked
from routing.ids import CALLER, TimerName
from routing.state import Talking
from tests.unit.routing.calls import ONE_TARGET
from tests.unit.routing.test_transfers import BY_DESK, DUTY, LISTEN, NEW, SALES, SEAT, TEXT, keyed, talking

REPLACED = "second@phone;to-tag=a;from-tag=b"


@pytest.mark.req("M3")
@pytest.mark.parametrize(
    "to", ["sip:801@switch", "801", "sales", "sip:both@switch", "021-6228 8301", "sip:02162288301@gw"]
)
def test_blind_by_refer(to: str) -> None:
    """REFER to an extension, a target's or department's name, or a number: it rings, and the telephone is told so."""
    call = talking()
    commands = call.then(TransferAsked(5, SEAT, to))
    assert commands[0] == ReportTransfer(SEAT, 100)
    if "both" not in to:  # a department's lines are asked for first
        assert Ring(NEW, SALES, "02162288301", BY_DESK) in commands


@pytest.mark.req("M3")
def test_a_referral_is_reported_to_its_end() -> None:
    """100, 180, 200, and then BYE; the new one has the caller."""
    call = talking()
    call.then(TransferAsked(5, SEAT, "801"))
    assert call.then(TargetRang(6, NEW, early_media=False)) == (ReportTransfer(SEAT, 180),)
    commands = call.then(TargetAnswered(7, NEW))
    told = [each for each in commands if isinstance(each, ReportTransfer | HangUp | StopPlaying | Connect)]
    assert told == [ReportTransfer(SEAT, 200), HangUp(SEAT, NORMAL), StopPlaying(CALLER), Connect(CALLER, NEW)]
    assert call.state.activity == Talking(NEW)


@pytest.mark.req("M3")
def test_a_referral_that_finds_nobody() -> None:
    """The telephone is told why, and has its caller again: busy, no answer, or nobody who may be rung."""
    busy = talking()
    busy.then(TransferAsked(5, SEAT, "801"))
    commands = busy.then(TargetFailed(6, NEW, BUSY))
    assert ReportTransfer(SEAT, 486) in commands
    assert Connect(CALLER, SEAT) in commands
    silent = talking()
    silent.then(TransferAsked(5, SEAT, "801"))
    commands = silent.then(TimerFired(60, TimerName("ring-2")))
    assert {StopRinging(NEW, NO_ANSWER), ReportTransfer(SEAT, 480)} <= set(commands)
    closed = talking()
    assert ReportTransfer(SEAT, 480) in closed.then(TransferAsked(5, SEAT, "803"))
    assert closed.state.activity == Talking(SEAT)


@pytest.mark.req("M3")
def test_a_telephone_that_hangs_up_after_its_refer() -> None:
    """Most do: nobody is told any more, and the call goes on; if nobody answers, the seat is rung again."""
    call = talking()
    call.then(TransferAsked(5, SEAT, "801"))
    assert call.then(TargetHungUp(5.5, SEAT, NORMAL)) == ()
    assert call.then(TargetRang(6, NEW, early_media=False)) == ()
    commands = call.then(TargetFailed(7, NEW, BUSY))
    assert [each.target for each in commands if isinstance(each, Ring)] == ["front-desk"]


@pytest.mark.req("M3", "W1")
@pytest.mark.parametrize("to", ["sip:119@switch", "13912345678", "+85221234567", "", "804"])
def test_refer_to_a_stranger_is_refused(to: str) -> None:
    """A call is transferred only to what the plan names; the trace says what was asked."""
    call = talking()
    assert call.then(TransferAsked(5, SEAT, to)) == (ReportTransfer(SEAT, 404),)
    assert call.state.trace[-1].chose == "refuse"


@pytest.mark.req("M3")
def test_attended_by_refer_with_replaces() -> None:
    """The new leg takes the place of the seat's own call there, whose line it also has: no line is asked for."""
    call = talking()
    commands = call.then(TransferAsked(5, SEAT, "13800138000", REPLACED))
    assert Ring(NEW, DUTY, "13800138000", BY_DESK, replaces=REPLACED) in commands
    assert ReportTransfer(SEAT, 200) in call.then(TargetAnswered(6, NEW))
    failed = talking()
    failed.then(TransferAsked(5, SEAT, "13800138000", REPLACED))
    assert Connect(CALLER, SEAT) in failed.then(TargetFailed(6, NEW, BUSY))


@pytest.mark.req("M3")
def test_every_referral_gets_a_last_word() -> None:
    """Where REFER is not allowed, during another transfer, or from the new one before it has the caller."""
    forbidden = talking(ONE_TARGET)
    assert forbidden.state.gathering == frozenset()
    assert keyed(forbidden, "*2801") == ()
    assert forbidden.then(TransferAsked(5, SEAT, "front-desk")) == (ReportTransfer(SEAT, 603),)
    keys = talking(TEXT.replace("[transfer]\n", "[transfer]\nrefer = false\n"))
    assert keys.then(TransferAsked(5, SEAT, "801")) == (ReportTransfer(SEAT, 603),)
    assert keyed(keys, "99") == (PassKeysOn(SEAT), LISTEN)
    assert keyed(keys, "*2999") == (PassKeysOn(SEAT), LISTEN)
    busy = talking()
    keyed(busy, "*3801")
    assert busy.then(TransferAsked(5, SEAT, "801")) == (ReportTransfer(SEAT, 603),)
    assert busy.then(TransferAsked(5, NEW, "801")) == ()
    busy.then(TargetAnswered(6, NEW))
    assert busy.then(TransferAsked(7, NEW, "801")) == (ReportTransfer(NEW, 603),)
