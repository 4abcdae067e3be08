"""The pool without I/O: who gets a call, who rests, who leaves, how many are ordered, which deaths are crashes."""

from typing import Any

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from b2bua.config.configuration import Processes
from b2bua.ipc.protocol import Hello, InviteKey
from b2bua.pool.process import Phase, Process
from b2bua.pool.state import Decision, PoolState, Retire, Spawn

SETTINGS = Processes(spare=2, most=5, rest_s=0.6)
INVITE = InviteKey("call@carrier", "tag")


def hello(n: int, call_id: str = "") -> Hello:
    """The Hello of the nth process."""
    return Hello(n, 40_000 + n, f"inc{n}", call_id, INVITE if call_id else None)


def started(spare: int = 2, most: int = 5) -> PoolState:
    """A pool whose spares have said Hello at time 0."""
    pool = PoolState(attrs.evolve(SETTINGS, spare=spare, most=most))
    (order,) = pool.server_started()
    assert order == Spawn(spare)
    for n in range(spare):
        pool.born(n)
        pool.hello(hello(n), n, 0.0)
    return pool


def give(pool: PoolState, call_id: str, now_s: float) -> Process:
    """A call to the process that has rested longest."""
    process = pool.longest_rested(now_s)
    assert process is not None
    pool.assigned(process, call_id, INVITE, "hash")
    return process


@pytest.mark.req("S1")
def test_a_call_is_given_to_the_one_that_rested_longest_and_its_place_is_filled() -> None:
    """The order is that of the ends of rests; each call given orders one process more, up to the ceiling."""
    pool = started(spare=2, most=3)
    first = pool.longest_rested(0.0)
    assert first is not None
    assert pool.assigned(first, "a", INVITE, "hash") == [Spawn(1)]
    assert (first.call_id, first.invite, first.last_plan, first.phase) == ("a", INVITE, "hash", Phase.BUSY)
    assert pool.holding("a") is first
    second = give(pool, "b", 0.0)
    assert pool.longest_rested(0.0) is None
    assert pool.busy == 2
    pool.idle(second, "b", 1.0)
    pool.idle(first, "a", 2.0)
    assert pool.longest_rested(1.59) is None
    assert pool.longest_rested(1.6) is second
    assert pool.longest_rested(99.0) is second, "who is not taken stays first"
    assert (pool.row(99.0).idle, pool.row(99.0).resting) == (2, 0)


@pytest.mark.req("S1")
def test_one_that_does_not_take_its_call_is_left_aside_until_it_links_again() -> None:
    """Its place is filled; after its next Hello it rests and takes calls again."""
    pool = started(spare=1)
    process = pool.longest_rested(0.0)
    assert process is not None
    assert pool.assign_failed(process) == [Spawn(1)]
    assert pool.longest_rested(9.0) is None
    pool.hello(hello(0), 0, 9.0)
    assert pool.longest_rested(9.5) is None
    assert pool.longest_rested(9.6) is process


@pytest.mark.req("S1")
def test_a_link_that_is_lost_and_made_again() -> None:
    """A free process without a link gets nothing; a busy one keeps its call and, if it ends meanwhile, waits too."""
    pool = started(spare=2)
    busy = give(pool, "a", 0.0)
    free = pool.longest_rested(0.0)
    assert free is not None
    pool.link_lost(free)
    pool.link_lost(busy)
    assert pool.longest_rested(0.0) is None
    assert (busy.phase, pool.holding("a")) == (Phase.BUSY, busy)
    assert pool.idle(busy, "a", 1.0)
    phases = [busy.phase]
    pool.hello(hello(0), 0, 2.0)
    assert [*phases, busy.phase] == [Phase.UNREACHABLE, Phase.RESTING]
    assert pool.longest_rested(3.0) is busy


@pytest.mark.req("S1")
def test_idle_is_believed_only_of_the_call_that_a_process_has() -> None:
    """Said late or twice it frees nothing."""
    pool = started(spare=1)
    process = give(pool, "a", 0.0)
    assert not pool.idle(process, "b", 1.0)
    assert process.phase is Phase.BUSY
    assert pool.idle(process, "a", 1.0)
    assert not pool.idle(process, "a", 1.0)


