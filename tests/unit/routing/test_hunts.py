"""Where a call goes: by origin, time and share; hunts in every order (R1–R4, R6–R10, R12)."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.cause import ANSWERED_ELSEWHERE, BUSY, NO_ANSWER, NORMAL, STOPPED
from routing.command import Alert, HangUp, LookAtTargets, Release, Ring, StartTimer, StopRinging, TakePlace
from routing.event import (
    CallerHungUp,
    PlaceTaken,
    TargetAnswered,
    TargetFailed,
    TargetHungUp,
    TargetRang,
    TargetsLooked,
    TimerFired,
)
from routing.explain import World, explain
from routing.facts import Caller, CallerClass, DayKind, Facts
from routing.ids import LegId, NodeName, TargetName
from routing.node import Hunt, Order
from routing.nodes.compare import ASK
from routing.nodes.hunt import PAUSE
from routing.plan import Plan
from tests.unit.routing.calls import HEAD, TWO_TARGETS, Call
from tests.unit.routing.strategies import NAMES, SHANGHAI, facts, plans

ONE, TWO, THREE, FOUR = map(LegId, (1, 2, 3, 4))
A, B, C, D = map(TargetName, "abcd")
HUNT = NodeName("hunt")
FOUR_TARGETS = HEAD + "[targets]\n" + "".join(f'{name} = "021-6228 830{at}"\n' for at, name in enumerate("abcd"))


def rung(commands: tuple[object, ...]) -> list[TargetName]:
    """The targets that commands ring, in order."""
    return [command.target for command in commands if isinstance(command, Ring)]


def looked(call: Call, live: int, so_far: int, *names: TargetName) -> tuple[object, ...]:
    """The daemon tells the same of these targets, and nothing of the others."""
    counts = dict.fromkeys(names, live)
    return call.then(TargetsLooked(0.1, HUNT, counts, dict.fromkeys(names, so_far), {}))


WORK = TWO_TARGETS + (
    '[hours]\nwork = ["Mon-Fri 08:30-17:30", "Sat 08:30-12:00"]\n'
    '[nodes.when]\nkind = "time"\nbranches = [{ when = "work", then = "desk" }]\notherwise = "away"\n'
    '[nodes.desk]\nkind = "hunt"\ntargets = ["front-desk"]\n[nodes.away]\nkind = "hunt"\ntargets = ["mobile"]\n'
)


@pytest.mark.req("R2")
@pytest.mark.parametrize(
    ("when", "target"),
    [
        ("2026-04-13 08:30", "front-desk"),
        ("2026-04-13 17:30", "mobile"),
        ("2026-04-18 11:59", "front-desk"),
        ("2026-04-18 12:00", "mobile"),
        ("2026-04-19 10:00", "mobile"),
    ],
)
def test_working_hours_to_the_landline_else_to_the_mobile(when: str, target: str) -> None:
    """Document D: 周一至周五 08:30-17:30, 周六 08:30-12:00 to the landline, all other times to the mobile."""
    arrived = datetime.fromisoformat(when).replace(tzinfo=SHANGHAI)
    assert rung(Call(WORK, arrived=arrived).first) == [target]


@pytest.mark.req("R2")
def test_each_target_has_hours_in_which_it_answers_and_in_which_it_does_not() -> None:
    """A target outside its hours, or closed, is passed over, and the trace says so; inside them it rings."""
    text = HEAD + (
        '[targets]\na = { address = "021-6228 8300", hours = "Mon-Fri 08:30-17:30" }\n'
        'b = { address = "021-6228 8301", closed = ["Mon-Fri 08:30-17:30"] }\n'
    )
    evening = datetime(2026, 4, 15, 20, 0, tzinfo=SHANGHAI)
    assert rung(Call(text).first) == [A]
    assert rung(Call(text, arrived=evening).first) == [B]
    assert Call(text).state.trace[-1].passed_over == ((B, "outside its hours"),)


@pytest.mark.req("R2")
def test_unknown_years_are_said_in_the_trace() -> None:
    """Where the calendar knows nothing the trace says that plain weekdays were used."""
    assert ("calendar", "does not know this year: plain weekdays") in Call(WORK).state.trace[0].looked_at
    known = Call(WORK, today=DayKind.WORKDAY)
    assert ("day", "workday") in known.state.trace[0].looked_at


@pytest.mark.req("R1")
@pytest.mark.parametrize(
    ("caller", "target"),
    [
        (Caller("075588881234", CallerClass.FIXED, "0755"), "a"),
        (Caller("13912345678", CallerClass.MOBILE, "0755"), "a"),
        (Caller("13800138000", CallerClass.MOBILE, "010"), "b"),
        (Caller("01062288300", CallerClass.FIXED, "010"), "c"),
        (Caller("02112345678", CallerClass.FIXED, "021"), "d"),
    ],
)
def test_by_the_caller_s_place_prefix_or_number(caller: Caller, target: str) -> None:
    """Area code, a mobile by its home; a prefix; a whole number; otherwise the last."""
    hunts = "".join(f'[nodes.n{name}]\nkind = "hunt"\ntargets = ["{name}"]\n' for name in "abcd")
    text = FOUR_TARGETS + (
        '[nodes.place]\nkind = "origin"\notherwise = "nd"\nbranches = [\n'
        '{ areas = ["0755"], then = "na" }, { prefixes = ["138"], then = "nb" },\n'
        '{ numbers = ["010-6228 8300"], then = "nc" }]\n'
    )
    assert rung(Call(text + hunts, caller=caller).first) == [target]


SHARE = FOUR_TARGETS + (
    '[nodes.split]\nkind = "share"\nbranches = [{ percent = 37, then = "na" }, { percent = 63, then = "nb" }]\n'
    '[nodes.na]\nkind = "hunt"\ntargets = ["a"]\n[nodes.nb]\nkind = "hunt"\ntargets = ["b"]\n'
)


@pytest.mark.req("R3")
def test_a_hundred_calls_in_a_row_are_shared_exactly() -> None:
    """Each call takes its place in line when it reaches the split; a hundred of them go 37 to 63."""
    chosen = []
    for place in range(1234, 1334):
        call = Call(SHARE)
        assert call.first[0] == TakePlace(NodeName("split"))
        assert call.then(PlaceTaken(0.1, NodeName("other"), 5)) == ()
        chosen += rung(call.then(PlaceTaken(0.1, NodeName("split"), place)))
    assert (chosen.count(A), chosen.count(B)) == (37, 63)


@pytest.mark.req("R3", "S2")
def test_a_place_that_is_not_told_in_time() -> None:
    """Without the daemon the seed decides, so the call goes on."""
    assert (
        rung(Call(SHARE, seed=7).then(TimerFired(3, ASK))) == rung(Call(SHARE, seed=7).then(TimerFired(3, ASK))) != []
    )


@pytest.mark.req("R4")
def test_round_robin() -> None:
    """循环: each call begins one target further; without the daemon, somewhere."""
    first = []
    for place in range(6):
        call = Call(FOUR_TARGETS + '[hunt]\norder = "round-robin"\n')
        first += rung(call.then(PlaceTaken(0.1, HUNT, place)))
    assert first == [A, B, C, D, A, B]
    assert len(rung(Call(FOUR_TARGETS + '[hunt]\norder = "round-robin"\n').then(TimerFired(3, ASK)))) == 1


@pytest.mark.req("R4")
def test_least_calls() -> None:
    """平均: the target with the fewest calls so far is rung first; without the daemon, in the order written."""
    text = FOUR_TARGETS + '[hunt]\norder = "least-calls"\n'
    call = Call(text)
    assert call.first[0] == LookAtTargets(HUNT, (A, B, C, D), {}, 4)
    assert call.then(PlaceTaken(0.1, HUNT, 1)) == ()
    assert rung(looked(call, 0, 5, A, B, D)) == [C]
    assert rung(Call(text).then(TimerFired(3, ASK))) == [A]


@pytest.mark.req("R4", "S2")
def test_random() -> None:
    """随机: the order is the seed's."""
    text = FOUR_TARGETS + '[hunt]\norder = "random"\n'
    firsts = {tuple(rung(Call(text, seed=seed).first)) for seed in range(40)}
    assert len(firsts) == 4


