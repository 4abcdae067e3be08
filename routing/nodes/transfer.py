"""Transfer: a seat hands its caller over to another extension, by key or by REFER, blind or attended (M3).

Rule: a call is transferred only to what the plan names; a transfer that finds nobody leads back to the seat, which is
rung again if it has hung up meanwhile. Where the transfer was asked for by REFER, each turn of it is reported. A
recording goes on, but ends where a fax takes over (M6).
"""

from typing import Final

import attrs

from routing import caller, cause, legs
from routing.cause import MEDIA_LOST, NORMAL
from routing.command import (
    CollectDigits,
    Connect,
    Disconnect,
    PassKeysOn,
    ReportTransfer,
    StopCollecting,
    StopRecording,
)
from routing.event import (
    DigitsKeyed,
    Event,
    MediaLost,
    TargetAnswered,
    TargetFailed,
    TargetHungUp,
    TargetRang,
    TargetsLooked,
    TimerFired,
)
from routing.ids import CALLER, LegId, NodeName, TargetName
from routing.node import Hunt
from routing.nodes import recording_notice
from routing.plan import Extension, Transfer
from routing.state import HungUpBy, Phase, Talking, Transferring
from routing.step_context import StepContext

NODE: Final = NodeName("transfer")
MOST_KEYS: Final = 10
INTER_S: Final = 4
TRYING: Final = 100
RINGING: Final = 180
DONE: Final = 200
NOBODY: Final = 480


def join(turn: StepContext, leg: LegId) -> None:
    """Let the caller and a leg hear each other; the seat may key a transfer from now on."""
    turn.do(Connect(CALLER, leg))
    turn.place = Talking(leg)
    turn.phase = Phase.TALKING
    _listen_for_transfer(turn, leg)


def _listen(turn: StepContext, seat: LegId, most: int, *codes: str) -> None:
    """Gather up to `most` keys from a seat, from now on, if its keys mean anything: those that begin with a code."""
    if seat in turn.gathering:
        turn.gathering -= {seat}
        turn.do(StopCollecting(seat))
    if turn.plan.transfer and not turn.attempts[seat - 1].fax:
        legs.gather(turn, CollectDigits(seat, most, 0, INTER_S, codes=codes))


def _listen_for_transfer(turn: StepContext, seat: LegId) -> None:
    ways = turn.plan.transfer
    if ways is not None:
        _listen(turn, seat, MOST_KEYS, ways.blind, ways.attended)


def keyed(turn: StepContext, place: Talking, digits: str) -> None:
    """A seat keyed something: the code of a transfer and an extension, or nothing of ours."""
    turn.gathering -= {place.leg}
    ways = turn.plan.transfer
    if ways is None:
        return
    for code, attended in ((ways.attended, True), (ways.blind, False)):
        extension = Extension(digits.removeprefix(code))
        if digits.startswith(code) and extension in turn.plan.extensions:
            group = turn.plan.group(turn.plan.extensions[extension])
            how = "attended" if attended else "blind"
            wish = Transferring(place.leg, attended, group.targets, fax=group.fax)
            begin(turn, ways, wish, (("to", digits), ("how", how)))
            return
    turn.do(PassKeysOn(place.leg))
    _listen_for_transfer(turn, place.leg)


def begin(turn: StepContext, ways: Transfer, wish: Transferring, looked_at: tuple[tuple[str, str], ...]) -> None:
    """Take the caller from the seat, and ring those whom `wish.waiting` names as far as they may be rung."""
    refused = tuple((target, why) for target in wish.waiting if (why := legs.why_not(turn, target)))
    usable = tuple(target for target in wish.waiting if target not in dict(refused))
    turn.note(NODE, "transfer", ", ".join(usable) or "nobody", looked_at=looked_at, passed_over=refused)
    turn.do(Disconnect(CALLER, wish.seat))
    caller.play(turn, (ways.music,), loop=True)
    _listen(turn, wish.seat, len(ways.back), ways.back)
    # Whoever is taken over from the seat is on the line already, and takes up no line more.
    looking = not wish.replaces and any(turn.plan.targets[target].capacity for target in usable)
    place = attrs.evolve(wish, waiting=usable, looking=looking)
    if looking:
        turn.do(legs.look_at(turn, NODE, usable))
        turn.place = place
    else:
        _ring_next(turn, place)


