"""Pulling the cable: kill -9 of call processes and of the daemon, with calls up."""

import contextlib
import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest
import trio

from b2bua.records.call_record import CallState, Party
from tests.support.raw_sip import Raw
from tests.support.sip_far_end import Far, Line, open_far
from tests.support.sip_text import field
from tests.support.sipp import SDP, Caller, Sipp, Target, pause, recv
from tests.support.switch import Switch, eventually, sip_uri

CALLS = 6
SOON_S = 1.0
ANSWERS = [
    recv("INVITE"),
    Target.respond(200, "OK", sdp=SDP),
    recv("ACK"),
    recv("BYE", timeout_ms=60000),
    Target.respond(200, "OK", tag=False),
]
WAITS_FOR_BYE = [
    Caller.invite(),
    recv(100, optional=True),
    recv(180, optional=True),
    recv(200, rrs=True),
    Caller.ack(),
    recv("BYE", timeout_ms=60000),
    Target.respond(200, "OK", tag=False),
]


def talking(caller: Sipp, switch: Switch, number: str, count: int) -> None:
    """Wait until that many calls of a number talk: their answer is on disk, and then the caller has it."""
    eventually(
        lambda: sum(record.state is CallState.TALKING for record in switch.records(number)),
        lambda up: up == count,
    )
    eventually(
        lambda: len(set(re.findall(r"\nCall-ID: (\S+)\nCSeq: 1 ACK", caller.messages()))), lambda up: up == count
    )


@pytest.mark.req("S1", "P1")
@pytest.mark.parametrize("calls", [CALLS, pytest.param(20, marks=pytest.mark.soak)])
def test_one_process_dies(own_switch: Callable[..., Switch], calls: int) -> None:
    """kill -9 of one call process: its two legs get BYE, its record is closed with the cause, the others go on."""
    switch = own_switch(spare=calls)
    with switch.target(ANSWERS, calls=calls) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        with switch.caller(number, WAITS_FOR_BYE, calls=calls, options=["-r", "20"]) as caller:
            talking(caller, switch, number, calls)
            victim = switch.call_processes()[0]
            os.kill(victim, signal.SIGKILL)
            (dead,) = [record for record in switch.closed(number) if record.state is CallState.ENDED]
            assert dead.ending is not None
            assert (dead.ending.slug, dead.hung_up_by) == ("crashed", Party.SWITCH)
            assert sum(record.state is CallState.TALKING for record in switch.records(number)) == calls - 1
            switch.await_ready(calls)
            for record in switch.records(number):
                if record.state is not CallState.ENDED:
                    switch.ask("call.hangup", {"call_id": record.call_id})
            caller.wait()
        target.wait()
    records = switch.closed(number, calls)
    assert len(records) == calls
    assert sum(record.hung_up_by is Party.OPERATOR for record in records) == calls - 1


@pytest.mark.req("S1", "P1")
async def test_daemon_dies_and_comes_back(own_switch: Callable[..., Switch]) -> None:
    """kill -9 of the daemon with calls up: they go on, a new daemon finds them, and each has exactly one record."""
    switch = await trio.to_thread.run_sync(lambda: own_switch(spare=CALLS))
    async with open_far(switch.port) as carrier, open_far(switch.port) as target:
        number = await trio.to_thread.run_sync(switch.publish, f'desk = "{target.uri}"')
        began = trio.current_time()
        callers = [await carrier.call(number) for _ in range(CALLS)]
        for _ in callers:
            await (await target.rang()).answer()
        for caller in callers:
            await caller.until("SIP/2.0 200")
        talking_since = trio.current_time()
        await trio.to_thread.run_sync(switch.stop, signal.SIGKILL)
        await trio.to_thread.run_sync(switch.start)
        await trio.to_thread.run_sync(lambda: eventually(switch.call_processes, lambda pids: len(pids) == CALLS))
        talked_s = trio.current_time() - talking_since
        for caller in callers:
            await caller.hang_up()
        for line in target.lines.values():
            await line.until("BYE")
        whole_s = trio.current_time() - began
        records = await trio.to_thread.run_sync(switch.closed, number, CALLS)
    assert len(records) == CALLS
    assert all(record.ending and record.ending.slug == "normal" for record in records)
    assert all(talked_s <= record.talk_ms / 1000 <= whole_s for record in records)


@pytest.mark.req("S1", "P1")
def test_daemon_and_processes_die(own_switch: Callable[..., Switch]) -> None:
    """With daemon and call processes killed, the next closes each open record once, at its last sign of life."""
    switch = own_switch(spare=CALLS)
    with switch.target(ANSWERS, calls=CALLS) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        with switch.caller(number, WAITS_FOR_BYE, calls=CALLS, options=["-r", "20"]) as caller:
            talking(caller, switch, number, CALLS)
            processes = switch.call_processes()
            switch.stop(signal.SIGKILL)
            for pid in processes:
                os.kill(pid, signal.SIGKILL)
            switch.start()
            records = switch.closed(number, CALLS)
    assert len(records) == CALLS
    assert {record.ending and record.ending.slug for record in records} == {"lost"}


