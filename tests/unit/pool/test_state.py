"""The pool without I/O: whoever has rested longest gets the next call, and spares are kept, whatever happens."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from b2bua.config.configuration import Processes
from b2bua.ipc.protocol import Hello, InviteKey
from b2bua.pool.process import Phase, Process
from b2bua.pool.state import Decision, PoolState, Retire, Spawn

SPARE, MOST, REST_S = 3, 6, 0.6
INVITE = InviteKey("call", "tag")


def pool() -> PoolState:
    """Three spares, six processes at most, a rest of 0.6 s."""
    return PoolState(Processes(spare=SPARE, most=MOST, rest_s=REST_S))


def linked(state: PoolState, number: int, now_s: float = 0.0, call_id: str = "") -> Process:
    """A process that was forked and has said Hello."""
    state.born(1000 + number)
    return state.hello(Hello(1000 + number, 40000 + number, f"i{number}", call_id, INVITE), 1000 + number, now_s)


def give(state: PoolState, call_id: str, now_s: float) -> Process | None:
    """Give a call to the process that is to get it."""
    process = state.longest_rested(now_s)
    if process is not None:
        state.assigned(process, call_id, INVITE, "plan")
    return process


@pytest.mark.req("S1")
def test_the_start() -> None:
    """A fork server that starts is asked for the spares once; each Hello makes one of them free."""
    state = pool()
    assert state.server_started() == [Spawn(SPARE)]
    assert state.tick(2.0) == []
    linked(state, 1)
    assert (state.row(0.0).idle, state.tick(4.0)) == (1, [])
    linked(state, 2)
    linked(state, 3)
    assert state.assigned(linked_free(state), "c-1", INVITE, "plan") == [Spawn(1)]


def linked_free(state: PoolState) -> Process:
    """The one that is to get the next call; there must be one."""
    process = state.longest_rested(0.0)
    assert process is not None
    return process


@pytest.mark.req("S1")
def test_a_rest_is_kept_and_the_longest_rested_is_first() -> None:
    """PJSIP needs half a second between two calls (docs/pjsua2.md): no call before; then in the order of their ends."""
    state = pool()
    for number in (1, 2):
        linked(state, number)
    first, second = give(state, "c-1", 0.0), give(state, "c-2", 0.0)
    assert first is not None
    assert second is not None
    assert give(state, "c-3", 0.0) is None
    assert state.idle(second, "c-2", 1.0)
    assert state.idle(first, "c-1", 1.2)
    assert give(state, "c-3", 1.0 + REST_S - 0.01) is None
    assert give(state, "c-3", 1.2 + REST_S) is second
    assert give(state, "c-4", 1.2 + REST_S) is first


@pytest.mark.req("S1", "T4")
def test_what_counts_as_a_crash() -> None:
    """A death is a crash unless it was asked for, or the call of an earlier daemon is over (F53)."""
    state = pool()
    told, adopted, early = linked(state, 1), linked(state, 2, call_id="old"), linked(state, 3, call_id="older")
    state.retire_all()
    state.died(told)
    state = pool()
    adopted, early = linked(state, 2, call_id="old"), linked(state, 3, call_id="older")
    state.idle(adopted, "old", 5.0)
    state.died(adopted)
    assert (adopted.crashed, state.crashed) == (False, 0)
    state.died(early)
    assert (early.crashed, state.crashed) == (True, 1)
    state.born(77)
    state.child_ended(77, -9)
    assert state.crashed == 2
    assert state.died(early) == []


@pytest.mark.req("S1")
def test_a_process_that_does_not_read_gets_no_call_until_it_links_again() -> None:
    """Its place is made good at once; when it says Hello it rests, and is one of the spares again."""
    state = pool()
    state.server_started()
    process = linked(state, 1)
    state.longest_rested(0.0)
    state.assign_failed(process)
    assert process.phase is Phase.UNREACHABLE
    assert give(state, "c-1", 9.0) is None
    state.hello(Hello(process.pid, process.sip_port, process.incarnation), process.pid, 9.0)
    assert give(state, "c-1", 9.0 + REST_S) is process


@pytest.mark.req("S1")
def test_surplus_spares_leave_one_by_one() -> None:
    """After a storm of calls more than twice the spares are free: one is told to leave at each tick."""
    state = PoolState(Processes(spare=1, most=MOST, rest_s=REST_S))
    for number in range(4):
        linked(state, number)
    assert [type(decision) for decision in state.tick(1.0)] == [Retire]
    assert [type(decision) for decision in state.tick(3.0)] == [Retire]
    assert state.tick(5.0) == []


class PoolMachine(RuleBasedStateMachine):
    """Any history of a pool, with a fork server, processes and calls that do what real ones can do."""

    known = Bundle("known")

    def __init__(self) -> None:
        super().__init__()
        self.state = pool()
        self.now_s = 0.0
        self.serial = 0
        self.serving = False
        self.orders = 0
        self.unborn: list[int] = []
        self.alive: dict[str, Process] = {}
        self.ended_at_s: dict[str, float] = {}
        self.asked_to_leave: set[str] = set()

    def obey(self, decisions: list[Decision]) -> None:
        """Carry decisions out, and see that they are allowed."""
        for decision in decisions:
            match decision:
                case Spawn(count):
                    assert self.serving
                    assert count > 0
                    self.orders += count
                case Retire(process):
                    self.asked_to_leave.add(process.incarnation)

    @rule()
    @precondition(lambda self: not self.serving)
    def server_starts(self) -> None:
        """The fork server takes orders."""
        self.serving = True
        self.obey(self.state.server_started())

    @rule()
    @precondition(lambda self: self.serving)
    def server_ends(self) -> None:
        """It dies, with its open orders; its children live on."""
        self.serving, self.orders = False, 0
        self.unborn.clear()
        self.state.server_ended()

    @rule()
    @precondition(lambda self: self.orders > 0)
    def forks(self) -> None:
        """It forks a process."""
        self.orders -= 1
        self.serial += 1
        self.unborn.append(1000 + self.serial)
        self.state.born(1000 + self.serial)

    @rule(status=st.sampled_from([0, -9]))
    @precondition(lambda self: self.unborn)
    def dies_before_hello(self, status: int) -> None:
        """A process ends before it has linked."""
        self.state.child_ended(self.unborn.pop(), status)

    @rule(target=known)
    @precondition(lambda self: self.unborn)
    def says_hello(self) -> object:
        """A new process links."""
        pid = self.unborn.pop(0)
        process = self.state.hello(Hello(pid, pid, f"i{pid}"), pid, self.now_s)
        self.alive[process.incarnation] = process
        return multiple(process)

    @rule(target=known, has_call=st.booleans())
    def outlived(self, has_call: bool) -> object:
        """A process of an earlier daemon links."""
        if len(self.alive) + self.orders + len(self.unborn) >= MOST:  # who adopts more has no room to order
            return multiple()
        self.serial += 1
        pid = 1000 + self.serial
        call_id = f"old-{pid}" if has_call else ""
        process = self.state.hello(Hello(pid, pid, f"i{pid}", call_id, INVITE), pid, self.now_s)
        self.alive[process.incarnation] = process
        return multiple(process)

    @rule(reads=st.booleans())
    def call_comes(self, reads: bool) -> None:
        """A call is given, to a process that takes it or does not read."""
        process = self.state.longest_rested(self.now_s)
        if process is None:
            assert not [one for one in self.alive.values() if one.ready]
            return
        assert process.linked
        assert not process.call_id
        assert process.incarnation not in self.asked_to_leave
        ended = self.ended_at_s.get(process.incarnation)
        assert ended is None or ended + REST_S <= self.now_s, "it has not rested"
        self.serial += 1
        if reads:
            self.obey(self.state.assigned(process, f"c-{self.serial}", INVITE, "plan"))
            assert self.state.holding(f"c-{self.serial}") is process
        else:
            self.obey(self.state.assign_failed(process))

    @rule(process=known, leaves=st.booleans())
    def call_ends(self, process: Process, leaves: bool) -> None:
        """The call of a process is over."""
        if process.call_id:
            self.ended_at_s[process.incarnation] = self.now_s
            if leaves:
                self.asked_to_leave.add(process.incarnation)
            assert self.state.idle(process, process.call_id, self.now_s, leaves=leaves)
        else:
            assert not self.state.idle(process, "c-0", self.now_s)

    @rule(process=known)
    def link_breaks(self, process: Process) -> None:
        """A link is gone."""
        if process.incarnation in self.alive:
            self.state.link_lost(process)

    @rule(process=known)
    def links_again(self, process: Process) -> None:
        """A process links anew."""
        if process.incarnation in self.alive:
            hello = Hello(process.pid, process.sip_port, process.incarnation, process.call_id, process.invite)
            assert self.state.hello(hello, process.pid, self.now_s) is process

    @rule(process=consumes(known))
    def dies(self, process: Process) -> None:
        """A process is dead."""
        if self.alive.pop(process.incarnation, None) is not None:
            crashed = self.state.crashed
            self.obey(self.state.died(process))
            assert self.state.crashed == crashed + process.crashed
            assert not (process.crashed and process.incarnation in self.asked_to_leave)

    @rule(seconds=st.sampled_from([0.1, 0.5, 2.0]))
    def time_passes(self, seconds: float) -> None:
        """Some time, and a tick."""
        self.now_s += seconds
        self.obey(self.state.tick(self.now_s))

    @invariant()
    def what_always_holds(self) -> None:
        """One call a process; never more than the ceiling; spares are ordered whenever there is a server."""
        calls = [process.call_id for process in self.alive.values() if process.call_id]
        assert len(set(calls)) == len(calls) == self.state.busy
        assert set(self.alive) == {process.incarnation for process in self.state.processes()}
        coming = self.orders + len(self.unborn)
        assert len(self.alive) + coming <= MOST
        row = self.state.row(self.now_s)
        assert row.used + row.idle + row.resting <= len(self.alive)


@pytest.mark.req("S1")
def test_any_history() -> None:
    """What always holds, over 60 random histories of 60 steps."""
    run_state_machine_as_test(PoolMachine, settings=settings(max_examples=60, stateful_step_count=60))


@pytest.mark.req("S1")
def test_an_order_that_failed_is_given_again() -> None:
    """A fork server that cannot fork (EAGAIN) is asked again with the next tick, for what is missing."""
    state = pool()
    state.server_started()
    linked(state, 1)
    state.order_failed()
    state.order_failed()
    assert state.tick(2.0) == [Spawn(SPARE - 1)]
