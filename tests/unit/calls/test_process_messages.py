"""What call processes say, brought to where it belongs: records, queues, notices, the edge, the operators' log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
import trio.testing

from b2bua.calls.active_calls import ActiveCalls
from b2bua.calls.call_queries import CallQueries
from b2bua.calls.process_messages import ProcessMessages
from b2bua.calls.stored_notices import StoredNotices
from b2bua.console.feed import Feed
from b2bua.console.rows import QUEUES, Level
from b2bua.edge.settings import Send
from b2bua.edge.sip_capture import Missing
from b2bua.ipc.protocol import Ask, Hello, Idle, Mishap, Stored, Update
from b2bua.pool.process import Process
from b2bua.records.call_record import CallState
from b2bua.store.store import Store
from b2bua.store.writer import RecordWriter
from routing.command import JoinQueue, LookAtTargets, TakePlace
from routing.event import Event, PlaceTaken, TargetsLooked
from routing.ids import CallId, NodeName, TargetName
from tests.support.linked_pool import INVITE, LinkedPool
from tests.support.samples import open_record, talking_record
from tests.unit.edge.stage import PROCESS, Stage, invite, response_to, start

CALL = CallId("c-1")
NODE = NodeName("hunt")


@attrs.define
class World:
    """Everything that messages of processes reach; `pool` has the process of the stage's call, as `process`."""

    messages: ProcessMessages
    stage: Stage
    pool: LinkedPool
    active_calls: ActiveCalls
    queries: CallQueries
    notices: StoredNotices
    writer: RecordWriter
    feed: Feed
    process: Process
    told: list[tuple[CallId, Event]]
    sends: list[Send]
    reports: list[tuple[Level, str, str, str]]

    def take_record(self, waits: bool = False) -> None:
        """The process sends its first record."""
        self.messages.received(self.process, Update(open_record(CALL), waits))


@asynccontextmanager
async def world(store: Store) -> AsyncIterator[World]:
    """One call whose INVITE has passed the edge and whose process has it."""
    stage, pool, feed = Stage(), LinkedPool(), Feed()
    told: list[tuple[CallId, Event]] = []
    sends: list[Send] = []
    reports: list[tuple[Level, str, str, str]] = []
    notices = StoredNotices(pool)
    writer = store.writer(notices.stored)
    active_calls = ActiveCalls(writer.submit, lambda _: None)
    queries = CallQueries(store.engine, active_calls, lambda call_id, event: told.append((call_id, event)), feed)
    process = pool.link(1, CALL)
    process.sip_port, process.incarnation = PROCESS, stage.admission.alive[PROCESS]
    stage.one(invite(INVITE.sip_call_id))
    async with trio.open_nursery() as nursery:
        messages = ProcessMessages(
            stage.edge,
            active_calls,
            queries,
            notices,
            writer,
            nursery,
            send=sends.extend,
            report=lambda *line: reports.append(line),
        )
        fields = (messages, stage, pool, active_calls, queries, notices, writer, feed, process, told, sends, reports)
        yield World(*fields)
        nursery.cancel_scope.cancel()


@pytest.mark.req("S1", "P1")
async def test_a_record_is_stored_and_shown_before_its_caller_is_answered(store: Store) -> None:
    """It goes to the writer; its process is told when it is on disk, woken only if its caller waits."""
    async with world(store) as all_:
        all_.take_record(waits=True)
        assert all_.active_calls.get(CALL) == open_record(CALL)
        assert all_.writer.backlog == 1
        async with trio.open_nursery() as nursery:
            nursery.start_soon(all_.writer.run)
            await all_.writer.drain()
            nursery.cancel_scope.cancel()
        assert all_.pool.woken == [(all_.process.incarnation, Stored(CALL, 1))]
        assert store.records.get(CALL) == open_record(CALL)


@pytest.mark.req("S1")
async def test_hello_restores_the_call_at_the_edge(store: Store) -> None:
    """A process that links with a call: its messages are kept from now on, and those from before are missing."""
    async with world(store) as all_:
        hello = Hello(1, PROCESS, all_.process.incarnation, "c-2", INVITE)
        all_.messages.received(all_.process, hello)
        assert all_.stage.edge.capture.of("c-2").missing is Missing.RESTARTED