@pytest.mark.req("S1", "P1")
def test_the_daemon_ends_cleanly(own_switch: Callable[..., Switch]) -> None:
    """SIGTERM ends the calls, closes their records, leaves with status 0 and leaves no process behind."""
    switch = own_switch(spare=2)
    with switch.target(ANSWERS) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        with switch.caller(number, WAITS_FOR_BYE) as caller:
            talking(caller, switch, number, 1)
            processes = switch.call_processes(idle=True)
            assert switch.stop(signal.SIGTERM) == 0
            caller.wait()
        target.wait()
    assert len(switch.closed(number)) == 1
    eventually(lambda: [pid for pid in processes if _lives(pid)], lambda left: not left)


async def both_up(switch: Switch, carrier: Far, target: Far, count: int) -> tuple[str, list[tuple[Line, Line]]]:
    """So many calls that talk: their number, and each one's caller and target."""
    number = await trio.to_thread.run_sync(switch.publish, f'desk = "{target.uri}"')
    pairs = []
    for _ in range(count):
        caller = await carrier.call(number)
        answering = await target.rang()
        await answering.answer()
        await caller.until("SIP/2.0 200")
        pairs.append((caller, answering))
    await trio.to_thread.run_sync(
        eventually,
        lambda: sum(record.state is CallState.TALKING for record in switch.records(number)),
        lambda up: up == count,
    )
    return number, pairs


def serves_sip(switch: Switch) -> None:
    """Wait until the switch answers OPTIONS: its SIP port is open, its processes may not have linked yet."""
    with Raw(switch.address) as probe:
        while True:
            with contextlib.suppress(TimeoutError, ConnectionRefusedError):
                probe.send(probe.request("OPTIONS"))
                assert probe.receive(0.02).startswith("SIP/2.0 200")
                return


@pytest.mark.req("S1", "P1")
@pytest.mark.parametrize(("how", "options"), [(signal.SIGKILL, ()), (signal.SIGTERM, ("--keep-calls",))])
async def test_hung_up_while_the_daemon_restarts(
    own_switch: Callable[..., Switch], how: signal.Signals, options: tuple[str, ...]
) -> None:
    """BYE before the processes have linked to the new daemon: 200 in a second, charged until then, nothing twice."""
    switch = await trio.to_thread.run_sync(lambda: own_switch(spare=CALLS, options=options))
    async with open_far(switch.port) as carrier, open_far(switch.port) as target, trio.open_nursery() as nursery:
        number, pairs = await both_up(switch, carrier, target, CALLS)
        await trio.to_thread.run_sync(switch.stop, how)
        nursery.start_soon(trio.to_thread.run_sync, switch.start)
        await trio.to_thread.run_sync(serves_sip, switch)
        byes_ms = time.time() * 1000
        ending = [pair[n % 2] for n, pair in enumerate(pairs)]
        for line in ending:
            await line.request("BYE")
            line.gone = True
        began_s = trio.current_time()
        for line in ending:
            await line.until("SIP/2.0 200", lambda message: "BYE" in field(message, "CSeq"))
        took_s = trio.current_time() - began_s
        for n, pair in enumerate(pairs):
            await pair[1 - n % 2].until("BYE")
        records = await trio.to_thread.run_sync(switch.closed, number, CALLS)
    print(f"\nthe last 200 came {took_s:.2f} s after the new daemon's SIP port was open")
    assert took_s < SOON_S
    assert [len(line.came("BYE")) + (line in ending) for pair in pairs for line in pair] == [1] * 2 * CALLS
    assert [line.came("SIP/2.0 4") for pair in pairs for line in pair] == [[]] * 2 * CALLS
    assert len(records) == CALLS
    assert all(record.ending and record.ending.slug == "normal" for record in records)
    assert all(abs((record.ended_ms or 0) - byes_ms) < 1000 * SOON_S for record in records)
    assert all(record.talk_ms <= byes_ms + 1000 * SOON_S - (record.answered_ms or 0) for record in records)


@pytest.mark.req("S1", "P1")
async def test_hung_up_while_the_daemon_stops(own_switch: Callable[..., Switch]) -> None:
    """BYE at the moment of a clean stop, and again until it is answered: each gets a final response, nothing twice.

    The old daemon may have forwarded the BYE and lost the answer; a process that is gone by then gives 481, which ends
    a dialog like 200 (RFC 3261, 15.1.1).
    """
    switch = await trio.to_thread.run_sync(lambda: own_switch(spare=CALLS, options=("--keep-calls",)))
    async with open_far(switch.port) as carrier, open_far(switch.port) as target, trio.open_nursery() as nursery:
        number, pairs = await both_up(switch, carrier, target, CALLS)
        ending = [pair[n % 2] for n, pair in enumerate(pairs)]

        async def hang_up_late(line: Line, after_s: float) -> None:
            await trio.sleep(after_s)
            line.gone = True
            await line.request("BYE")
            while True:
                with contextlib.suppress(AssertionError):  # `until` fails when nothing has come
                    await line.until("SIP/2.0", lambda message: "BYE" in field(message, "CSeq"), timeout_s=0.5)
                    return
                await line.repeat()

        for n, line in enumerate(ending):
            nursery.start_soon(hang_up_late, line, n * 0.02)
        await trio.to_thread.run_sync(switch.stop, signal.SIGTERM)
        await trio.to_thread.run_sync(switch.start)
        for n, pair in enumerate(pairs):
            await pair[1 - n % 2].until("BYE")
        records = await trio.to_thread.run_sync(switch.closed, number, CALLS)
    finals = [message for line in ending for message in line.came("SIP/2.0") if "BYE" in field(message, "CSeq")]
    print(f"\n{Counter(message[8:11] for message in finals)}")
    assert {message[8:11] for message in finals} <= {"200", "481"}
    assert len({field(message, "Call-ID") for message in finals}) == CALLS
    assert [len(pair[1 - n % 2].came("BYE")) for n, pair in enumerate(pairs)] == [1] * CALLS
    assert len(records) == CALLS
    assert all(record.ending and record.ending.slug == "normal" for record in records)


