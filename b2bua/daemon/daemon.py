"""The daemon: opens the store, binds the addresses, starts the rooms, and carries news between them.

Rule: everything that can fail at the start fails before anything is promised: one clear line, nothing half-started.
"""

import gc
import logging
import signal
from collections.abc import Sequence
from typing import Final

import trio
from sqlalchemy.exc import DBAPIError

from b2bua.admission.call_admission import CallAdmission
from b2bua.admission.peer_status import PeerStatus
from b2bua.admission.usage import MonthUsage
from b2bua.api.alarms import AlarmOperations
from b2bua.api.calls import CallOperations
from b2bua.api.dispatch import Dispatcher
from b2bua.api.peers import PeerOperations
from b2bua.api.plans_in_force import PlansInForce
from b2bua.api.pool import PoolOperations
from b2bua.api.stored import stored_operations
from b2bua.base import cpu_affinity
from b2bua.base.clock import now_ms
from b2bua.base.errors import StartFault, StoreError
from b2bua.calls.active_calls import ActiveCalls
from b2bua.calls.call_queries import CallQueries
from b2bua.config.configuration import Config
from b2bua.console.rows import Level
from b2bua.control import server, tokens
from b2bua.control.authentication import Authentication
from b2bua.control.server import Control, SocketTaken
from b2bua.control.tokens import Tokens
from b2bua.daemon import startup
from b2bua.edge import sockets
from b2bua.edge.core import Edge
from b2bua.edge.dialog_journal import DialogJournal
from b2bua.edge.ping import Reachability
from b2bua.edge.settings import EdgeSettings, UnknownSources
from b2bua.ipc import spool
from b2bua.ipc.protocol import Ask, FromProcess, Hello, Idle, Mishap, Stored, Tell, Update
from b2bua.jobs import retention
from b2bua.jobs.webhook import VoicemailWebhook
from b2bua.media.keys import KeyFault, read_keyring
from b2bua.media.messages import Messages
from b2bua.media.paths import media_paths
from b2bua.monitoring.alarms import Alarms
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.monitoring.number_stats import NumberStats
from b2bua.pool.pool import Pool, Process
from b2bua.records.call_record import CallRecord
from b2bua.store import recovery
from b2bua.store.store import Store
from routing.command import JoinQueue, LeaveQueue
from routing.document import PlanFaults, parse
from routing.event import Event, OperatorHungUp
from routing.ids import CallId

log = logging.getLogger(__name__)

EXAMPLE: Final = "example"
"""The author of plans that came with the program."""
SPOOL_EVERY_S: Final = 5.0
"""How often the spool folder is looked into."""
COME_BACK_S: Final = 2.5
"""Until then each process that outlived an earlier daemon has linked to this one: it tries every second."""
GRACE_S: Final = 5.0
"""How long processes of an earlier daemon may take to say Hello before their calls are given up."""
REFRESH_TICKS: Final = 10
"""Seconds between two signs of life in the records of calls that are up."""
LEAVE_S: Final = 5.0
"""How long calls may take to end when the daemon is told to."""


