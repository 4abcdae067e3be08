"""The flow's examples: calls of plans with one hunt, told event by event."""

import pytest

from routing.cause import (
    ANSWERED_ELSEWHERE,
    BUSY,
    CALLER_CANCELLED,
    MEDIA_LOST,
    NO_ANSWER,
    NORMAL,
    OPERATOR,
    UNREACHABLE,
    Cause,
    from_sip,
)
from routing.command import Alert, Answer, Connect, HangUp, Play, Release, Ring, StartTimer, StopRinging, StopTimer
from routing.event import (
    Arrived,
    CallerHungUp,
    CallerReleased,
    MediaLost,
    OperatorHungUp,
    TargetAnswered,
    TargetFailed,
    TargetHungUp,
    TargetRang,
    TimerFired,
)
from routing.ids import CALLER, LegId, TargetName, TimerName
from routing.state import HungUpBy, Phase
from tests.unit.routing.calls import HEAD, ONE_TARGET, TWO_TARGETS, Call

ONE, TWO = LegId(1), LegId(2)
RING_1, RING_2 = TimerName("ring-1"), TimerName("ring-2")
DESK, MOBILE = TargetName("front-desk"), TargetName("mobile")


@pytest.mark.req("R4", "R7")
def test_first_target_rings_for_fifteen_seconds() -> None:
    """Of several targets the first written is rung first, for 15 s."""
    assert Call(TWO_TARGETS).first == (Ring(ONE, DESK, "02162288300"), StartTimer(RING_1, 15))


@pytest.mark.req("R7")
def test_lone_target_rings_for_fifty_to_sixty_seconds() -> None:
    """A lone target is rung for 50–60 s."""
    _, timer = Call(ONE_TARGET).first
    assert isinstance(timer, StartTimer)
    assert 50 <= timer.after_s <= 60


@pytest.mark.req("R6")
def test_busy_target_forwards_at_once() -> None:
    """A busy first target sends the call on to the second without a wait; its answer connects the caller."""
    call = Call(TWO_TARGETS)
    assert call.then(TargetFailed(0.2, ONE, BUSY)) == (
        StopTimer(RING_1),
        Ring(TWO, MOBILE, "13800138000"),
        StartTimer(RING_2, 15),
    )
    assert call.then(TargetRang(0.4, TWO, early_media=False)) == (Alert(),)
    assert call.then(TargetAnswered(3.0, TWO)) == (StopTimer(RING_2), Answer(), Connect(CALLER, TWO))
    assert (call.state.phase, call.state.charged_from_s, call.state.answered_s) == (Phase.TALKING, 3.0, 3.0)


@pytest.mark.req("R6", "R8")
def test_silent_target_runs_its_whole_wait() -> None:
    """A mobile that shows nothing runs the whole wait; then its leg is stopped and the next target is
    rung."""
    call = Call(TWO_TARGETS)
    assert call.then(TimerFired(15.0, RING_1)) == (
        StopRinging(ONE, NO_ANSWER),
        Ring(TWO, MOBILE, "13800138000"),
        StartTimer(RING_2, 15),
    )
    assert call.then(TargetFailed(15.1, ONE, from_sip(487, None))) == ()
    assert call.state.attempts[0].cause == NO_ANSWER


@pytest.mark.req("R12")
def test_sounds_busy_only_when_every_target_is() -> None:
    """All targets busy: the caller gets 486."""
    call = Call(TWO_TARGETS)
    call.then(TargetFailed(0.2, ONE, BUSY))
    assert call.then(TargetFailed(0.4, TWO, BUSY)) == (StopTimer(RING_2), Release(BUSY))
    call.then(CallerReleased(0.5))
    assert call.over()
    assert call.state.outcome is not None
    assert call.state.outcome.hung_up_by is HungUpBy.SWITCH


@pytest.mark.req("R12")
def test_one_silent_target_is_no_busy() -> None:
    """One target busy and one not answering: the caller does not hear busy."""
    call = Call(TWO_TARGETS)
    call.then(TargetFailed(0.2, ONE, BUSY))
    assert call.then(TimerFired(15.2, RING_2)) == (StopRinging(TWO, NO_ANSWER), Release(NO_ANSWER))