@pytest.mark.req("S1", "T4")
def test_which_deaths_are_crashes() -> None:
    """Told to leave, said that it leaves, or left by an earlier daemon and free: no crash. Any other death is one."""
    pool = started(spare=3)
    told, said, killed = pool.processes()
    assert pool.retire_all() == [Retire(told), Retire(said), Retire(killed)]
    pool.died(told)
    assert (told.crashed, told.phase, pool.crashed) == (False, Phase.DEAD, 0)
    assert pool.died(told) == [], "a death is taken once"

    pool = started(spare=3)
    _, said, killed = (give(pool, f"c{n}", 0.0) for n in range(3))
    pool.idle(said, "c1", 1.0, leaves=True)
    assert said.phase is Phase.LEAVING
    pool.died(said)
    pool.died(killed)
    assert (said.crashed, killed.crashed, pool.crashed) == (False, True, 1)
    assert pool.holding("c2") is None
    assert killed.call_id == "c2", "whoever is told of the death learns of the call"


@pytest.mark.req("S1", "T4")
def test_processes_left_by_an_earlier_daemon() -> None:
    """F53: one that ends after its call is no crash; with its call up, or after a call of ours, it is one."""
    pool = PoolState(SETTINGS)
    after, during, reused = (pool.hello(hello(n, f"old{n}"), n, 0.0) for n in range(3))
    assert [process.adopted for process in (after, during, reused)] == [True] * 3
    assert pool.busy == 3
    pool.idle(after, "old0", 1.0)
    pool.died(after)
    assert pool.crashed == 0
    pool.died(during)
    assert (during.crashed, pool.crashed) == (True, 1)
    pool.idle(reused, "old2", 1.0)
    assert give(pool, "new", 2.0) is reused
    pool.idle(reused, "new", 3.0)
    pool.died(reused)
    assert (reused.crashed, pool.crashed) == (True, 2)


@pytest.mark.req("S1")
def test_orders_of_the_fork_server() -> None:
    """A child that ends before Hello is made good by the next tick; a new server starts with no orders open."""
    pool = PoolState(SETTINGS)
    assert pool.tick(0.0) == [], "without a server nothing is ordered"
    assert pool.server_started() == [Spawn(2)]
    pool.born(1)
    pool.child_ended(1, 1)
    assert pool.crashed == 1
    pool.order_failed()
    assert pool.tick(2.0) == [Spawn(2)]
    pool.born(2)
    pool.child_ended(2, 0)
    assert pool.crashed == 1, "status 0 is no crash"
    assert pool.tick(4.0) == [Spawn(1)]
    pool.server_ended()
    assert pool.tick(6.0) == []
    assert pool.server_started() == [Spawn(2)]
    pool.hello(hello(3), 3, 6.0)
    pool.born(3)  # read later than its Hello
    assert pool.tick(8.0) == []


@pytest.mark.req("S1")
def test_an_order_that_failed_is_given_again() -> None:
    """A fork server that cannot fork (EAGAIN) is asked again with the next tick, for what is missing."""
    pool = PoolState(SETTINGS)
    pool.server_started()
    pool.born(1)
    pool.hello(hello(1), 1, 0.0)
    pool.order_failed()
    pool.order_failed()
    assert pool.tick(2.0) == [Spawn(SETTINGS.spare - 1)]


@pytest.mark.req("S1")
def test_spares_beyond_twice_the_wanted_are_retired_one_at_a_time() -> None:
    """The one that has rested longest leaves; a retired one gets no call even after a new Hello."""
    pool = started(spare=2)
    for n in (2, 3, 4):
        pool.hello(hello(n), n, 0.0)
    (retired,) = pool.tick(2.0)
    assert isinstance(retired, Retire)
    assert retired.process is pool.at("inc0")
    assert pool.tick(4.0) == []
    pool.link_lost(retired.process)
    pool.hello(hello(0), 0, 5.0)
    assert retired.process.phase is Phase.LEAVING
    assert pool.longest_rested(9.0) is pool.at("inc1")


