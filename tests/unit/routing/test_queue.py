"""Queues: who waits, in which place, and who is rung when a target is free (R10)."""

import pytest

from routing import legs
from routing.caller import RINGING_TONE
from routing.cause import BUSY, NORMAL, from_sip
from routing.command import (
    Answer,
    Connect,
    JoinQueue,
    LeaveQueue,
    LookAtTargets,
    Play,
    Ring,
    StartTimer,
    StopTimer,
)
from routing.event import (
    CallerHungUp,
    PlaceTaken,
    PromptEnded,
    QueueMoved,
    TargetAnswered,
    TargetFailed,
    TargetsLooked,
    TimerFired,
)
from routing.ids import CALLER, LegId, NodeName, PromptName, TargetName
from routing.nodes import queue
from tests.unit.routing.calls import TWO_TARGETS, Call

ONE = LegId(1)
DESK, MOBILE = TargetName("front-desk"), TargetName("mobile")
END = '[nodes.end]\nkind = "release"\ncause = "busy"\nannounce = "busy"\n'
HELLO = '[nodes.hello]\nkind = "announce"\nprompts = ["hello"]\nthen = "desk"\n'
TONE = Play(CALLER, (RINGING_TONE,), loop=True)
DESK_NODE = '[nodes.desk]\nkind = "hunt"\ntargets = ["front-desk"]\n'


QUEUE = (
    '[nodes.wait]\nkind = "queue"\nthen = "desk"\notherwise = "end"\nmost_waiting = 2\nanswer = true\n'
    + DESK_NODE
    + END
)
WAIT = NodeName("wait")


def looked(call: Call, live: int) -> tuple[object, ...]:
    """The daemon tells how many calls the desk has."""
    return call.then(TargetsLooked(call.state.at_s, WAIT, {DESK: live}, {DESK: 9}, {}))


@pytest.mark.req("R10")
def test_queue_until_a_target_is_free() -> None:
    """The caller hears music and the place in line; at its turn it looks every two seconds; a free target is rung."""
    call = Call(TWO_TARGETS + QUEUE)
    assert call.first[:2] == (Answer(), JoinQueue(WAIT, priority=False))
    assert call.then(TimerFired(30, queue.TELL)) == (StartTimer(queue.TELL, 30),)
    assert call.then(QueueMoved(31, WAIT, 1)) == ()
    assert call.then(PlaceTaken(31, WAIT, 7)) == (), "nobody asked"
    told = call.then(TimerFired(60, queue.TELL))
    assert told[-1] == Play(CALLER, (PromptName("queue-place"), PromptName("number-2")))
    music = Play(CALLER, (PromptName("queue-music"),), loop=True)
    assert call.then(PromptEnded(63, CALLER)) == (music, StartTimer(queue.TELL, 30)), "told again after as much music"
    assert call.then(QueueMoved(64, WAIT, 0)) == (LookAtTargets(WAIT, (DESK,)),)
    assert call.then(QueueMoved(64, WAIT, 0)) == ()
    assert looked(call, 1) == (StartTimer(queue.LOOK, 2),)
    assert call.then(TimerFired(66, queue.LOOK)) == (LookAtTargets(WAIT, (DESK,)),)
    served = looked(call, 0)
    assert served[0] == LeaveQueue(WAIT)
    assert Ring(ONE, DESK, "02162288300") in served


@pytest.mark.req("R10")
def test_queue_that_is_full_or_too_long() -> None:
    """One caller too many, and one who has waited long enough, go the other way."""
    full = Call(TWO_TARGETS + QUEUE)
    assert LeaveQueue(WAIT) in full.then(QueueMoved(0, WAIT, 2))
    late = Call(TWO_TARGETS + QUEUE)
    commands = late.then(TimerFired(300, queue.MOST))
    assert commands[0] == LeaveQueue(WAIT)
    assert Play(CALLER, (PromptName("busy"),)) in commands
    assert late.then(QueueMoved(301, WAIT, 0)) == ()


@pytest.mark.req("R10")
def test_a_queue_that_does_not_tell_the_place() -> None:
    """With tell_s = 0 the caller hears music only."""
    call = Call(TWO_TARGETS + QUEUE.replace('kind = "queue"', 'kind = "queue"\ntell_s = 0'))
    assert not any(isinstance(one, StartTimer) and one.timer == queue.TELL for one in call.first)


