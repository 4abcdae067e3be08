"""Which call process gets a call, which ends, and how many are to be started: the pool without I/O.

    event                what happened                                     may lead to
    server_started       the fork server takes orders                      Spawn
    server_ended         it does not any more; its open orders are lost
    born                 it forked a process
    order_failed         it could not fork one
    child_ended          a process that it forked ended
    hello                a process linked, for the first time or again
    link_lost            a link is gone
    assigned             a call was given to a process                     Spawn
    assign_failed        a process did not take its call                   Spawn
    idle                 the call of a process is over
    died                 a process that had said Hello is dead             Spawn
    tick                 some time has passed                              Retire, Spawn
    retire_all           the daemon is being stopped                       Retire

Rule: the one that has rested longest gets the next call, and nobody gets one before it has rested `rest_s` (PJSIP needs
that to forget its last call, docs/pjsua2.md). `spare` processes are kept free, at most `most` are there in all. One
that rests is no spare: in a storm of short calls most processes rest, and calls would be refused.

Times are monotonic seconds given by the caller. Each event takes time O(1), amortised; `retire_all` O(processes).
"""

import attrs

from b2bua.config.configuration import Processes
from b2bua.console.rows import PoolRow
from b2bua.ipc.protocol import Hello, InviteKey
from b2bua.pool.process import Phase, Process


@attrs.frozen
class Spawn:
    """Order so many processes from the fork server."""

    count: int


@attrs.frozen
class Retire:
    """Tell this process to take no more calls, and to end when the one it has is over."""

    process: Process


Decision = Spawn | Retire


