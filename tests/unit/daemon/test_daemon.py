"""What the daemon does with each thing that it is sent or asked: its rooms, connected.

Where many calls, real telephones' manners or a broken machine matter, the tests are in tests/e2e.
"""

import os
import signal
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import attrs
import pytest

from b2bua.api.requests.alarms import ListAlarms
from b2bua.api.requests.audit import AuditStep, FindAudit
from b2bua.api.requests.calls import HangUp, ShowCall
from b2bua.api.requests.missed import CloseMissed, ListMissed
from b2bua.api.requests.peers import SetGatewayService, SetTrunkService
from b2bua.api.requests.plans import ShowPlanHistory
from b2bua.api.requests.pool import ShowPool
from b2bua.api.requests.records import FindRecords
from b2bua.api.requests.reports import CountBy, CountCalls
from b2bua.base.clock import now_ms
from b2bua.console.protocol import FaultKind
from b2bua.console.rows import ALARMS, LOG, QUEUES, Service
from b2bua.daemon.daemon import EXAMPLE
from routing.ids import CallId
from tests.support.ports import free_port
from tests.support.sip_far_end import Far, Line, open_far
from tests.unit.daemon.in_process import NUMBER, Running, configuration, running

QUEUE = """
[nodes.wait]
kind = "queue"
then = "ring"
otherwise = "bye"
most_waiting = 5
most_s = 60
[nodes.ring]
kind = "hunt"
targets = ["seat"]
otherwise = "bye"
[nodes.bye]
kind = "release"
cause = "busy"
"""
IN_TURN = '[nodes.ring]\nkind = "hunt"\norder = "round-robin"\ntargets = ["seat"]\n'