@pytest.mark.parametrize("status", [404, 480, 486, 503, 603])
def test_lone_target_s_status_travels_unchanged(status: int) -> None:
    """What a lone target's side answered is what the caller's side gets."""
    call = Call(ONE_TARGET)
    *_, release = call.then(TargetFailed(0.2, ONE, from_sip(status, None)))
    assert isinstance(release, Release)
    assert release.cause.sip == status


def test_late_answer_is_hung_up_and_not_charged() -> None:
    """A target that answers just as the caller gives up is hung up: no answer to the caller, nothing
    charged."""
    call = Call(ONE_TARGET)
    assert call.then(CallerHungUp(2.0, CALLER_CANCELLED)) == (
        StopTimer(RING_1),
        StopRinging(ONE, CALLER_CANCELLED),
    )
    assert not call.over()
    assert call.then(TargetAnswered(2.1, ONE)) == (HangUp(ONE, CALLER_CANCELLED),)
    assert call.then(TargetHungUp(2.2, ONE, NORMAL)) == ()
    assert call.over()
    assert (call.state.charged_from_s, call.state.answered_s) == (None, None)


def test_answer_after_the_wait_is_hung_up() -> None:
    """A target that answers after its wait has run out, while the next one rings, is hung up."""
    call = Call(TWO_TARGETS)
    call.then(TimerFired(15.0, RING_1))
    assert call.then(TargetAnswered(15.0, ONE)) == (HangUp(ONE, NO_ANSWER),)
    assert call.then(TargetAnswered(18.0, TWO))[-1] == Connect(CALLER, TWO)


def test_alerts_once_for_each_kind() -> None:
    """180 once, 183 once for a leg with early media; nothing when either repeats."""
    call = Call(ONE_TARGET)
    assert call.then(TargetRang(1.0, ONE, early_media=False)) == (Alert(),)
    assert call.then(TargetRang(1.1, ONE, early_media=False)) == ()
    assert call.then(TargetRang(1.2, ONE, early_media=True)) == (Alert(ONE),)
    assert call.then(TargetRang(1.3, ONE, early_media=True)) == ()
    assert call.state.rang_s == 1.0


def talking() -> Call:
    """A call whose first target has answered."""
    call = Call(ONE_TARGET)
    call.then(TargetAnswered(3.0, ONE))
    return call


def test_target_hangs_up() -> None:
    """The target's BYE ends the caller's leg with the same cause."""
    call = talking()
    assert call.then(TargetHungUp(9.0, ONE, NORMAL)) == (Release(NORMAL),)
    call.then(CallerReleased(9.1))
    assert call.over()
    assert call.state.outcome is not None
    assert (call.state.outcome.hung_up_by, call.state.outcome.target) == (HungUpBy.TARGET, DESK)


def test_caller_hangs_up() -> None:
    """The caller's BYE ends the target's leg with the same cause; the call is over when that is down."""
    call = talking()
    assert call.then(CallerHungUp(9.0, NORMAL)) == (HangUp(ONE, NORMAL),)
    assert not call.over()
    call.then(TargetHungUp(9.1, ONE, NORMAL))
    assert call.over()


def test_operator_hangs_up() -> None:
    """An operator's wish ends both legs; the trace names the operator."""
    call = talking()
    assert call.then(OperatorHungUp(9.0, "wang")) == (Release(OPERATOR), HangUp(ONE, OPERATOR))
    assert call.then(OperatorHungUp(9.0, "wang")) == ()
    assert call.state.trace[-1].looked_at == (("operator", "wang"),)


def test_lost_media_ends_the_call() -> None:
    """No audio from a leg that talks ends the call; from any other it is ignored."""
    call = talking()
    assert call.then(MediaLost(9.0, TWO)) == ()
    assert call.then(MediaLost(9.0, ONE)) == (Release(MEDIA_LOST), HangUp(ONE, MEDIA_LOST))


def test_call_crossing_hang_ups() -> None:
    """Both ends hang up at once: one outcome, and no command to a leg that is down."""
    call = talking()
    call.then(TargetHungUp(9.0, ONE, NORMAL))
    assert call.then(CallerHungUp(9.0, NORMAL)) == ()
    assert call.over()
    assert call.then(Arrived(10.0)) == ()