def react(turn: StepContext, place: Transferring, event: Event) -> None:
    """Something happened while a caller is handed over."""
    match event:
        case TargetsLooked(node=node) if node == NODE and place.looking:
            _looked(turn, place, event)
        case TimerFired(timer=timer) if place.ringing and timer == legs.ring_timer(place.ringing):
            legs.stop(turn, place.ringing, cause.NO_ANSWER)
            _ring_next(turn, attrs.evolve(place, ringing=None))
        case TargetRang(leg=leg) if leg == place.ringing:
            _report(turn, place, RINGING)
        case TargetAnswered(leg=leg) if leg == place.ringing:
            _answered(turn, place, leg)
        case TargetFailed(leg=leg) | TargetHungUp(leg=leg):
            _down(turn, place, leg)
        case DigitsKeyed(leg=leg, digits=digits) if leg == place.seat:
            turn.gathering -= {leg}
            back = turn.plan.transfer.back if turn.plan.transfer else ""
            if digits == back:
                _back(turn, place, "the seat took its caller back")
            else:
                turn.do(PassKeysOn(leg))
                _listen(turn, leg, len(back), back)
        case MediaLost(leg=leg) if leg == CALLER:
            caller.end(turn, MEDIA_LOST, HungUpBy.SWITCH, turn.attempts[place.seat - 1].target)
        case _:
            pass


def _looked(turn: StepContext, place: Transferring, seen: TargetsLooked) -> None:
    def is_free(target: TargetName) -> bool:
        capacity = turn.plan.targets[target].capacity
        return target not in seen.down and not (capacity and seen.live.get(target, 0) >= capacity)

    waiting = tuple(filter(is_free, place.waiting))
    _ring_next(turn, attrs.evolve(place, waiting=waiting, looking=False))


def _ring_next(turn: StepContext, place: Transferring) -> None:
    """Ring the next target that can be rung; with none left, go back to the seat, or end without one."""
    for at, target in enumerate(place.waiting):
        if legs.can_ring(turn, target):
            wait_s = Hunt(place.waiting).wait_s(turn.plan.targets[target].ring_s)
            seat = turn.attempts[place.seat - 1].target
            leg = legs.ring(turn, target, wait_s, fax=place.fax, transferred_by=seat, replaces=place.replaces)
            turn.place = attrs.evolve(place, waiting=place.waiting[at + 1 :], ringing=leg)
            return
    if legs.up(turn, place.seat):
        _back(turn, place, "nobody was found")
    else:
        _recall(turn, place)


def _recall(turn: StepContext, place: Transferring) -> None:
    """Nobody was found and the seat has hung up: ring it again, once."""
    seat = turn.attempts[place.seat - 1].target
    if place.recalling or legs.why_not(turn, seat) or not legs.can_ring(turn, seat):
        caller.end(turn, cause.NO_ANSWER, HungUpBy.SWITCH, seat)
        return
    turn.note(NODE, "transfer", seat, looked_at=(("because", "nobody was found, and the seat has hung up"),))
    wait_s = Hunt((seat,)).wait_s(turn.plan.targets[seat].ring_s)
    leg = legs.ring(turn, seat, wait_s, fax=turn.attempts[place.seat - 1].fax, transferred_by=seat)
    turn.place = attrs.evolve(place, attended=False, ringing=leg, recalling=True)


def _answered(turn: StepContext, place: Transferring, leg: LegId) -> None:
    if place.attended and legs.up(turn, place.seat):
        turn.do(Connect(place.seat, leg))
        turn.place = attrs.evolve(place, ringing=None, consulting=leg)
    else:
        _hand_over(turn, place, leg)


def _down(turn: StepContext, place: Transferring, leg: LegId) -> None:
    if leg == place.ringing:
        _ring_next(turn, attrs.evolve(place, ringing=None))
    elif leg == place.consulting:
        _back(turn, place, "the other hung up")
    elif leg == place.seat and place.consulting:
        _hand_over(turn, place, place.consulting)


def _hand_over(turn: StepContext, place: Transferring, leg: LegId) -> None:
    """The caller is the new target's; the seat is free."""
    _report(turn, place, DONE)
    legs.stop(turn, place.seat, NORMAL)
    if recording_notice.is_owed(turn, leg) and not place.recalling:
        recording_notice.tell_target(turn, leg, NODE)
        return
    caller.silence(turn)
    if turn.recording and turn.attempts[leg - 1].fax:
        turn.recording = False
        turn.do(StopRecording())
    join(turn, leg)


def _back(turn: StepContext, place: Transferring, why: str) -> None:
    """The seat has its caller again."""
    _report(turn, place, _failure(turn, place))
    for leg in (place.ringing, place.consulting):
        if leg:
            legs.stop(turn, leg, NORMAL)
    turn.note(NODE, "transfer", "back to the seat", looked_at=(("because", why),))
    caller.silence(turn)
    join(turn, place.seat)


def _report(turn: StepContext, place: Transferring, status: int) -> None:
    """Tell the seat how it goes, if its telephone asked by REFER and is still there."""
    if place.referred and legs.up(turn, place.seat):
        turn.do(ReportTransfer(place.seat, status))


def _failure(turn: StepContext, place: Transferring) -> int:
    """What is said of a transfer that found nobody: why the newest leg failed, if one was rung at all."""
    newest = turn.attempts[-1]
    why = newest.stopped or newest.cause
    return NOBODY if why is None or newest.leg == place.seat else why.sip
