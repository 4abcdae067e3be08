"""Passes the messages of call processes, and their deaths, to the rooms that act on them.

Rule: the messages of a process take effect in the order in which it sent them. Nothing here waits; what must wait for
the disk is done in a task of `nursery`.
"""

import logging
from collections.abc import Callable

import trio

from b2bua.calls.active_calls import ActiveCalls
from b2bua.calls.call_queries import CallQueries
from b2bua.calls.stored_notices import StoredNotices
from b2bua.console.rows import Level
from b2bua.edge.core import Edge
from b2bua.edge.settings import Send
from b2bua.ipc.protocol import Ask, FromProcess, Hello, Idle, Mishap, Update
from b2bua.pool.process import Process
from b2bua.store.writer import RecordWriter
from routing.command import JoinQueue, LeaveQueue
from routing.ids import CallId

log = logging.getLogger(__name__)


class ProcessMessages:
    """The observer of the pool (`b2bua.pool.pool.ProcessObserver`).

    `report(level, kind, text, call_id)` writes a line of the operators' log, `send` sends SIP outside.
    """

    def __init__(
        self,
        edge: Edge,
        active_calls: ActiveCalls,
        queries: CallQueries,
        notices: StoredNotices,
        writer: RecordWriter,
        nursery: trio.Nursery,
        send: Callable[[list[Send]], None],
        report: Callable[[Level, str, str, str], None],
    ) -> None:
        self._edge = edge
        self._active_calls = active_calls
        self._queries = queries
        self._notices = notices
        self._writer = writer
        self._nursery = nursery
        self._send = send
        self._report = report

    def received(self, process: Process, message: FromProcess) -> None:
        """Act on a message of a process."""
        match message:
            case Hello():
                self._send(self._edge.process_linked(message, trio.current_time()))
            case Update(record, waits):
                self._active_calls.take(record)
                self._queries.shown(record)
                if waits:
                    self._notices.wait(record.call_id)
                    self._writer.flush_soon()
            case Ask(question=JoinQueue() | LeaveQueue()):
                self._queries.line_up(message)
            case Ask():
                self._nursery.start_soon(self._queries.ask, message)
            case Mishap(call_id, text):
                log.error("call %s: %s", call_id, text)
                self._report(Level.ALARM, "mishap", text, call_id)
            case Idle(call_id):
                self._forget(call_id)
                if process.invite is not None:
                    self._edge.call_ended(process.invite, trio.current_time())

    def lost(self, process: Process) -> None:
        """A process is dead: close the record of its call, and end its legs."""
        if process.crashed:
            log.error("process %d died (call %s)", process.pid, process.call_id or "none")
            self._report(Level.ALARM, "process-died", f"process {process.pid} died", process.call_id)
        if process.call_id:
            self._active_calls.crashed(process.call_id)
            self._forget(process.call_id)
        self._send(self._edge.process_died(process.sip_port, process.incarnation, trio.current_time()))

    def _forget(self, call_id: str) -> None:
        self._notices.forget(call_id)
        self._queries.gone(CallId(call_id))