class Daemon:
    """One switch. `plans` are published at the start; `keep_calls`: SIGTERM leaves calls to the next daemon.

    Raises StartFault.
    """

    def __init__(self, config: Config, plans: Sequence[str] = (), *, keep_calls: bool = False) -> None:
        self._config = config
        self._keep_calls = keep_calls
        self._state = startup.state_directory(config.state)
        self._lock = startup.sole(self._state)
        secret = startup.secret(self._state)
        self._inside = startup.inside(self._state, config.sip.inside)
        try:
            read_keyring(config.keeping.key, config.keeping.old_keys, self._state)
            self._store = Store.open(config.store or self._state / "switch400.db", self._state / "spool")
            self._publish_examples(plans)
            self._listener = server.listen(config.control_socket, config.control.group)
        except (StoreError, SocketTaken, PlanFaults, KeyFault, OSError) as error:
            raise StartFault(str(error)) from error
        except LookupError as error:
            raise StartFault(f"control.group: there is no group {config.control.group}; groupadd it") from error
        self._leaving = False
        self._waiting: set[str] = set()  # calls whose caller is answered when their record is on disk
        self._notify_fault = ""
        self._writer = self._store.writer(self._stored)
        self._live = FeedPublisher()
        self._switchboard = ActiveCalls(self._writer.submit, self._show)
        self._link = self._state / "link.sock"
        shelves = media_paths(self._state, config.keeping.key)
        self._pool = Pool(config.processes, self._link, shelves, self._heard, self._lost)
        self._answers = CallQueries(self._store.engine, self._switchboard, self._tell, self._live.feed)
        self._neighbourhood = PeerStatus(config, self._switchboard)
        self._usage = MonthUsage()
        rooms = (self._pool, self._switchboard, self._neighbourhood, self._usage)
        self._desk = CallAdmission(config, *rooms, self._contact_for, self._closed, self._began)
        self._board = NumberStats(self._live.feed, self._desk.numbers)
        self._lookout = Alarms(
            self._live, self._pool.row, self._state, media_paths(self._state), self._desk.numbers, self._board.warn
        )
        unknown = UnknownSources.FORBID if config.sip.strangers == "403" else UnknownSources.SILENCE
        inside_port: int = self._inside.getsockname()[1]
        codecs = config.media.codecs
        site = EdgeSettings(config.public.host, config.public.port, inside_port, unknown, codecs=codecs)
        neighbours = (config.trunk.values(), config.gateway.values())
        self._journal = DialogJournal(self._state / "dialogs")
        self._edge = Edge(site, secret, self._desk, *neighbours, self._reached, self._journal)
        self._in_force = PlansInForce(self._store.plans, self._desk.numbers, self._board)
        dispatcher = Dispatcher(
            *stored_operations(self._store, self._state, config.trunk, self._in_force, self._live),
            CallOperations(self._store, self._switchboard, self._pool, self._edge.capture),
            PeerOperations(self._store, self._neighbourhood, self._live),
            PoolOperations(self._pool),
            AlarmOperations(self._live),
        )
        self._control = Control(self._live.feed, dispatcher, Authentication(Tokens(self._state / tokens.FILE)))
        self._wires: sockets.EdgeSockets
        self._nursery: trio.Nursery

    async def run(self, welcome: str) -> None:
        """Serve until SIGINT or SIGTERM; prints `welcome` when calls are taken. Raises StartFault."""
        fault: StartFault | None = None
        try:
            await self._serve(welcome)
        except* StartFault as faults:
            fault = _first(faults)
        finally:
            self._config.control_socket.unlink(missing_ok=True)
        if fault is not None:
            raise fault

    async def _serve(self, welcome: str) -> None:
        await trio.to_thread.run_sync(self._board.load, self._store.records, now_ms())
        await trio.to_thread.run_sync(self._live.load, self._store.records)
        await self._in_force.load()
        await trio.to_thread.run_sync(self._usage.load, self._store.records, now_ms())
        await trio.to_thread.run_sync(recovery.take_in, spool.folder_beside(self._link), self._store.records)
        listen = self._config.sip.listen
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            try:
                self._wires = await nursery.start(sockets.serve, self._edge, (listen.host, listen.port), self._inside)
            except OSError as error:
                raise StartFault(f"{listen} cannot be used ({error.strerror}); choose another address") from error
            nursery.start_soon(self._writer.run)
            nursery.start_soon(cpu_affinity.keep_pinned, cpu_affinity.allowed_cores())
            await nursery.start(self._pool.run, f"127.0.0.1:{self._edge.settings.inside_port}", self._config.media)
            await nursery.start(self._control.serve, self._listener)
            nursery.start_soon(self._adopt)
            nursery.start_soon(self._tick)
            nursery.start_soon(self._take_in)
            nursery.start_soon(self._lookout.patrol)
            if url := self._config.keeping.notify:
                messages = Messages(self._state / "messages")
                nursery.start_soon(VoicemailWebhook(url, messages, self._store, self._notify_trouble).run)
            nursery.start_soon(retention.run, self._state, self._store, self._kept)
            await self._pool.warm()
            gc.collect()
            gc.freeze()  # what is loaded stays: the collector need not walk through it with every call
            with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
                self._live.log(Level.NOTE, "started", "it takes calls")
                print(welcome, flush=True)  # noqa: T201 - the one thing that the daemon says
                async for number in signals:
                    await self._leave(calls_go_on=self._keep_calls and number == signal.SIGTERM)
                    break
            nursery.cancel_scope.cancel()

    def _publish_examples(self, documents: Sequence[str]) -> None:
        """Publish what the example brings, unless somebody has edited it since."""
        live = self._store.plans.all_live()
        for document in documents:
            known = live.get(parse(document).number)
            if known is None or known.version.author == EXAMPLE:
                self._store.plans.publish([document], author=EXAMPLE, note="the worked example")

    def _heard(self, process: Process, message: FromProcess) -> None:
        match message:
            case Hello():
                self._wires.send(self._edge.process_linked(message, trio.current_time()))
            case Update(record, waits):
                self._switchboard.take(record)
                self._answers.shown(record)
                if waits:
                    self._waiting.add(record.call_id)
                    self._writer.flush_soon()
            case Ask(question=JoinQueue() | LeaveQueue()):
                self._answers.line_up(message)
            case Ask():
                self._nursery.start_soon(self._answers.ask, message)
            case Mishap(call_id, text):
                log.error("call %s: %s", call_id, text)
                self._live.log(Level.ALARM, "mishap", text, call_id=call_id)
            case Idle(call_id):
                self._waiting.discard(call_id)
                self._answers.gone(CallId(call_id))
                if process.invite is not None:
                    self._edge.call_ended(process.invite, trio.current_time())

    def _reached(self, news: Reachability) -> None:
        for change in self._neighbourhood.reached(news):
            self._live.peer_changed(change)

    def _notify_trouble(self, why: str) -> None:
        """Voicemail cannot be told to the subscriber's system (empty: it can again)."""
        if not why:
            self._live.calm("notify", "voicemail")
        elif why != self._notify_fault:
            log.warning("%s", why)
            self._live.alarm("notify", "voicemail", why, Level.WARNING)
        self._notify_fault = why

    def _kept(self, call_id: str, text: str) -> None:
        """What became of recordings: one was deleted, or (without a call) they could not be looked through."""
        level = Level.NOTE if call_id else Level.WARNING
        log.log(logging.INFO if call_id else logging.ERROR, "%s %s", call_id, text)
        self._live.log(level, "retention", text, call_id=call_id)

    def _lost(self, process: Process) -> None:
        """A call process is dead: close its call's record, and end the legs that it left."""
        if not process.retired:
            log.error("process %d died (call %s)", process.pid, process.call_id or "none")
            self._live.log(Level.ALARM, "process-died", f"process {process.pid} died", call_id=process.call_id)
        if process.call_id:
            self._waiting.discard(process.call_id)
            self._switchboard.crashed(process.call_id)
            self._answers.gone(CallId(process.call_id))
        self._wires.send(self._edge.process_died(process.sip_port, process.incarnation, trio.current_time()))

    def _stored(self, call_id: CallId, seq: int) -> None:
        """A record is on disk. Nobody is woken for its opening: the process reads of it when it next looks."""
        waits = call_id in self._waiting
        if not waits and seq > 0:
            return
        self._waiting.discard(call_id)
        if waits:
            self._pool.tell_call(call_id, Stored(call_id, seq))
        elif process := self._pool.holding(call_id):
            process.send(Stored(call_id, seq))

    def _tell(self, call_id: CallId, event: Event) -> None:
        self._pool.tell_call(call_id, Tell(call_id, event))

    def _show(self, record: CallRecord) -> None:
        self._live.call(record)
        self._board.call(record)
        self._neighbourhood.ended(record)

    def _contact_for(self, sip_port: int, incarnation: str) -> str:
        return self._edge.contact_for(sip_port, incarnation)

    def _began(self, sip_port: int, call_id: str) -> None:
        self._edge.capture.begin(sip_port, call_id)

    def _closed(self) -> str:
        """Why no new call is taken; empty while they are."""
        if self._leaving:
            return "the switch is being stopped"
        health = self._writer.health
        return "" if health.healthy else health.reason

    async def _adopt(self) -> None:
        """Let queues move once all calls have come back; close the records of those that no process claims."""
        await trio.sleep(COME_BACK_S)
        self._answers.settle()
        await trio.sleep(GRACE_S - COME_BACK_S)
        living = {CallId(record.call_id) for record in self._switchboard}
        for record in await trio.to_thread.run_sync(recovery.adopt, self._store.records, living):
            log.warning("call %s was lost with its process; its record is closed", record.call_id)
            self._live.log(Level.WARNING, "call-lost", "closed at its last sign of life", call_id=record.call_id)

    async def _take_in(self) -> None:
        """Now and then, take in what processes that could not reach us have left in the spool folder."""
        while True:
            await trio.sleep(SPOOL_EVERY_S)
            try:
                taken = await trio.to_thread.run_sync(
                    recovery.take_in, spool.folder_beside(self._link), self._store.records
                )
            except (OSError, DBAPIError) as error:
                log.error("spooled records cannot be taken in yet: %s", error)  # noqa: TRY400 - no traceback for a full disk
                continue
            for record in taken.stored:
                log.warning("the record of call %s was found in the spool folder", record.call_id)
                self._switchboard.take(record)

    async def _tick(self) -> None:
        """Once a second: counts for the consoles, signs of life for the records, alarms."""
        ticks = 0
        while True:
            oldest = min(self._switchboard, key=lambda record: record.accepted_ms, default=None)
            oldest_ms = oldest.accepted_ms if oldest else None
            self._live.tick(len(self._switchboard), oldest_ms, dict(self._edge.counters))
            self._live.pool(self._pool.row())
            self._board.tick(now_ms())
            self._live.peers(self._neighbourhood.rows())
            self._lookout.look(self._writer.health, oldest)
            if ticks % REFRESH_TICKS == 0:
                self._writer.submit_alive([CallId(record.call_id) for record in self._switchboard], now_ms())
            ticks += 1
            await trio.sleep(1)

    async def _leave(self, *, calls_go_on: bool) -> None:
        """Take no more calls; end those that are up, or leave them to the next daemon; see every record stored."""
        self._leaving = True
        with trio.move_on_after(LEAVE_S):
            if not calls_go_on:
                for process in self._pool.all():
                    if process.call_id:
                        self._pool.tell(process, Tell(process.call_id, OperatorHungUp(0.0, "shutdown")))
                await self._pool.idle()
            await self._writer.drain()
        self._pool.retire()


def _first(faults: BaseExceptionGroup[StartFault]) -> StartFault:
    """Nurseries within nurseries make groups within groups."""
    inner = faults.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