@pytest.mark.req("S1")
def test_a_port_taken_over_by_a_later_process_is_its_own() -> None:
    """The death of the earlier one, seen late, does not take the port from the later."""
    pool = started(spare=1)
    (early,) = pool.processes()
    late = pool.hello(attrs.evolve(hello(7), sip_port=early.sip_port), 7, 1.0)
    assert pool.at_port(early.sip_port) is late
    pool.died(early)
    assert pool.at_port(early.sip_port) is late
    pool.died(late)
    assert pool.at_port(late.sip_port) is None


class PoolMachine(RuleBasedStateMachine):
    """Any history of processes, links, calls and fork servers, with what must hold after each step.

    The machine plays the world: which orders are open, which processes live, which call each has.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pool = PoolState(SETTINGS)
        self.now_s = 100.0
        self.serial = 0
        self.has_server = False
        self.ordered = 0
        self.mute: list[int] = []  # born, and no Hello yet
        self.alive: list[Process] = []
        self.calls: dict[str, Process] = {}
        self.ended_s: dict[str, float] = {}  # by incarnation: when its last call ended
        self.left: set[str] = set()
        self.crashes = 0

    def take(self, decisions: list[Decision]) -> None:
        """Carry decisions out."""
        for decision in decisions:
            if isinstance(decision, Spawn):
                assert self.has_server
                assert decision.count > 0
                self.ordered += decision.count
                assert len(self.alive) + self.ordered + len(self.mute) <= SETTINGS.most
            else:
                self.left.add(decision.process.incarnation)

    def pick(self, n: int, processes: list[Process]) -> Process:
        """One of them."""
        return processes[n % len(processes)]

    @rule(step_s=st.floats(0.0, 1.0))
    def time_passes(self, step_s: float) -> None:
        """The clock goes on."""
        self.now_s += step_s

    @rule()
    def tick(self) -> None:
        """The periodic look; then the spares are as wanted, ordered or at the ceiling."""
        self.take(self.pool.tick(self.now_s))
        self.spares_are_refilled()

    def spares_are_refilled(self) -> None:
        """Free, born and ordered ones are as many as wanted, or the ceiling is reached."""
        if self.has_server:
            coming = self.ordered + len(self.mute)
            free = self.pool.row(self.now_s).idle
            assert free + coming >= SETTINGS.spare or len(self.alive) + coming >= SETTINGS.most

    @precondition(lambda self: not self.has_server)
    @rule()
    def server_starts(self) -> None:
        """A fork server takes orders."""
        self.has_server = True
        self.take(self.pool.server_started())
        self.spares_are_refilled()

    @precondition(lambda self: self.has_server)
    @rule()
    def server_ends(self) -> None:
        """It ends; what it forked and has not said Hello is nobody's child any more, and may still say it."""
        self.has_server, self.ordered = False, 0
        self.mute.clear()
        self.pool.server_ended()

    @precondition(lambda self: self.ordered)
    @rule()
    def forked(self) -> None:
        """An order is carried out."""
        self.ordered -= 1
        self.serial += 1
        self.mute.append(self.serial)
        self.pool.born(self.serial)

    @precondition(lambda self: self.ordered)
    @rule()
    def fork_fails(self) -> None:
        """An order cannot be carried out."""
        self.ordered -= 1
        self.pool.order_failed()

    @precondition(lambda self: self.mute)
    @rule(status=st.sampled_from([0, 1, -9]))
    def ends_before_hello(self, status: int) -> None:
        """A child ends early."""
        self.crashes += status != 0
        self.pool.child_ended(self.mute.pop(), status)

    @precondition(lambda self: self.mute)
    @rule()
    def says_hello(self) -> None:
        """A child links for the first time."""
        n = self.mute.pop(0)
        self.alive.append(self.pool.hello(hello(n), n, self.now_s))

    @precondition(lambda self: len(self.alive) < 2 * SETTINGS.most)
    @rule()
    def adopted(self) -> None:
        """A process of an earlier daemon links with its call."""
        self.serial += 1
        call_id = f"old{self.serial}"
        process = self.pool.hello(hello(self.serial, call_id), self.serial, self.now_s)
        self.alive.append(process)
        self.calls[call_id] = process

    @rule(takes=st.booleans())
    def call(self, takes: bool) -> None:
        """A call comes; the process takes it or does not read it."""
        process = self.pool.longest_rested(self.now_s)
        rested = [each for each in self.alive if each.phase is Phase.FREE]
        if process is None:
            assert not rested
            return
        assert process.linked
        assert process.incarnation not in self.left
        assert process not in self.calls.values()
        assert process.rested_at_s == min(each.rested_at_s for each in rested)
        assert self.now_s >= self.ended_s.get(process.incarnation, 0.0) + SETTINGS.rest_s
        self.serial += 1
        if takes:
            self.calls[f"c{self.serial}"] = process
            self.take(self.pool.assigned(process, f"c{self.serial}", INVITE, "hash"))
        else:
            self.take(self.pool.assign_failed(process))
        self.spares_are_refilled()

    @precondition(lambda self: self.calls)
    @rule(n=st.integers(0, 99), leaves=st.booleans())
    def call_ends(self, n: int, leaves: bool) -> None:
        """A process says Idle over its link."""
        call_id = sorted(self.calls)[n % len(self.calls)]
        process = self.calls[call_id]
        if not process.linked:
            return
        del self.calls[call_id]
        self.ended_s[process.incarnation] = self.now_s
        if leaves:
            self.left.add(process.incarnation)
        assert self.pool.idle(process, call_id, self.now_s, leaves=leaves)
        assert not self.pool.idle(process, call_id, self.now_s)

    @precondition(lambda self: self.alive)
    @rule(n=st.integers(0, 99))
    def link_breaks(self, n: int) -> None:
        """A link is lost."""
        self.pool.link_lost(self.pick(n, self.alive))

    @precondition(lambda self: self.alive)
    @rule(n=st.integers(0, 99))
    def links_again(self, n: int) -> None:
        """A process says Hello on a new link, whether or not the old one is known to be gone."""
        process = self.pick(n, self.alive)
        call_id = process.call_id
        again = attrs.evolve(hello(process.pid, call_id), sip_port=process.sip_port)
        assert self.pool.hello(again, process.pid, self.now_s) is process
        assert process.call_id == call_id

    @precondition(lambda self: self.alive)
    @rule(n=st.integers(0, 99))
    def dies(self, n: int) -> None:
        """A process is dead."""
        process = self.pick(n, self.alive)
        self.alive.remove(process)
        adopted_and_free = process.adopted and process not in self.calls.values()
        self.crashes += process.incarnation not in self.left and not adopted_and_free
        self.calls = {call_id: each for call_id, each in self.calls.items() if each is not process}
        self.take(self.pool.died(process))
        self.spares_are_refilled()

    @rule()
    def daemon_stops(self) -> None:
        """Everybody is told to leave."""
        self.take(self.pool.retire_all())
        assert {process.incarnation for process in self.alive} <= self.left

    @invariant()
    def what_always_holds(self) -> None:
        """One call a process, the indexes agree with the processes, counters and ceiling are right."""
        assert self.pool.processes() == self.alive
        assert {call_id: self.pool.holding(call_id) for call_id in self.calls} == self.calls
        assert self.pool.busy == len(self.calls) == len(set(map(id, self.calls.values())))
        assert {process.call_id for process in self.alive if process.call_id} == set(self.calls)
        assert all((process.phase is Phase.BUSY) == bool(process.call_id) for process in self.alive)
        assert all(self.pool.at_port(process.sip_port) is process for process in self.alive)
        row = self.pool.row(self.now_s)
        assert row.crashed == self.crashes
        assert (row.used, row.ceiling) == (len(self.calls), SETTINGS.most)
        phases: list[Any] = [process.phase for process in self.alive]
        assert (row.idle, row.resting) == (phases.count(Phase.FREE), phases.count(Phase.RESTING))


TestPoolMachine = pytest.mark.req("S1")(PoolMachine.TestCase)
TestPoolMachine.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
