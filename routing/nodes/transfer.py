"""Transfer: a seat hands its caller over to another extension, by key or by REFER, blind or attended (M3).

Rule: a call is transferred only to what the plan names; a transfer that finds nobody leads back to the seat.
"""

from typing import Final

import attrs

from routing import caller, cause, legs
from routing.cause import MEDIA_LOST, NORMAL
from routing.command import CollectDigits, Connect, Disconnect, LookAtTargets
from routing.event import (
    DigitsKeyed,
    Event,
    MediaLost,
    TargetAnswered,
    TargetFailed,
    TargetHungUp,
    TargetsLooked,
    TimerFired,
    TransferAsked,
)
from routing.ids import CALLER, LegId, NodeName, TargetName
from routing.node import Hunt
from routing.number import read_number
from routing.plan import Extension, Plan, Transfer
from routing.state import HungUpBy, Phase, Talking, Transferring
from routing.turn import Turn

NODE: Final = NodeName("transfer")
MOST_KEYS: Final = 10
INTER_S: Final = 4


def join(turn: Turn, leg: LegId) -> None:
    """Let the caller and a leg hear each other; the seat may key a transfer from now on."""
    turn.do(Connect(CALLER, leg))
    turn.place = Talking(leg)
    turn.phase = Phase.TALKING
    _listen(turn, leg)


def _listen(turn: Turn, seat: LegId) -> None:
    if turn.plan.transfer:
        legs.gather(turn, CollectDigits(seat, MOST_KEYS, 0, INTER_S))


def keyed(turn: Turn, place: Talking, digits: str) -> None:
    """A seat keyed something: the code of a transfer and an extension, or nothing of ours."""
    turn.gathering -= {place.leg}
    ways = turn.plan.transfer
    if ways is None:
        return
    for code, attended in ((ways.attended, True), (ways.blind, False)):
        extension = Extension(digits.removeprefix(code))
        if digits.startswith(code) and extension in turn.plan.extensions:
            group = turn.plan.group(turn.plan.extensions[extension])
            _begin(turn, ways, place.leg, group, digits, attended=attended)
            return
    _listen(turn, place.leg)


def referred(turn: Turn, place: Talking, to: str) -> None:
    """A seat's telephone sent REFER."""
    ways = turn.plan.transfer
    group = find(turn.plan, to)
    if ways is None or not ways.refer or group is None:
        turn.note(NODE, "transfer", "refuse", looked_at=(("to", to),), passed_over=((to, "not of this plan"),))
    else:
        _begin(turn, ways, place.leg, group, to, attended=False)


def find(plan: Plan, to: str) -> Hunt | None:
    """The group that a REFER means: an extension, a target's name, or a target's address."""
    user = to.partition(":")[2].partition("@")[0] if to.lower().startswith("sip:") else to
    if Extension(user) in plan.extensions:
        return plan.group(plan.extensions[Extension(user)])
    for name, target in sorted(plan.targets.items(), key=lambda one: one[0]):
        if name == user or target.address in (to, read_number(user).digits):
            return Hunt((name,))
    return None


def _begin(turn: Turn, ways: Transfer, seat: LegId, group: Hunt, to: str, *, attended: bool) -> None:
    refused = tuple((target, why) for target in group.targets if (why := legs.why_not(turn, target)))
    usable = tuple(target for target in group.targets if target not in dict(refused))
    how = "attended" if attended else "blind"
    turn.note(
        NODE, "transfer", ", ".join(usable) or "nobody", looked_at=(("to", to), ("how", how)), passed_over=refused
    )
    turn.do(Disconnect(CALLER, seat))
    caller.play(turn, (ways.music,), loop=True)
    place = Transferring(seat, attended, usable, looking=True)
    _listen(turn, seat)
    if any(turn.plan.targets[target].capacity for target in usable):
        turn.do(LookAtTargets(NODE, usable))
        turn.place = place
    else:
        _ring_next(turn, attrs.evolve(place, looking=False))


def react(turn: Turn, place: Transferring, event: Event) -> None:
    """Something happened while a caller is handed over."""
    match event:
        case TargetsLooked(node=node) if node == NODE and place.looking:
            _looked(turn, place, event)
        case TimerFired(timer=timer) if place.ringing and timer == legs.ring_timer(place.ringing):
            legs.stop(turn, place.ringing, cause.NO_ANSWER)
            _ring_next(turn, attrs.evolve(place, ringing=None))
        case TargetAnswered(leg=leg) if leg == place.ringing:
            _answered(turn, place, leg)
        case TargetFailed(leg=leg) | TargetHungUp(leg=leg):
            _down(turn, place, leg)
        case DigitsKeyed(leg=leg, digits=digits) if leg == place.seat:
            turn.gathering -= {leg}
            if turn.plan.transfer and digits == turn.plan.transfer.back:
                _back(turn, place)
            else:
                _listen(turn, leg)
        case TransferAsked(leg=leg, replaces=replaces) if leg == place.seat and replaces:
            if replaces == place.consulting:
                _hand_over(turn, place, replaces)
        case MediaLost(leg=leg) if leg == CALLER:
            caller.end(turn, MEDIA_LOST, HungUpBy.SWITCH, turn.attempts[place.seat - 1].target)
        case _:
            pass


def _looked(turn: Turn, place: Transferring, seen: TargetsLooked) -> None:
    def is_free(target: TargetName) -> bool:
        capacity = turn.plan.targets[target].capacity
        return target not in seen.down and not (capacity and seen.live.get(target, 0) >= capacity)

    waiting = tuple(filter(is_free, place.waiting))
    _ring_next(turn, attrs.evolve(place, waiting=waiting, looking=False))


def _ring_next(turn: Turn, place: Transferring) -> None:
    """Ring the next target that can be rung; with none left, go back to the seat, or end without one."""
    for at, target in enumerate(place.waiting):
        if legs.can_ring(turn, target):
            wait_s = Hunt(place.waiting).wait_s(turn.plan.targets[target].ring_s)
            seat = turn.attempts[place.seat - 1].target
            leg = legs.ring(turn, target, wait_s, transferred_by=seat)
            turn.place = attrs.evolve(place, waiting=place.waiting[at + 1 :], ringing=leg)
            return
    if legs.up(turn, place.seat):
        _back(turn, place)
    else:
        target = turn.attempts[place.seat - 1].target
        caller.end(turn, cause.NO_ANSWER, HungUpBy.SWITCH, target)


def _answered(turn: Turn, place: Transferring, leg: LegId) -> None:
    if place.attended and legs.up(turn, place.seat):
        turn.do(Connect(place.seat, leg))
        turn.place = attrs.evolve(place, ringing=None, consulting=leg)
    else:
        _hand_over(turn, place, leg)


def _down(turn: Turn, place: Transferring, leg: LegId) -> None:
    if leg == place.ringing:
        _ring_next(turn, attrs.evolve(place, ringing=None))
    elif leg == place.consulting:
        _back(turn, place)
    elif leg == place.seat and place.consulting:
        _hand_over(turn, place, place.consulting)


def _hand_over(turn: Turn, place: Transferring, leg: LegId) -> None:
    """The caller is the new target's; the seat is free."""
    legs.stop(turn, place.seat, NORMAL)
    caller.silence(turn)
    join(turn, leg)


def _back(turn: Turn, place: Transferring) -> None:
    """The seat has its caller again."""
    for leg in (place.ringing, place.consulting):
        if leg:
            legs.stop(turn, leg, NORMAL)
    turn.note(NODE, "transfer", "back to the seat")
    caller.silence(turn)
    join(turn, place.seat)