@pytest.mark.req("R9")
def test_ring_together() -> None:
    """全通达: three phones ring at once; the first to answer gets the call, the others stop."""
    call = Call(FOUR_TARGETS + '[hunt]\norder = "together"\n')
    assert rung(call.first) == [A, B, C]
    assert call.then(TargetRang(1, ONE, early_media=True)) == (Alert(),)
    commands = call.then(TargetAnswered(2, TWO))
    assert StopRinging(ONE, ANSWERED_ELSEWHERE) in commands
    assert StopRinging(THREE, ANSWERED_ELSEWHERE) in commands


@pytest.mark.req("R9")
def test_together_goes_on_in_waves() -> None:
    """When the whole wave has failed the next one rings."""
    call = Call(FOUR_TARGETS + '[hunt]\norder = "together"\n')
    call.then(TargetFailed(1, ONE, BUSY))
    call.then(TargetFailed(1, TWO, BUSY))
    assert rung(call.then(TargetFailed(1, THREE, BUSY))) == [D]


@pytest.mark.req("R8")
def test_busy_after_wait() -> None:
    """`busy_advance = "after-wait"`: a busy target takes its whole ring wait; the last one does not."""
    call = Call(TWO_TARGETS + '[hunt]\nbusy_advance = "after-wait"\n')
    assert StartTimer(PAUSE, 11) in call.then(TargetFailed(4, ONE, BUSY))
    assert call.then(TargetFailed(5, ONE, BUSY)) == ()
    assert rung(call.then(TimerFired(15, PAUSE))) == ["mobile"]
    assert Release(BUSY) in call.then(TargetFailed(16, TWO, BUSY))
    late = Call(TWO_TARGETS + '[hunt]\nbusy_advance = "after-wait"\n')
    assert rung(late.then(TargetFailed(15, ONE, BUSY))) == ["mobile"]