class PoolState:
    """All call processes. `settings` are spare, most and rest_s; `crashed` counts those that ended unasked."""

    def __init__(self, settings: Processes) -> None:
        self.settings = settings
        self.crashed = 0
        self._processes: dict[str, Process] = {}  # by incarnation
        self._by_port: dict[int, Process] = {}
        self._by_call: dict[str, Process] = {}
        self._free: dict[str, Process] = {}  # the one that has rested longest first
        self._resting: dict[str, Process] = {}  # in the order in which their rests end
        self._has_server = False
        self._ordered = 0  # spawn orders for which no process was forked yet
        self._silent: set[int] = set()  # pids that were forked and have not said Hello yet

    # What is known.

    @property
    def busy(self) -> int:
        """How many processes have a call."""
        return len(self._by_call)

    def processes(self) -> list[Process]:
        """Every process that has said Hello and is not dead."""
        return list(self._processes.values())

    def at(self, incarnation: str) -> Process | None:
        """The process of this name, if it is not dead."""
        return self._processes.get(incarnation)

    def at_port(self, sip_port: int) -> Process | None:
        """The process at this SIP port, if it is not dead."""
        return self._by_port.get(sip_port)

    def holding(self, call_id: str) -> Process | None:
        """The process that has this call."""
        return self._by_call.get(call_id)

    def row(self, now_s: float) -> PoolRow:
        """The pool as the console shows it."""
        self.end_rests(now_s)
        return PoolRow(self.busy, len(self._free), len(self._resting), self.settings.most, self.crashed)

    # The fork server.

    def server_started(self) -> list[Decision]:
        """The fork server takes orders."""
        self._has_server = True
        return self._refill()

    def server_ended(self) -> None:
        """The fork server takes no orders; those that it has not carried out are lost."""
        self._has_server = False
        self._ordered = 0
        self._silent.clear()

    def born(self, pid: int) -> None:
        """The fork server has forked a process."""
        self._ordered = max(0, self._ordered - 1)
        if all(process.pid != pid for process in self._processes.values()):  # once a process, not once a call
            self._silent.add(pid)

    def order_failed(self) -> None:
        """The fork server could not carry out an order; the next tick gives it again."""
        self._ordered = max(0, self._ordered - 1)

    def child_ended(self, pid: int, status: int) -> None:
        """A child of the fork server ended; `status` is its exit status, or minus the signal that ended it.

        One that had said Hello is counted by `died`. One that had not is made good by the next tick and not at once, so
        that what cannot start is not forked without a pause.
        """
        if pid in self._silent:
            self._silent.remove(pid)
            self.crashed += status != 0

    # The processes.

    def hello(self, hello: Hello, pid: int, now_s: float) -> Process:
        """A process said Hello on a new link."""
        self.end_rests(now_s)
        process = self._processes.get(hello.incarnation)
        if process is None:
            process = Process(pid, hello.sip_port, hello.incarnation, invite=hello.invite, rested_at_s=now_s)
            self._silent.discard(pid)
            self._processes[process.incarnation] = self._by_port[process.sip_port] = process
            if hello.call_id:
                process.adopted = True
                self._hold(process, hello.call_id)
            else:
                self._make_free(process)
        process.linked = True
        if process.phase is Phase.UNREACHABLE:
            self._rest(process, now_s)
        return process

    def link_lost(self, process: Process) -> None:
        """There is no way to send to a process. Its call goes on."""
        process.linked = False
        if process.phase in (Phase.FREE, Phase.RESTING):
            self._set_aside(process, Phase.UNREACHABLE)

    def longest_rested(self, now_s: float) -> Process | None:
        """The process that is to get the next call; None if there is none. To be followed by `assigned` or
        `assign_failed`."""
        self.end_rests(now_s)
        return next(iter(self._free.values()), None)

    def assigned(self, process: Process, call_id: str, invite: InviteKey, plan_hash: str) -> list[Decision]:
        """A free process was given this call."""
        self._set_aside(process, Phase.BUSY)
        self._hold(process, call_id)
        process.invite = invite
        process.last_plan = plan_hash
        process.adopted = False
        return self._refill()

    def assign_failed(self, process: Process) -> list[Decision]:
        """A free process did not take a call that was sent to it."""
        self._set_aside(process, Phase.UNREACHABLE)
        return self._refill()

    def idle(self, process: Process, call_id: str, now_s: float, *, leaves: bool = False) -> bool:
        """A process says that this call is over, and whether it ends now. False if it did not have the call."""
        if process.phase is not Phase.BUSY or process.call_id != call_id:
            return False
        del self._by_call[call_id]
        process.call_id = ""
        process.retired |= leaves
        if process.retired:
            process.phase = Phase.LEAVING
        elif process.linked:
            self._rest(process, now_s)
        else:
            process.phase = Phase.UNREACHABLE
        return True

    def died(self, process: Process) -> list[Decision]:
        """A process is dead. It has crashed unless it was told to leave or said that it would.

        One that came with a call of an earlier daemon was told by that one; it ends when that call is over.
        """
        if process.phase is Phase.DEAD:
            return []
        process.crashed = not process.retired and not (process.adopted and not process.call_id)
        self.crashed += process.crashed
        self._set_aside(process, Phase.DEAD)
        process.linked = False
        self._by_call.pop(process.call_id, None)
        del self._processes[process.incarnation]
        if self._by_port.get(process.sip_port) is process:
            del self._by_port[process.sip_port]
        return self._refill()

    def tick(self, now_s: float) -> list[Decision]:
        """Make good what is missing; retire one of the spares if there are more than twice as many as wanted."""
        self.end_rests(now_s)
        retired: list[Decision] = []
        surplus = len(self._free) + len(self._resting) - 2 * self.settings.spare
        if surplus > 0 and self._free:
            retired.append(self._retire(next(iter(self._free.values()))))
        return retired + self._refill()

    def retire_all(self) -> list[Decision]:
        """Let every process end: now, or when its call is over."""
        return [self._retire(process) for process in self._processes.values()]

    def end_rests(self, now_s: float) -> None:
        """Let those that have rested take calls again."""
        while (first := next(iter(self._resting.values()), None)) is not None and first.rested_at_s <= now_s:
            del self._resting[first.incarnation]
            self._make_free(first)

    def _make_free(self, process: Process) -> None:
        """The one way for a process to become free."""
        process.phase = Phase.FREE
        self._free[process.incarnation] = process

    def _hold(self, process: Process, call_id: str) -> None:
        process.phase = Phase.BUSY
        process.call_id = call_id
        self._by_call[call_id] = process

    def _rest(self, process: Process, now_s: float) -> None:
        """Let a process rest from now on; one that comes back to its link rests anew, so that the order holds."""
        process.phase = Phase.RESTING
        process.rested_at_s = now_s + self.settings.rest_s
        self._resting[process.incarnation] = process

    def _retire(self, process: Process) -> Retire:
        process.retired = True
        if process.phase is not Phase.BUSY:
            self._set_aside(process, Phase.LEAVING)
        return Retire(process)

    def _set_aside(self, process: Process, phase: Phase) -> None:
        """Take a process out of those that can take a call, now or after their rest."""
        self._free.pop(process.incarnation, None)
        self._resting.pop(process.incarnation, None)
        process.phase = phase

    @property
    def expects_free(self) -> bool:
        """Whether a process will be free soon without the end of a call: one rests or is being forked, or may be."""
        coming = self._ordered + len(self._silent)
        room = self.settings.most - len(self._processes) - coming
        return bool(self._resting) or coming > 0 or (self._has_server and room > 0)

    def _refill(self) -> list[Decision]:
        """Order as many processes as are missing from the spares, under the ceiling."""
        if not self._has_server:
            return []
        coming = self._ordered + len(self._silent)
        room = self.settings.most - len(self._processes) - coming
        missing = min(self.settings.spare - len(self._free) - coming, room)
        if missing <= 0:
            return []
        self._ordered += missing
        return [Spawn(missing)]
