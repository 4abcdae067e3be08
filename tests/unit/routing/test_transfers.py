"""Transfers between extensions during a call, by key and by REFER, blind and attended (M3)."""

import pytest

from routing.cause import BUSY, MEDIA_LOST, NO_ANSWER, NORMAL
from routing.command import (
    CollectDigits,
    Command,
    Connect,
    Context,
    Disconnect,
    HangUp,
    LookAtTargets,
    PassKeysOn,
    Play,
    Release,
    Ring,
    StartRecording,
    StopPlaying,
    StopRecording,
    StopRinging,
)
from routing.event import (
    CallerHungUp,
    DigitsKeyed,
    KeysEnd,
    MediaLost,
    PromptEnded,
    TargetAnswered,
    TargetFailed,
    TargetHungUp,
    TargetRang,
    TargetsLooked,
    TimerFired,
)
from routing.ids import CALLER, LegId, NodeName, PromptName, TargetName, TimerName
from routing.state import HungUpBy, Talking, Transferring
from tests.unit.routing.calls import HEAD, Call

SEAT, NEW, NEXT = map(LegId, (1, 2, 3))
SALES, DUTY = TargetName("sales"), TargetName("duty")
FRONT_DESK = TargetName("front-desk")
TEXT = HEAD + (
    '[targets]\nfront-desk = "021-6228 8300"\nsales = "021-6228 8301"\n'
    'duty = { address = "138 0013 8000", capacity = 1 }\n'
    'gone = { address = "021-6228 8309", closed = "daily 00:00-24:00" }\n'
    '[extensions]\n801 = "sales"\n802 = "both"\n803 = "gone"\n[transfer]\n'
    '[nodes.desk]\nkind = "hunt"\ntargets = ["front-desk"]\n[nodes.both]\nkind = "hunt"\ntargets = ["sales", "duty"]\n'
)
BY_DESK = Context(transferred_by=FRONT_DESK)
CODES = ("*2", "*3")
LISTEN = CollectDigits(SEAT, 10, 0, 4, codes=CODES)
LISTEN_BACK = CollectDigits(SEAT, 2, 0, 4, codes=("*1",))
"""While the seat can only take its caller back."""


def talking(text: str = TEXT) -> Call:
    """A caller talks with the front desk."""
    call = Call(text)
    call.then(TargetAnswered(2, SEAT))
    return call


def keyed(call: Call, digits: str, leg: LegId = SEAT) -> tuple[Command, ...]:
    """A seat keys something and `#`."""
    return call.then(DigitsKeyed(call.state.at_s + 1, leg, digits, KeysEnd.END_KEY))


def looked(call: Call, live: int) -> tuple[Command, ...]:
    """The daemon tells how many calls the duty phone has."""
    return call.then(TargetsLooked(call.state.at_s, NodeName("transfer"), {DUTY: live}, {}, {}))


@pytest.mark.req("M3")
def test_blind_by_key() -> None:
    """*2 and an extension: the caller hears music, the extension rings, and on its answer has the caller."""
    call = talking()
    assert call.state.gathering == {SEAT}
    commands = keyed(call, "*2801")
    assert commands[:4] == (
        Disconnect(CALLER, SEAT),
        Play(CALLER, (PromptName("transfer-music"),), loop=True),
        LISTEN_BACK,
        Ring(NEW, SALES, "02162288301", BY_DESK),
    )
    assert call.then(TargetRang(5, NEW, early_media=True)) == ()
    assert call.then(TargetAnswered(6, NEW))[1:4] == (HangUp(SEAT, NORMAL), StopPlaying(CALLER), Connect(CALLER, NEW))
    assert call.then(TargetHungUp(6.1, SEAT, NORMAL)) == ()
    assert call.then(TargetHungUp(9, NEW, NORMAL)) == (Release(NORMAL),)
    assert call.state.charged_from_s == 2


@pytest.mark.req("M3")
def test_attended_by_key() -> None:
    """*3: the seat speaks with the new one first; when it hangs up the caller is handed over."""
    call = talking()
    keyed(call, "*3801")
    assert call.then(TargetAnswered(6, NEW))[-1] == Connect(SEAT, NEW)
    assert call.then(TargetHungUp(9, SEAT, NORMAL))[:2] == (StopPlaying(CALLER), Connect(CALLER, NEW))
    assert call.state.activity == Talking(NEW)