def test_target_down_is_passed_over() -> None:
    """A target that must not be rung is passed over, and the trace says why."""
    call = Call(TWO_TARGETS, down={DESK: "gateway dead"})
    assert call.first[0] == Ring(ONE, MOBILE, "13800138000")
    assert call.state.trace[0].passed_over == ((DESK, "gateway dead"),)


@pytest.mark.req("W3")
def test_ended_authorisation_is_passed_over() -> None:
    """A target whose authorisation has ended is not rung; with none left the call is released as
    unreachable."""
    call = Call(
        HEAD + '[targets]\ndesk = { address = "021-6228 8300", authorised_until = 2026-04-14 }\n',
    )
    assert call.first == (Release(UNREACHABLE),)


@pytest.mark.req("R6")
def test_forward_on_busy_only() -> None:
    """`forward_on = "busy"`: no answer ends the hunt."""
    call = Call(TWO_TARGETS + '[hunt]\nforward_on = "busy"\n')
    assert call.then(TimerFired(15.0, RING_1)) == (StopRinging(ONE, NO_ANSWER), Release(NO_ANSWER))


@pytest.mark.req("R6")
def test_forward_on_no_answer_only() -> None:
    """`forward_on = "no-answer"`: busy ends the hunt."""
    call = Call(TWO_TARGETS + '[hunt]\nforward_on = "no-answer"\n')
    assert call.then(TargetFailed(1.0, ONE, BUSY)) == (StopTimer(RING_1), Release(BUSY))


@pytest.mark.req("R6")
def test_forwards_are_bounded() -> None:
    """No more than `max_forwards` times does a call go on to a next target."""
    call = Call("max_forwards = 0\n" + TWO_TARGETS)
    assert call.then(TargetFailed(1.0, ONE, BUSY)) == (StopTimer(RING_1), Release(BUSY))


def test_same_address_waits_until_its_leg_is_down() -> None:
    """Two targets at one address are never rung at once: the second waits until the first's leg is down."""
    call = Call(HEAD + '[targets]\na = "021-6228 8300"\nb = "021-6228 8300"\n')
    assert call.then(TimerFired(15.0, RING_1)) == (StopRinging(ONE, NO_ANSWER),)
    assert call.then(TargetFailed(15.1, ONE, NO_ANSWER))[0] == Ring(TWO, TargetName("b"), "02162288300")


def test_events_of_unknown_legs_and_timers_are_ignored() -> None:
    """What is not of this call, or is over, changes nothing."""
    call = Call(ONE_TARGET)
    before = call.state
    odd = Cause("odd", 1, 404, BUSY.blame)
    assert call.then(MediaLost(0, ONE)) == ()
    for event in (TargetAnswered(0, LegId(9)), TimerFired(0, TimerName("x")), TargetFailed(0, LegId(7), odd)):
        assert call.then(event) == ()
    assert call.state == before
    assert call.then(CallerReleased(0.0)) == ()
    assert not call.over()


def test_unknown_answer_while_ringing_elsewhere() -> None:
    """A leg that answers twice is counted once."""
    call = talking()
    assert call.then(TargetAnswered(3.1, ONE)) == ()
    assert ANSWERED_ELSEWHERE not in (attempt.cause for attempt in call.state.attempts)


def test_the_caller_arrives_once() -> None:
    """A second arrival changes nothing."""
    call = Call(ONE_TARGET)
    assert call.then(Arrived(1.0)) == ()


@pytest.mark.req("M1", "R7")
def test_the_welcome_goes_on_from_hunt_to_hunt() -> None:
    """One hunt after another with the same welcome: it is not begun again; at the end the caller hears why."""
    text = (
        'welcome = "hello"\n'
        + TWO_TARGETS
        + (
            '[nodes.one]\nkind = "hunt"\ntargets = ["front-desk"]\notherwise = "two"\n'
            '[nodes.two]\nkind = "hunt"\ntargets = ["mobile"]\nannounce = "busy"\n'
        )
    )
    call = Call(text)
    rung = call.then(TargetFailed(1.0, ONE, BUSY))
    assert [type(command) for command in rung] == [StopTimer, Ring, StartTimer]
    last = call.then(TimerFired(60.0, RING_2))
    assert last[0] == StopRinging(TWO, NO_ANSWER)
    assert isinstance(last[-2], Play)
    assert last[-2].prompts == ("busy",)