@pytest.mark.req("R10", "R3")
async def test_questions_are_answered(store: Store) -> None:
    """A place comes from the disk, busy targets when all calls have come back, a queue is joined at once."""
    async with world(store) as all_:
        all_.take_record()
        all_.messages.received(all_.process, Ask(CALL, TakePlace(NODE)))
        all_.messages.received(all_.process, Ask(CALL, LookAtTargets(NODE, (TargetName("a"),), {}, 1)))
        all_.messages.received(all_.process, Ask(CALL, JoinQueue(NODE, priority=True)))
        assert list(all_.feed.snapshot([QUEUES]).state[QUEUES]) == [CALL]
        while not all_.told:
            await trio.sleep(0.01)
        assert all_.told == [(CALL, PlaceTaken(0.0, NODE, 0))]
        all_.queries.settle()
        await trio.testing.wait_all_tasks_blocked()
        assert TargetsLooked(0.0, NODE, {TargetName("a"): 0}, {TargetName("a"): 0}, {}) in [e for _, e in all_.told]


@pytest.mark.req("T4")
async def test_a_mishap_is_for_the_operators(store: Store) -> None:
    """What a call goes on without is an alarm in the log, with the call."""
    async with world(store) as all_:
        all_.messages.received(all_.process, Mishap(CALL, "the recording stopped"))
        assert all_.reports == [(Level.ALARM, "mishap", "the recording stopped", CALL)]


@pytest.mark.req("S1", "R10")
async def test_idle_frees_what_was_kept_for_a_call(store: Store) -> None:
    """Its place in the queue and its wait for the disk are gone; its INVITE is no live call any more."""
    async with world(store) as all_:
        all_.take_record(waits=True)
        all_.messages.received(all_.process, Ask(CALL, JoinQueue(NODE, priority=False)))
        all_.messages.received(all_.process, Idle(CALL))
        assert not all_.feed.snapshot([QUEUES]).state.get(QUEUES)
        all_.notices.stored(CALL, 1)
        assert all_.pool.sent == []
        all_.stage.now_s = trio.current_time() + 60
        assert all_.stage.outside(invite(INVITE.sip_call_id)) == [], "PJSIP has forgotten it"


@pytest.mark.req("S1", "S5", "P1")
@pytest.mark.parametrize("crashed", [True, False])
async def test_a_process_that_is_dead(store: Store, crashed: bool) -> None:
    """Its record is closed, its place given up, its legs get BYE; only a crash is an alarm."""
    async with world(store) as all_:
        call = all_.stage.inside(response_to(all_.stage.one(invite(INVITE.sip_call_id)), 200, "OK", tag="ours"))
        assert start(call) == "SIP/2.0 200 OK"
        all_.messages.received(all_.process, Update(talking_record(CALL)))
        all_.messages.received(all_.process, Ask(CALL, JoinQueue(NODE, priority=False)))
        all_.stage.admission.alive.clear()
        all_.process.crashed = crashed
        all_.messages.lost(all_.process)
        assert all_.active_calls.get(CALL) is None
        assert not all_.feed.snapshot([QUEUES]).state.get(QUEUES)
        assert [start(send).partition(" ")[0] for send in all_.sends] == ["BYE"]
        assert [kind for _, kind, *_ in all_.reports] == (["process-died"] if crashed else [])
        async with trio.open_nursery() as nursery:
            nursery.start_soon(all_.writer.run)
            await all_.writer.drain()
            nursery.cancel_scope.cancel()
        stored = store.records.get(CALL)
        assert stored is not None
        assert (stored.state, stored.ending and stored.ending.slug) == (CallState.ENDED, "crashed")


@pytest.mark.req("S1")
async def test_a_free_process_that_is_dead(store: Store) -> None:
    """Nothing is closed and nobody is sent anything."""
    async with world(store) as all_:
        free = all_.pool.link(2)
        all_.messages.lost(free)
        assert (all_.sends, all_.reports, all_.writer.backlog) == ([], [], 0)
