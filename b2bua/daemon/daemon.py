"""The daemon: opens the store, binds the addresses, starts the rooms, and connects them.

Rule: everything that can fail at the start fails before a call is taken, with one clear line, and leaves nothing
running. The daemon holds no call state itself.
"""

import gc
import logging
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from typing import Final

import trio

from b2bua.admission.admission_state import AdmissionState
from b2bua.admission.call_admission import CallAdmission
from b2bua.admission.peer_status import PeerStatus
from b2bua.admission.served_numbers import Served
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
from b2bua.base.retry import until_possible
from b2bua.base.threads import in_thread
from b2bua.calls.active_calls import ActiveCalls
from b2bua.calls.call_queries import CallQueries
from b2bua.calls.process_messages import ProcessMessages
from b2bua.calls.stored_notices import StoredNotices
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
from b2bua.edge.token import ContactUris, DialogTokens
from b2bua.ipc import spool
from b2bua.ipc.protocol import Tell
from b2bua.jobs import retention
from b2bua.jobs.recovery import Recovery
from b2bua.jobs.webhook import VoicemailWebhook
from b2bua.media.keys import KeyFault, read_keyring
from b2bua.media.messages import Messages
from b2bua.media.paths import media_paths
from b2bua.monitoring.alarms import Alarms
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.monitoring.job_reports import JobReports
from b2bua.monitoring.number_stats import NumberStats
from b2bua.monitoring.status_sampler import StatusSampler
from b2bua.pool import fork_server
from b2bua.pool.pool import Pool
from b2bua.records.call_record import CallRecord
from b2bua.store.database import NOT_NOW
from b2bua.store.store import Store
from routing.document import PlanFaults, parse
from routing.event import Event, OperatorHungUp
from routing.ids import CallId, Number400

log = logging.getLogger(__name__)

EXAMPLE: Final = "example"
"""The author of the plans of the worked example."""
LINK: Final = "link.sock"
"""The socket that call processes connect to, in the state directory."""
LEAVE_S: Final = 5.0
"""How long calls may take to end when the daemon is told to."""


