"""The daemon: opens the store, binds the addresses, starts the rooms, and carries news between them.

Rule: everything that can fail at the start fails before anything is promised: one clear line, nothing half-started. From
then on a room that fails is said in the log and in an alarm, and the others go on.
"""

import fcntl
import logging
import os
import secrets
import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import trio

from b2bua import control, rows
from b2bua.answers import Answers
from b2bua.config import Config
from b2bua.control import Control, SocketTaken
from b2bua.desk import Desk
from b2bua.edge import sockets
from b2bua.edge.core import Edge
from b2bua.edge.site import Site, Strangers
from b2bua.link import Ask, FromProcess, Hello, Idle, Stored, Tell, Update
from b2bua.live import Live
from b2bua.numbers import NumberBook
from b2bua.operations import Operations
from b2bua.pool import Pool, Process
from b2bua.record import CallState
from b2bua.store import recovery
from b2bua.store.errors import StoreUnusable
from b2bua.store.store import Store
from b2bua.switchboard import Switchboard, now_ms
from routing.document import PlanFaults
from routing.event import OperatorHungUp
from routing.ids import CallId

log = logging.getLogger(__name__)

GRACE_S: Final = 5.0
"""How long processes of an earlier daemon may take to say Hello before their calls are given up."""
REFRESH_S: Final = 10
LEAVE_S: Final = 5.0
"""How long calls may take to end when the daemon is told to."""


class StartFault(Exception):
    """The daemon cannot start: one line that says why."""


class Daemon:
    """One switch. `plans` are documents published at the start; `keep_calls` leaves calls to the next daemon at the end."""

    def __init__(self, config: Config, plans: Sequence[str] = (), *, keep_calls: bool = False) -> None:
        self._config = config
        self._keep_calls = keep_calls
        self._state = _state_directory(config.state)
        self._lock = _sole(self._state)
        self._outside = _bound(str(config.sip.listen.host), config.sip.listen.port)
        self._inside, inside_port = _inside(self._state, config.sip.inside)
        try:
            self._store = Store.open(config.store or self._state / "switch400.db", self._state / "spool")
            if plans:
                self._store.plans.publish(plans, author="example", note="worked example")
            self._listener = control.listen(self._state / "control.sock")
        except (StoreUnusable, SocketTaken, PlanFaults, OSError) as error:
            raise StartFault(str(error)) from error
        self._writer = self._store.writer(self._stored)
        self._live = Live()
        self._switchboard = Switchboard(self._writer.offer, self._live.call)
        self._pool = Pool(config.processes, self._state / "link.sock", self._heard, self._lost)
        self._numbers = NumberBook(self._store)
        self._desk = Desk(config, self._pool, self._switchboard, self._numbers, self._contact_for, self._route_up)
        strangers = Strangers.FORBID if config.sip.strangers == "403" else Strangers.SILENCE
        site = Site(config.public.host, config.public.port, inside_port, strangers)
        self._edge = Edge(site, _secret(self._state), self._desk, config.trunk.values(), config.gateway.values())
        self._answers = Answers(self._store, self._switchboard, self._desk)
        self._operations = Operations(self)
        self._nursery: trio.Nursery

    async def run(self, welcome: str = "") -> None:
        """Serve until SIGINT or SIGTERM; prints `welcome` when calls are taken."""
        await self._numbers.load()
        taken_in = await trio.to_thread.run_sync(recovery.take_in, self._state / "spool", self._store.records)
        for record in taken_in.stored:
            log.warning("call %s ended while no daemon was there; its record is taken in", record.call_id)
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            nursery.start_soon(self._writer.run)
            inside = f"127.0.0.1:{self._edge.site.inside_port}"
            await nursery.start(self._pool.run, inside, self._config.media)
            await nursery.start(sockets.serve, self._edge, self._outside, self._inside)
            await nursery.start(Control(self._live.feed, self._operations.verbs()).serve, self._listener)
            nursery.start_soon(self._adopt)
            nursery.start_soon(self._tick)
            await self._pool.warm()
            print(welcome, flush=True)  # noqa: T201 - the one thing that `run` says
            with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
                async for number in signals:
                    await self._leave(calls_go_on=self._keep_calls and number == signal.SIGTERM)
                    break
            nursery.cancel_scope.cancel()

    def _heard(self, process: Process, message: FromProcess) -> None:
        match message:
            case Hello(call_id=call_id, invite=invite) if call_id and invite:
                self._edge.restore(invite, process.sip_port, process.incarnation)
            case Update(record):
                self._switchboard.take(record)
            case Ask(call_id, question):
                self._nursery.start_soon(self._answer, process, call_id, question)
            case Idle(call_id):
                self._answers.gone(CallId(call_id))
                if process.invite:
                    self._edge.call_ended(process.invite, trio.current_time())
"""