@pytest.mark.req("R10")
def test_a_caller_who_gives_up_leaves_the_queue() -> None:
    """Nobody gone keeps a place in line."""
    call = Call(TWO_TARGETS + QUEUE)
    assert call.then(CallerHungUp(9, NORMAL)) == (LeaveQueue(WAIT), StopTimer(queue.MOST), StopTimer(queue.TELL))
    assert call.over()


def offered(call: Call, at_s: float, *refused: TargetName) -> tuple[object, ...]:
    """The call is the first in line, and its targets have no call now; those in `refused` refused one lately."""
    call.then(QueueMoved(at_s, WAIT, 0))
    free = {DESK: 0, MOBILE: 0}
    return call.then(TargetsLooked(at_s, WAIT, free, free, {}, refused))


@pytest.mark.req("R10")
def test_a_refused_caller_keeps_the_place_in_the_queue() -> None:
    """A free target answers 486: the caller waits on, as one who came then, for what is left of the longest wait.

    The target is not rung again before 30 s are over; a place above `most_waiting` does no harm.
    """
    call = Call(TWO_TARGETS + QUEUE)
    assert Ring(ONE, DESK, "02162288300") in offered(call, 100)
    back = call.then(TargetFailed(101, ONE, BUSY))
    assert JoinQueue(WAIT, priority=False, waited_s=101) in back
    assert StartTimer(queue.MOST, 199) in back
    assert call.then(QueueMoved(101, WAIT, 9)) == ()
    assert offered(call, 102) == (StartTimer(queue.LOOK, 2),)
    call.then(TimerFired(131, queue.LOOK))
    assert Ring(LegId(2), DESK, "02162288300") in offered(call, 131)
    assert call.then(TargetAnswered(132, LegId(2)))[-1] == Connect(CALLER, LegId(2))
    assert call.state.queued is None


@pytest.mark.req("R10")
def test_what_another_caller_was_refused_is_not_free() -> None:
    """The daemon says that a target refused another call: it is neither free for a queue nor rung by its hunt."""
    call = Call(TWO_TARGETS + QUEUE)
    assert offered(call, 5, DESK) == (StartTimer(queue.LOOK, 2),)
    both = QUEUE.replace('targets = ["front-desk"]', 'targets = ["front-desk", "mobile"]')
    call = Call(TWO_TARGETS + both)
    rung = [command.target for command in offered(call, 5, DESK) if isinstance(command, Ring)]
    assert rung == [MOBILE]
    back = call.then(TargetFailed(6, ONE, from_sip(480, None)))
    assert JoinQueue(WAIT, priority=False, waited_s=6) in back


@pytest.mark.req("R10", "R7")
def test_who_rang_in_vain_goes_where_the_hunt_says() -> None:
    """A target that rang for its whole wait has not refused: the call goes to `otherwise`, as the hunt says."""
    call = Call(TWO_TARGETS + QUEUE.replace(DESK_NODE, DESK_NODE + 'otherwise = "end"\n'))
    offered(call, 5)
    assert Play(CALLER, (PromptName("busy"),)) in call.then(TimerFired(60, legs.ring_timer(ONE)))
    assert call.state.queued is None


@pytest.mark.req("R10", "R6")
def test_a_queue_ends_with_the_forwards_and_with_the_longest_wait() -> None:
    """Refused once more than the call may be forwarded, or after `most_s`: the caller waits no more."""
    call = Call("max_forwards = 0\n" + TWO_TARGETS + QUEUE.replace(DESK_NODE, DESK_NODE + 'otherwise = "end"\n'))
    offered(call, 5)
    call.then(TargetFailed(6, ONE, BUSY))
    assert Play(CALLER, (PromptName("busy"),)) in offered(call, 40)
    late = Call(TWO_TARGETS + QUEUE)
    offered(late, 299)
    commands = late.then(TargetFailed(301, ONE, BUSY))
    assert Play(CALLER, (PromptName("busy"),)) in commands
    assert not any(isinstance(command, JoinQueue) for command in commands)