class Daemon:
    """One switch. `plans` are published at the start; `keep_calls`: calls go on after SIGTERM, for the next daemon.

    Raises StartFault. What is opened here is closed at the end of `run`, or at once if the start fails.
    """

    def __init__(self, config: Config, plans: Sequence[str] = (), *, keep_calls: bool = False) -> None:
        self._config = config
        self._keep_calls = keep_calls
        self._state = startup.state_directory(config.state)
        with ExitStack() as opened:
            secret = self._open(opened, plans)
            self._opened = opened.pop_all()
        self._publisher = FeedPublisher()
        self._reports = JobReports(self._publisher)
        self._pool = Pool(config.processes, self._state / LINK)
        self._notices = StoredNotices(self._pool)
        self._writer = self._store.writer(self._notices.stored)
        self._active_calls = ActiveCalls(self._writer.submit, self._show)
        self._queries = CallQueries(self._store.engine, self._active_calls, self._send_event, self._publisher.feed)
        self._admission_state = AdmissionState(self._writer)
        self._peers = PeerStatus(config, self._active_calls)
        self._usage = MonthUsage()
        self._numbers: dict[Number400, Served] = {}
        self._number_stats = NumberStats(self._publisher.feed, self._numbers)
        self._in_force = PlansInForce(self._store.plans, self._numbers, self._number_stats)
        self._edge = self._make_edge(secret)
        self._recovery = Recovery(
            self._store.records,
            self._writer,
            self._active_calls,
            self._queries,
            spool.folder_beside(self._state / LINK),
            self._reports.call_lost,
            self._reports.database,
        )
        self._sockets: sockets.EdgeSockets
        self._control = self._make_control()

    def _open(self, opened: ExitStack, plans: Sequence[str]) -> bytes:
        """Take the lock, open the store and the listening sockets; the secret of the edge. Raises StartFault."""
        config = self._config
        opened.enter_context(startup.lock_state_directory(self._state))
        secret = startup.edge_secret(self._state)
        self._inside = opened.enter_context(startup.inside_socket(self._state, config.sip.inside))
        try:
            read_keyring(config.keeping.key, config.keeping.old_keys, self._state)
            self._store = Store.open(config.store or self._state / "switch400.db", self._state / "spool")
            opened.callback(self._store.close)
            self._publish_examples(plans)
            self._listener = opened.enter_context(server.listen(config.control_socket, config.control.group))
        except (StoreError, SocketTaken, PlanFaults, KeyFault, OSError) as error:
            raise StartFault(str(error)) from error
        except LookupError as error:
            raise StartFault(f"control.group: there is no group {config.control.group}; groupadd it") from error
        return secret

    def _make_edge(self, secret: bytes) -> Edge:
        config = self._config
        unknown = UnknownSources.FORBID if config.sip.strangers == "403" else UnknownSources.SILENCE
        inside_port: int = self._inside.getsockname()[1]
        codecs = config.media.codecs
        settings = EdgeSettings(config.public.host, config.public.port, inside_port, unknown, codecs=codecs)
        admission = CallAdmission(
            config,
            self._numbers,
            self._admission_state,
            self._pool,
            self._active_calls,
            self._peers,
            self._usage,
            ContactUris(settings, DialogTokens(secret)),
        )
        peers = (config.trunk.values(), config.gateway.values())
        journal = DialogJournal(self._state / "dialogs")
        return Edge(settings, secret, admission, *peers, self._reached, journal)

    def _make_control(self) -> Control:
        dispatcher = Dispatcher(
            *stored_operations(self._store, self._state, self._config.trunk, self._in_force, self._publisher),
            CallOperations(self._store, self._active_calls, self._pool, self._edge.capture),
            PeerOperations(self._store, self._peers, self._publisher),
            PoolOperations(self._pool),
            AlarmOperations(self._publisher),
        )
        return Control(self._publisher.feed, dispatcher, Authentication(Tokens(self._state / tokens.FILE)))

    async def run(self, welcome: str) -> None:
        """Serve until SIGINT or SIGTERM; prints `welcome` when calls are taken. Raises StartFault."""
        fault: StartFault | None = None
        try:
            await self._serve(welcome)
        except* StartFault as faults:
            fault = _first(faults)
        finally:
            self._config.control_socket.unlink(missing_ok=True)
            self._opened.close()
        if fault is not None:
            raise fault

    async def _serve(self, welcome: str) -> None:
        await self._load()
        async with trio.open_nursery() as nursery:
            await self._open_sockets(nursery)
            nursery.start_soon(self._writer.run)
            nursery.start_soon(cpu_affinity.keep_pinned, cpu_affinity.allowed_cores())
            await self._start_pool(nursery)
            await nursery.start(self._control.serve, self._listener)
            self._start_jobs(nursery)
            await self._pool.warm()
            gc.collect()
            gc.freeze()  # what is loaded stays: the collector need not walk through it with every call
            with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
                self._publisher.log(Level.NOTE, "started", "it takes calls")
                print(welcome, flush=True)  # noqa: T201 - tells who started the daemon that it is ready
                async for number in signals:
                    await self._shut_down(calls_go_on=self._keep_calls and number == signal.SIGTERM)
                    break
            nursery.cancel_scope.cancel()

    async def _load(self) -> None:
        """Read what must be known before the first call is taken; each is tried until the database can be read."""
        records = self._store.records
        steps: tuple[Callable[[], Awaitable[object]], ...] = (
            lambda: in_thread(self._number_stats.load, records, now_ms()),
            lambda: in_thread(self._publisher.load, records),
            self._in_force.load,
            lambda: in_thread(self._usage.load, records, now_ms()),
            self._recovery.take_in,
        )
        for step in steps:
            await until_possible(step, NOT_NOW, self._reports.database)

    async def _open_sockets(self, nursery: trio.Nursery) -> None:
        listen = self._config.sip.listen
        try:
            self._sockets = await nursery.start(sockets.serve, self._edge, (listen.host, listen.port), self._inside)
        except OSError as error:
            raise StartFault(f"{listen} cannot be used ({error.strerror}); choose another address") from error

    async def _start_pool(self, nursery: trio.Nursery) -> None:
        edge = f"127.0.0.1:{self._edge.settings.inside_port}"
        paths = media_paths(self._state, self._config.keeping.key)
        arguments = fork_server.command(
            self._state / LINK, edge, self._config.media, paths, cpu_affinity.allowed_cores()
        )
        observer = ProcessMessages(
            self._edge,
            self._active_calls,
            self._queries,
            self._notices,
            self._writer,
            nursery,
            self._sockets.send,
            self._report,
        )
        await nursery.start(self._pool.run, arguments, observer)

    def _start_jobs(self, nursery: trio.Nursery) -> None:
        paths = media_paths(self._state)
        warn = self._number_stats.warn
        alarms = Alarms(self._publisher, self._pool.row, self._state, paths, self._numbers, warn)
        sampler = StatusSampler(
            self._active_calls,
            self._peers,
            self._publisher,
            self._number_stats,
            alarms,
            self._pool.row,
            lambda: self._writer.health,
            lambda: self._edge.counters,
        )
        for job in (
            self._recovery.adopt,
            self._recovery.keep_spool_empty,
            self._recovery.refresh,
            sampler.run,
            alarms.run,
        ):
            nursery.start_soon(job)
        if url := self._config.keeping.notify:
            messages = Messages(self._state / "messages")
            nursery.start_soon(VoicemailWebhook(url, messages, self._store, self._reports.webhook).run)
        nursery.start_soon(retention.run, self._state, self._store, self._reports.retention)

    def _publish_examples(self, documents: Sequence[str]) -> None:
        """Publish the plans of the example, unless somebody has edited them since."""
        live = self._store.plans.all_live()
        for document in documents:
            known = live.get(parse(document).number)
            if known is None or known.version.author == EXAMPLE:
                self._store.plans.publish([document], author=EXAMPLE, note="the worked example")

    def _reached(self, result: Reachability) -> None:
        for change in self._peers.reached(result):
            self._publisher.peer_changed(change)

    def _report(self, level: Level, kind: str, text: str, call_id: str) -> None:
        self._publisher.log(level, kind, text, call_id=call_id)

    def _send_event(self, call_id: CallId, event: Event) -> None:
        self._pool.tell_call(call_id, Tell(call_id, event))

    def _show(self, record: CallRecord) -> None:
        self._publisher.call(record)
        self._number_stats.call(record)
        self._peers.ended(record)
        self._usage.ended(record)

    async def _shut_down(self, *, calls_go_on: bool) -> None:
        """Take no more calls; end those that are up, unless `calls_go_on`; wait until every record is stored."""
        self._admission_state.leaving = True
        with trio.move_on_after(LEAVE_S):
            if not calls_go_on:
                for process in self._pool.all():
                    if process.call_id:
                        self._pool.tell(process, Tell(process.call_id, OperatorHungUp(0.0, "shutdown")))
                await self._pool.idle()
            await self._writer.drain()
        self._pool.retire()


def _first(faults: BaseExceptionGroup[StartFault]) -> StartFault:
    """The first error, out of the groups that nested nurseries make."""
    inner = faults.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
