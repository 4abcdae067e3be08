"""A pool whose processes are made by the test: the real state machine and queries, without sockets and programs."""

from pathlib import Path

from b2bua.config.configuration import Processes
from b2bua.ipc.protocol import FromDaemon, Hello, InviteKey
from b2bua.pool.pool import Pool
from b2bua.pool.process import Process

INVITE = InviteKey("call-1@carrier", "caller-1")


class LinkedPool(Pool):
    """A `Pool` of which `sent` and `woken` note what processes are sent.

    Those in `deaf`, by incarnation, take no message.
    """

    def __init__(self, settings: Processes | None = None) -> None:
        super().__init__(settings or Processes(), Path("unused"))
        self.sent: list[tuple[str, FromDaemon]] = []
        self.woken: list[tuple[str, FromDaemon]] = []
        self.deaf: set[str] = set()

    def link(self, number: int, call_id: str = "", now_s: float = 0.0) -> Process:
        """The nth process says Hello, with a call of an earlier daemon if one is given."""
        invite = INVITE if call_id else None
        hello = Hello(number, 40_000 + number, f"inc{number}", call_id, invite)
        return self._state.hello(hello, number, now_s)

    def unlink(self, process: Process) -> None:
        """Its link is lost."""
        self._state.link_lost(process)

    def end_call(self, process: Process) -> None:
        """It says Idle."""
        self._state.idle(process, process.call_id, 0.0)

    def bury(self, process: Process) -> None:
        """It is dead."""
        self._state.died(process)

    def send(self, process: Process, message: FromDaemon) -> bool:
        """Note the message."""
        if process.incarnation in self.deaf:
            return False
        self.sent.append((process.incarnation, message))
        return True

    def tell(self, process: Process, message: FromDaemon) -> None:
        """Note the message and that the process was woken."""
        if self.send(process, message):
            self.woken.append((process.incarnation, message))