@pytest.mark.req("R10", "R12")
def test_a_target_whose_lines_are_taken_counts_as_busy() -> None:
    """Over its capacity a target is not rung; if that is every target, the caller hears busy."""
    text = HEAD + '[targets]\na = { address = "021-6228 8300", capacity = 2 }\nb = "021-6228 8301"\n'
    call = Call(text)
    assert rung(looked(call, 2, 0, A)) == [B]
    assert Release(BUSY) in call.then(TargetFailed(1, ONE, BUSY))
    assert rung(looked(Call(text), 1, 0, A)) == [A]
    assert rung(Call(text).then(TargetsLooked(0.1, HUNT, {}, {}, {A: "gateway dead"}))) == [B]


@pytest.mark.req("R4", "R10")
@pytest.mark.parametrize(
    ("text", "counts"),
    [
        (TWO_TARGETS, False),
        (TWO_TARGETS + '[hunt]\norder = "random"\n', False),
        (TWO_TARGETS + '[hunt]\norder = "least-calls"\n', True),
        (HEAD + '[targets]\na = { address = "021-6228 8300", capacity = 2 }\n', True),
        (
            TWO_TARGETS
            + '[nodes.line]\nkind = "queue"\nthen = "desk"\notherwise = "desk"\n[nodes.desk]\nkind = "hunt"\n',
            True,
        ),
    ],
)
def test_what_counts_calls(text: str, counts: bool) -> None:
    """A plan in which a target's calls decide something says so; any other asks for them nowhere."""
    call = Call(text)
    assert call.plan.counts_calls() is counts
    assert counts or not any(isinstance(command, LookAtTargets) for command in call.first)