@pytest.mark.req("S1", "P1")
@pytest.mark.parametrize("daemon_first", [True, False])
async def test_a_process_dies_while_the_daemon_is_away(own_switch: Callable[..., Switch], daemon_first: bool) -> None:
    """Both far ends get their BYE within 3 s of the new daemon's start, a ringing call 500 and CANCEL; others go on."""
    switch = await trio.to_thread.run_sync(lambda: own_switch(spare=3))
    async with open_far(switch.port) as carrier, open_far(switch.port) as target:
        number, pairs = await both_up(switch, carrier, target, 2)
        ringing = await carrier.call(number)
        rung = await target.rang()
        await rung.respond("180 Ringing")
        await ringing.until("SIP/2.0 180")
        pool = await trio.to_thread.run_sync(switch.pool)
        known = await trio.to_thread.run_sync(eventually, lambda: switch.records(number), lambda kept: len(kept) == 3)
        dialled = {record.call_id: record.sip_call_id for record in known}
        pids = {dialled[each["call_id"]]: each["pid"] for each in pool if each["call_id"]}
        spared, lost = pairs
        assert switch.process is not None
        if not daemon_first:
            switch.process.send_signal(signal.SIGSTOP)  # it must not see what comes
        else:
            await trio.to_thread.run_sync(switch.stop, signal.SIGKILL)
        for line in (lost[0], ringing):
            os.kill(pids[line.call_id], signal.SIGKILL)
        if not daemon_first:
            await trio.to_thread.run_sync(switch.stop, signal.SIGKILL)
        await trio.to_thread.run_sync(switch.start)
        with trio.fail_after(3):
            for line in lost:
                await line.until("BYE")
            await rung.until("CANCEL")
            await ringing.until("SIP/2.0 500")
        assert "cause=500" in field(lost[0].came("BYE")[0], "Reason")
        await trio.to_thread.run_sync(lambda: eventually(switch.call_processes, lambda pids: len(pids) == 1))
        await spared[0].hang_up()
        await spared[1].until("BYE")
        assert [len(line.came("BYE")) for line in (*lost, *spared)] == [1, 1, 0, 1]
        records = await trio.to_thread.run_sync(switch.closed, number, 3)
    endings = sorted(record.ending.slug for record in records if record.ending)
    assert endings == ["lost", "lost", "normal"]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.req("S1", "P1")
def test_daemon_dies_under_load(own_switch: Callable[..., Switch]) -> None:
    """kill -9 of the daemon three times at 10 calls/s: each call seen answered has exactly one record."""
    switch = own_switch(spare=20, most=100)
    switch.await_ready(20)
    talks = [*WAITS_FOR_BYE[:5], pause(2000), Caller.request("BYE", 2), recv(200)]
    with switch.target(ANSWERS, calls=100_000) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        with switch.caller(number, talks, calls=300, options=["-r", "10"]) as caller:
            for kill in (1, 2, 3):
                eventually(lambda: len(answered(caller)) / kill, lambda share: share >= 60, timeout_s=60)  # noqa: B023 - called now
                switch.stop(signal.SIGKILL)
                switch.start()
            caller.process.wait(120)
            seen = answered(caller)
    eventually(switch.processes, lambda pool: pool["used"] == 0, timeout_s=70)
    records = switch.records(number)
    assert all(record.state is CallState.ENDED for record in records)
    kept = Counter(record.sip_call_id for record in records)
    print(f"\n{len(seen)} of 300 calls were answered; endings {Counter(r.ending and r.ending.slug for r in records)}")
    assert {call: kept[call] for call in seen if kept[call] != 1} == {}
    assert max(kept.values()) == 1
    assert len(seen) > 200


def answered(caller: Sipp) -> set[str]:
    """Call-IDs of the INVITEs that SIPp saw answered with 200."""
    texts = [entry.partition("\n\n")[2] for entry in caller.messages().split(f"{'-' * 47} ")]
    finals = [text for text in texts if text.startswith("SIP/2.0 200") and "CSeq: 1 INVITE" in text]
    return {found[1] for text in finals if (found := re.search(r"^Call-ID: (\S+)", text, re.MULTILINE))}