@attrs.frozen
class House:
    """A running daemon and its far ends, which are there until it has ended."""

    switch: Running
    carrier: Far
    seat: Far


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A running daemon between a carrier and a target."""
    file = configuration(tmp_path, port=(port := free_port()))
    async with open_far(port) as carrier, open_far(port) as seat, running(file) as switch:
        yield House(switch, carrier, seat)


async def talking(carrier: Far, seat: Far) -> tuple[Line, Line]:
    """A call that the seat has answered: its two ends."""
    caller = await carrier.call(NUMBER)
    called = await seat.rang()
    await called.answer()
    await caller.until("SIP/2.0 200")
    return caller, called


async def audit(switch: Running) -> AuditStep:
    """The newest line of the audit trail."""
    return (await switch.ask(FindAudit())).rows[0]


@pytest.mark.req("P1", "T4")
async def test_a_call_is_shown_and_hung_up(house: House) -> None:
    """A call that is up is shown with its messages; hung up, both ends get BYE, and record and audit trail say who."""
    switch, carrier, seat = house.switch, house.carrier, house.seat
    await switch.publish(seat)
    caller, called = await talking(carrier, seat)
    call = await switch.found(lambda call: call.state == "talking")
    holding = [process for process in (await switch.ask(ShowPool())).processes if process.call_id]
    assert [process.call_id for process in holding] == [call.call_id]
    shown = await switch.ask(ShowCall(call.call_id))
    assert (shown.record.number, shown.record.caller, shown.record.target) == ("400-600-1234", "021-1234 5678", "seat")
    assert [message.text.splitlines()[0] for message in shown.messages if message.ours and message.leg == 0] == [
        "SIP/2.0 100 Trying",
        "SIP/2.0 200 OK",
    ]
    await switch.ask(HangUp(call.call_id))
    await caller.until("BYE")
    await called.until("BYE")
    ended = await switch.found(lambda call: call.state == "ended")
    assert (ended.ending, ended.hung_up_by, ended.missed) == ("operator", "operator", False)
    step = await audit(switch)
    assert (step.operation, step.subject, step.fields["call_id"]) == ("call.hangup", "400-600-1234", call.call_id)
    assert step.who.startswith("wang")
    assert (await switch.refused(HangUp(call.call_id))).kind is FaultKind.NOT_FOUND
    assert (await switch.ask(ShowCall(call.call_id))).record.ending is not None, "an ended call comes from the store"
    assert str(await switch.refused(ShowCall(CallId("none")))) == "there is no call none"
    told = await switch.command("cdr", "show", call.call_id)
    assert "answered by seat" in told.output
    assert "ended by the operator: operator (SIP " in told.output


@pytest.mark.req("P4")
async def test_a_missed_call_is_closed_once(house: House) -> None:
    """A call that its caller gave up while it rang waits to be called back, until one person closes it."""
    switch, carrier, seat = house.switch, house.carrier, house.seat
    await switch.publish(seat)
    caller = await carrier.call(NUMBER)
    called = await seat.rang()
    await called.respond("180 Ringing")
    await caller.until("SIP/2.0 180")
    await caller.cancel()
    await called.until("CANCEL")
    await switch.found(lambda call: call.state == "ended")
    (missed,) = (await switch.ask(ListMissed())).rows
    assert (missed.ending, missed.missed, missed.closed) == ("caller-cancelled", True, "")
    await switch.ask(CloseMissed(missed.call_id, " called back "))
    assert (await switch.ask(ListMissed())).rows == ()
    (closed,) = (await switch.ask(ListMissed(all=True))).rows
    assert (closed.closed.split()[0], closed.closed_note) == ("wang", "called back")
    assert (await switch.refused(CloseMissed(missed.call_id, "again"))).kind is FaultKind.CONFLICT
    assert "missed-closed" in str(await switch.rows(LOG))


@pytest.mark.req("N1", "N2", "N6", "S5")
async def test_calls_that_are_refused(house: House) -> None:
    """An unknown number, what is no 400 number, a suspended number, and a trunk out of service: no process is taken."""
    switch, carrier, seat = house.switch, house.carrier, house.seat
    await switch.publish(seat)
    for dialled, status in (("4006009999", 404), ("4002", 404)):
        await (await carrier.call(dialled)).until(f"SIP/2.0 {status}")
    assert (await switch.command("number", "suspend", NUMBER)).output == "400-600-1234 is suspended\n"
    assert (await switch.command("number", "suspend", NUMBER)).output == "400-600-1234 is suspended already\n"
    await (await carrier.call(NUMBER)).until("SIP/2.0 480")
    assert (await switch.command("number", "activate", NUMBER)).exit_code == 0
    await switch.ask(SetTrunkService("carrier", Service.OUT))
    assert ((await audit(switch)).operation, (await audit(switch)).fields) == ("trunk.set", {"service": "out"})
    assert "Retry-After: 5" in await (await carrier.call(NUMBER)).until("SIP/2.0 503")
    await switch.ask(SetTrunkService("carrier", Service.IN))
    await talking(carrier, seat)
    assert len(seat.lines) == 1
    await switch.ask(SetGatewayService("out", Service.DRAINING))
    assert (await audit(switch)).subject == "out"
    assert str(await switch.refused(SetGatewayService("in", Service.OUT))) == "there is no gateway named 'in'"


@pytest.mark.req("S5")
async def test_no_room(tmp_path: Path) -> None:
    """Over a trunk's capacity, and without a free call process, a call is refused with 503 and a time to try again."""
    for folder, capacity, calls in (("trunk", "capacity = 1", 1), ("pool", "", 2)):
        (tmp_path / folder).mkdir()
        file = configuration(tmp_path / folder, port=(port := free_port()), trunk=capacity)
        async with open_far(port) as carrier, open_far(port) as seat, running(file) as switch:
            await switch.publish(seat)
            await switch.until(partial(switch.ask, ShowPool()), lambda pool: sum(p.ready for p in pool.processes) == 2)
            for _ in range(calls):
                await carrier.call(NUMBER)
                await seat.rang()
            assert "Retry-After: 5" in await (await carrier.call(NUMBER)).until("SIP/2.0 503")
            assert len(seat.lines) == calls


@pytest.mark.req("P1", "S1")
async def test_a_process_that_is_killed(house: House) -> None:
    """Its record is closed, both ends get BYE, operators are told, and another process takes its place."""
    switch, carrier, seat = house.switch, house.carrier, house.seat
    await switch.publish(seat)
    caller, called = await talking(carrier, seat)
    call = await switch.found(lambda call: call.state == "talking")
    (pid,) = (process.pid for process in (await switch.ask(ShowPool())).processes if process.call_id)
    os.kill(pid, signal.SIGKILL)
    await caller.until("BYE")
    await called.until("BYE")
    ended = await switch.found(lambda call: call.state == "ended")
    assert (ended.call_id, ended.ending, ended.blame) == (call.call_id, "crashed", "server")
    alarms = await switch.until(partial(switch.rows, ALARMS), bool)
    assert [row["slug"] for row in alarms.values()] == ["process-crashed"]
    assert [alarm.slug for alarm in (await switch.ask(ListAlarms())).rows] == ["process-crashed"]
    assert "process-crashed" in (await switch.command("alarms")).output
    await talking(carrier, seat)
    assert f"process {pid} died" in str(await switch.rows(LOG))