@pytest.mark.req("M3")
def test_seat_takes_its_caller_back() -> None:
    """`*1` ends the consultation, or the ringing; other keys are the consulted one's."""
    call = talking()
    keyed(call, "*3801")
    assert keyed(call, "7") == (PassKeysOn(SEAT), LISTEN_BACK)
    call.then(TargetAnswered(6, NEW))
    assert keyed(call, "*1") == (HangUp(NEW, NORMAL), StopPlaying(CALLER), Connect(CALLER, SEAT), LISTEN)
    other = talking()
    keyed(other, "*2801")
    assert StopRinging(NEW, NORMAL) in keyed(other, "*1")


@pytest.mark.req("M3")
def test_the_new_one_hangs_up_during_the_consultation() -> None:
    """The seat has its caller again."""
    call = talking()
    keyed(call, "*3801")
    call.then(TargetAnswered(6, NEW))
    assert Connect(CALLER, SEAT) in call.then(TargetHungUp(8, NEW, NORMAL))


@pytest.mark.req("M3")
def test_transfer_that_finds_nobody_leads_back() -> None:
    """Busy, no answer, or outside hours: the seat has its caller again, without a word being lost."""
    call = talking()
    keyed(call, "*2801")
    assert Connect(CALLER, SEAT) in call.then(TargetFailed(5, NEW, BUSY))
    silent = talking()
    keyed(silent, "*2801")
    assert StopRinging(NEW, NO_ANSWER) in silent.then(TimerFired(60, TimerName("ring-2")))
    assert silent.state.activity == Talking(SEAT)
    closed = talking()
    assert Connect(CALLER, SEAT) in keyed(closed, "*2803")


@pytest.mark.req("M3", "R10")
def test_transfer_to_a_department_minds_its_lines() -> None:
    """A department is rung in its order, without the targets whose lines are taken."""
    call = talking()
    assert LookAtTargets(NodeName("transfer"), (SALES, DUTY), {DUTY: 1}) in keyed(call, "*2802")
    assert Ring(NEW, SALES, "02162288301", BY_DESK) in looked(call, 0)
    assert Ring(NEXT, DUTY, "13800138000", BY_DESK) in call.then(TargetFailed(5, NEW, BUSY))
    taken = talking()
    keyed(taken, "*2802")
    looked(taken, 1)
    assert Connect(CALLER, SEAT) in taken.then(TargetFailed(5, NEW, BUSY))
    back = talking()
    keyed(back, "*2802")
    assert Connect(CALLER, SEAT) in keyed(back, "*1")


@pytest.mark.req("M3")
def test_seat_gone_before_the_answer() -> None:
    """The transfer goes on without the seat; if nobody answers, the seat is rung again, once."""
    call = talking()
    keyed(call, "*3801")
    assert call.then(TargetHungUp(5, SEAT, NORMAL)) == ()
    assert call.then(TargetAnswered(6, NEW))[-1] == CollectDigits(NEW, 10, 0, 4, codes=CODES)
    lost = talking()
    keyed(lost, "*2801")
    lost.then(TargetHungUp(5, SEAT, NORMAL))
    assert Ring(NEXT, FRONT_DESK, "02162288300", BY_DESK) in lost.then(TargetFailed(6, NEW, BUSY))
    found = lost.state
    assert Release(NO_ANSWER) in lost.then(TargetFailed(7, NEXT, BUSY))
    lost.state = found
    assert Connect(CALLER, NEXT) in lost.then(TargetAnswered(7, NEXT))


def recorded(announce: str) -> Call:
    """A caller talks with the front desk and is recorded, whoever is to be told having been told; 804 is a fax line."""
    head = f'record = true\nrecord_announce = "{announce}"\n'
    line = '[nodes.line]\nkind = "hunt"\ntargets = ["sales"]\nfax = true\n'
    call = Call(head + TEXT.replace("[extensions]", '[extensions]\n804 = "line"') + line)
    told(call, CALLER)
    commands = (*call.then(TargetAnswered(2, SEAT)), *told(call, CALLER), *told(call, SEAT))
    assert StartRecording() in commands
    return call