@pytest.mark.req("R6", "R12")
def test_branches_after_a_hunt() -> None:
    """All busy goes one way, anything else the other."""
    text = TWO_TARGETS + (
        '[nodes.desk]\nkind = "hunt"\ntargets = ["front-desk"]\nbusy = "box"\notherwise = "next"\n'
        '[nodes.box]\nkind = "release"\ncause = "busy"\n[nodes.next]\nkind = "hunt"\ntargets = ["mobile"]\n'
    )
    assert Release(BUSY) in Call(text).then(TargetFailed(1, ONE, BUSY))
    assert rung(Call(text).then(TargetFailed(1, ONE, NO_ANSWER))) == ["mobile"]


@pytest.mark.req("R6")
def test_classic_carriers_forward_twice() -> None:
    """Profile `carrier-classic`: two forwards, so three targets are tried."""
    call = Call('profile = "carrier-classic"\n' + FOUR_TARGETS)
    for leg in (ONE, TWO, THREE):
        commands = call.then(TargetFailed(1, leg, BUSY))
    assert Release(BUSY) in commands
    assert len(call.state.attempts) == 3


@pytest.mark.req("S2", "R2", "R6", "R10", "W3")
@settings(max_examples=60)
@given(plans(), facts(), st.data())
def test_whole_plans_in_any_world(plan: Plan, of: Facts, data: st.DataObject) -> None:
    """Total and deterministic; no target outside its hours, its authorisation, its capacity or while down."""
    some = st.sets(st.sampled_from(NAMES))
    world = World(
        keys=tuple(data.draw(st.lists(st.sampled_from(["2580", "1", "0", "801", ""]), max_size=4))),
        busy=data.draw(some),
        silent=data.draw(some),
        live=data.draw(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 3))),
    )
    explained = explain(plan, of, world)
    state = explained.state
    assert state.over
    assert explain(plan, of, world) == explained
    moment = plan.moment(of)
    for attempt in state.attempts:
        target = plan.targets[attempt.target]
        assert plan.open_at(target, moment)
        assert target.authorised_until is None or of.arrived.date() <= target.authorised_until
        assert attempt.target not in of.down
        assert not target.capacity or world.live.get(attempt.target, 0) < target.capacity
    assert state.forwards <= plan.most_forwards()
    together = any(isinstance(node, Hunt) and node.order is Order.TOGETHER for node in plan.nodes.values())
    assert len(state.attempts) <= (3 if together else 1) * (plan.most_forwards() + 1)


@pytest.mark.req("R9")
def test_a_leg_that_is_ending_is_not_ended_again() -> None:
    """One of two that rang together answers; the caller hangs up while the other is cancelled: one CANCEL only."""
    call = Call(TWO_TARGETS + '[hunt]\norder = "together"\n')
    two = LegId(2)
    assert StopRinging(two, ANSWERED_ELSEWHERE) in call.then(TargetAnswered(1, LegId(1)))
    assert call.then(CallerHungUp(2, NORMAL)) == (HangUp(LegId(1), NORMAL),)
    call.then(TargetHungUp(3, LegId(1), NORMAL))
    assert not call.over()
    call.then(TargetFailed(3, two, STOPPED))
    assert call.over()


@pytest.mark.req("R12", "R6")
@pytest.mark.parametrize(("head", "rung"), [("", 20), ("max_forwards = 4\n", 5)])
def test_every_target_is_rung_before_a_call_is_busy(head: str, rung: int) -> None:
    """Twenty targets are busy: all are rung before the caller hears so, unless the plan wants fewer forwards."""
    targets = "".join(f'd{at} = "021-6228 83{at:02d}"\n' for at in range(20))
    call = Call(head + HEAD + "[targets]\n" + targets)
    for leg in range(1, rung + 1):
        assert not call.state.outcome
        call.then(TargetFailed(leg, LegId(leg), BUSY))
    assert call.state.outcome
    assert call.state.outcome.cause == BUSY