@pytest.mark.req("R10")
async def test_a_queue_before_one_seat(house: House) -> None:
    """The second caller stands in line, and consoles see it; when the seat is free, it rings for that caller."""
    switch, carrier, seat = house.switch, house.carrier, house.seat
    await switch.publish(seat, QUEUE, start="wait", capacity=1)
    first = await carrier.call(NUMBER)
    called = await seat.rang()
    await called.answer()
    await first.until("SIP/2.0 200")
    second = await carrier.call(NUMBER)
    (row,) = (await switch.until(partial(switch.rows, QUEUES), lambda rows: len(rows) == 1)).values()
    assert (row["node"], row["place"], row["number"]) == ("wait", 1, NUMBER)
    await first.hang_up()
    again = await seat.rang()
    await again.answer()
    await second.until("SIP/2.0 200")
    assert not await switch.until(partial(switch.rows, QUEUES), lambda rows: not rows)


@pytest.mark.req("R3")
async def test_calls_in_turn(house: House) -> None:
    """Each call of a hunt in turn is given the next place, which is on disk."""
    switch, carrier, seat = house.switch, house.carrier, house.seat
    await switch.publish(seat, IN_TURN, start="ring")
    for _ in range(2):
        await talking(carrier, seat)
    places = []
    for found in range(2):
        call = (await switch.ask(FindRecords(most=2))).rows[found]
        record = (await switch.ask(ShowCall(call.call_id))).record
        places.append([event["place"] for event in record.events if event["_type"] == "PlaceTaken"])
    assert places == [[1], [0]]


@pytest.mark.req("S1")
async def test_a_call_outlives_its_daemon(tmp_path: Path) -> None:
    """Told to keep calls, a daemon leaves them to the next one, which shows them and can hang them up."""
    file = configuration(tmp_path, port=(port := free_port()))
    async with open_far(port) as carrier, open_far(port) as seat:
        async with running(file, keep_calls=True) as switch:
            await switch.publish(seat)
            caller, called = await talking(carrier, seat)
            call = await switch.found(lambda call: call.state == "talking")
        async with running(file) as switch:
            await switch.until(
                partial(switch.ask, ShowPool()), lambda pool: call.call_id in {each.call_id for each in pool.processes}
            )
            assert (await switch.found()).state == "talking"
            await caller.hang_up()
            await called.until("BYE")
            ended = await switch.found(lambda call: call.state == "ended")
            assert (ended.call_id, ended.ending, ended.hung_up_by) == (call.call_id, "normal", "caller")


@pytest.mark.req("S1")
async def test_the_end_of_a_daemon_ends_its_calls(tmp_path: Path) -> None:
    """SIGTERM ends each call with BYE to both ends; its record, its sockets and its lock are as they should be."""
    file = configuration(tmp_path, port=(port := free_port()))
    async with open_far(port) as carrier, open_far(port) as seat:
        async with running(file) as switch:
            await switch.publish(seat)
            caller, called = await talking(carrier, seat)
        await caller.until("BYE")
        await called.until("BYE")
    assert not list(switch.state.glob("*.sock"))
    async with running(file) as switch:
        ended = await switch.found()
        assert (ended.state, ended.ending, ended.hung_up_by) == ("ended", "operator", "operator")


@pytest.mark.req("S1")
async def test_the_example_is_not_published_over_an_edited_plan(tmp_path: Path) -> None:
    """Plans that come with the program are published at the start, unless somebody has edited them since."""
    file = configuration(tmp_path, port=free_port())
    example = 'number = "{}"\nsubscriber = "Example"\n[targets]\nseat = "sip:{}@127.0.0.1"\n'
    async with running(file, [example.format(NUMBER, "a")]) as switch, open_far(switch.port) as seat:
        (first,) = (await switch.ask(ShowPlanHistory(NUMBER))).versions
        assert first.author == EXAMPLE
    async with running(file, [example.format(NUMBER, "b")]) as switch, open_far(switch.port) as seat:
        assert len((await switch.ask(ShowPlanHistory(NUMBER))).versions) == 2
        await switch.publish(seat)
    async with running(file, [example.format(NUMBER, "c")]) as switch:
        newest, *older = (await switch.ask(ShowPlanHistory(NUMBER))).versions
        assert (newest.author.split()[0], newest.live, len(older)) == ("wang", True, 2)


@pytest.mark.req("P2")
async def test_calls_are_counted(house: House) -> None:
    """A report counts the calls of a period by what is asked."""
    switch, carrier, seat = house.switch, house.carrier, house.seat
    await switch.publish(seat)
    caller, _ = await talking(carrier, seat)
    await caller.hang_up()
    await switch.found(lambda call: call.state == "ended")
    (row,) = (await switch.ask(CountCalls(0, now_ms() + 1, CountBy.TARGET, NUMBER))).rows
    assert (row.key, row.calls, row.answered, row.busy) == ("seat", 1, 1, 0)
    assert (await switch.ask(CountCalls(0, 1))).rows == ()