def told(call: Call, leg: LegId) -> tuple[Command, ...]:
    """A leg has heard what it is told, if it is told anything."""
    return call.then(PromptEnded(call.state.at_s + 1, leg))


@pytest.mark.req("M3", "M5")
def test_a_target_that_takes_over_is_told_of_the_recording() -> None:
    """`both`: it hears the notice while the caller hears music, and is connected at its end; the recording goes on."""
    call = recorded("both")
    keyed(call, "*2801")
    notice = (PromptName("recorded"),)
    assert call.then(TargetAnswered(9, NEW))[1:] == (HangUp(SEAT, NORMAL), Play(NEW, notice))
    assert (call.state.trace[-1].kind, call.state.trace[-1].chose) == ("notice", "tell the target")
    assert told(call, CALLER) == ()
    assert told(call, NEW) == (StopPlaying(CALLER), Connect(CALLER, NEW), CollectDigits(NEW, 10, 0, 4, codes=CODES))
    assert call.state.recording


@pytest.mark.req("M3", "M5")
def test_a_target_that_hangs_up_while_it_takes_over_ends_the_call() -> None:
    """The seat is free already: the caller is released, and the record says that the new target hung up."""
    call = recorded("both")
    keyed(call, "*2801")
    call.then(TargetAnswered(9, NEW))
    assert Release(NORMAL) in call.then(TargetHungUp(10, NEW, NORMAL))
    assert call.state.outcome is not None
    assert call.state.outcome.target == SALES


@pytest.mark.req("M3", "M5")
@pytest.mark.parametrize("announce", ["nobody", "caller"])
def test_only_both_tells_who_takes_over(announce: str) -> None:
    """Otherwise the new target has the caller at once."""
    call = recorded(announce)
    keyed(call, "*2801")
    assert Connect(CALLER, NEW) in call.then(TargetAnswered(9, NEW))


@pytest.mark.req("M3", "M5")
def test_a_seat_that_is_rung_again_is_not_told_again() -> None:
    """It has hung up on its transfer, nobody was found, and it takes its caller back at once."""
    call = recorded("both")
    keyed(call, "*2801")
    call.then(TargetHungUp(5, SEAT, NORMAL))
    call.then(TargetFailed(6, NEW, BUSY))
    assert Connect(CALLER, NEXT) in call.then(TargetAnswered(7, NEXT))


@pytest.mark.req("M3", "M5", "M6")
def test_a_fax_that_takes_over_is_neither_told_nor_recorded() -> None:
    """It is rung with G.711 alone, the recording ends before it is connected, and its tones are no keys."""
    call = recorded("both")
    assert Ring(NEW, SALES, "02162288301", BY_DESK, fax=True) in keyed(call, "*2804")
    commands = call.then(TargetAnswered(9, NEW))
    assert commands[-2:] == (StopRecording(), Connect(CALLER, NEW))
    assert not call.state.recording
    assert call.state.gathering == frozenset()


def test_events_of_others_during_a_transfer() -> None:
    """What concerns neither seat nor new leg changes nothing; the caller's own end ends all."""
    call = talking()
    keyed(call, "*2801")
    before = call.state.activity
    assert isinstance(before, Transferring)
    assert call.then(MediaLost(5, SEAT)) == ()
    assert call.state.activity == before
    commands = call.then(CallerHungUp(6, NORMAL))
    assert {HangUp(SEAT, NORMAL), StopRinging(NEW, NORMAL)} <= set(commands)
    assert call.state.outcome is not None
    assert (call.state.outcome.hung_up_by, call.state.outcome.target) == (HungUpBy.CALLER, "front-desk")
    lost = talking()
    keyed(lost, "*2801")
    assert Release(MEDIA_LOST) in lost.then(MediaLost(6, CALLER))


@pytest.mark.req("M3")
def test_a_seat_cannot_transfer_to_itself() -> None:
    """Its own leg is still up at that address, so it has its caller back."""
    call = talking(TEXT.replace('803 = "gone"', '803 = "front-desk"'))
    assert Connect(CALLER, SEAT) in keyed(call, "*2803")
