"""The guard holds: whatever a trusted trunk sends, nothing dies of it and the calls that are up go on."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from b2bua.api.requests.operation import Refusal
from b2bua.records.call_record import CallState, Party
from tests.e2e.test_calls import ANSWERS, TALKS
from tests.e2e.test_crashes import talking
from tests.load.damaged_messages import DamagedMessages
from tests.support.raw_sip import Raw
from tests.support.sipp import SDP, Sipp, Target, recv
from tests.support.switch import Switch, eventually, sip_uri

LONG_MS = 900_000
SURVIVORS = 2
MOST_GROWTH_KB = 25_000
"""What tables of bounded size (INVITEs of the last 64 s, buckets) and Python's arenas may take at most."""
MOST_KEPT_KB = 100_000
"""The same after a long run, which fills the SIP capture as well: 64 kB of messages of each of the last 500 calls."""
MOST_LEAK_KB = 6_000
"""How much the daemon may still grow from one quarter to the next: Python does not give all that is free back."""
soak = pytest.mark.soak


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switch]:
    """One switch that takes all the damage of this file."""
    switch = Switch(tmp_path_factory.mktemp("guarded"), spare=24, most=120)
    switch.start()
    try:
        yield switch
    finally:
        switch.stop()


@contextmanager
def calls_go_on(switch: Switch, most_kb: int = MOST_GROWTH_KB) -> Iterator[Sipp]:
    """Two bridged calls that are up all the time; at the end both ends are alive and nothing of the switch has died."""
    waits = [*TALKS[:6], recv("BYE", timeout_ms=LONG_MS), Target.respond(200, "OK", tag=False)]
    answers = [
        recv("INVITE"),
        Target.respond(200, "OK", sdp=SDP),
        recv("ACK"),
        recv("BYE", timeout_ms=LONG_MS),
        Target.respond(200, "OK", tag=False),
    ]
    assert switch.process is not None
    dead = died(switch)
    with switch.target(answers, calls=SURVIVORS) as target:
        # They are silent for minutes.
        number = switch.publish(f'desk = "{sip_uri(target.port)}"', "media_lost_s = 0")
        with switch.caller(number, waits, calls=SURVIVORS) as caller:
            talking(caller, switch, number, SURVIVORS)
            memory_kb, began = switch.memory_kb(), time.monotonic()
            try:
                yield caller
            except BaseException:
                hang_up(switch, number)  # the next test has the same switch
                raise
            took_ms = (time.monotonic() - began) * 1000
            assert switch.process.poll() is None, switch.log()
            assert died(switch) == dead, switch.log()
            print(f"\nmemory of the daemon {memory_kb} → {switch.memory_kb()} kB in {took_ms / 1000:.0f} s")
            assert switch.memory_kb() < memory_kb + most_kb
            hang_up(switch, number)
            caller.wait()
        target.wait()
    records = switch.closed(number, SURVIVORS)
    assert [record.hung_up_by for record in records] == [Party.OPERATOR] * SURVIVORS
    assert all(record.talk_ms >= took_ms for record in records)
    began = time.monotonic()
    eventually(switch.processes, lambda pool: pool["used"] == 0, timeout_s=70)
    print(f"all ended after {time.monotonic() - began:.1f} s")
    with switch.target(ANSWERS) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        with switch.caller(number, TALKS) as caller:
            caller.wait()
        target.wait()


def hang_up(switch: Switch, number: str) -> None:
    """Let the operator end every call of a number that is still up."""
    for record in switch.records(number):
        if record.state is not CallState.ENDED:
            with suppress(Refusal):  # it ended by itself meanwhile
                switch.ask("call.hangup", {"call_id": record.call_id})


def died(switch: Switch) -> list[str]:
    """Call processes that ended otherwise than by leaving, as the fork server saw it; with or without a call."""
    log = (switch.folder / "daemon.log").read_text(errors="replace")
    return re.findall("process [0-9]+ (?:ended with [^0].*|died with .*)", log)


@pytest.mark.req("S1", "S5")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("count", [20, pytest.param(1000, marks=soak)])
def test_ack_without_a_tag(guarded: Switch, count: int) -> None:
    """INVITE, then ACK without a To tag, which aborts PJSIP: no call process dies of it."""
    refuses = [recv("INVITE"), Target.respond(486, "Busy Here"), recv("ACK")]
    with calls_go_on(guarded), guarded.target(refuses, calls=count) as target, Raw(guarded.address) as carrier:
        number = guarded.publish(f'desk = "{sip_uri(target.port)}"')
        for index in range(count):
            if index % 20 == 0:
                guarded.await_ready(20)
            call = f"tagless{count}-{index}"
            carrier.send(carrier.invite(number, call=call))
            carrier.send(carrier.request("ACK", number, call=call))
            answer = carrier.final()
            while f"Call-ID: {call}\n" not in answer:
                answer = carrier.final()
            assert answer.startswith("SIP/2.0 486")
            tag = answer.split("To: ")[1].split(";tag=")[1].split("\n")[0]
            carrier.send(carrier.request("ACK", number, call=call, tag=tag))
        target.wait()


@pytest.mark.req("S1", "S5")
def test_no_sdp_to_an_unknown_number(guarded: Switch) -> None:
    """An INVITE without SDP to an unknown number, which aborts PJSIP if answered in its callback, gets 404."""
    with calls_go_on(guarded), Raw(guarded.address) as carrier:
        for _ in range(20):
            carrier.send(carrier.invite("4009999999", sdp=False))
            assert carrier.final().startswith("SIP/2.0 404")


@pytest.mark.req("S1", "S5")
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("count", "forget_s", "most_kb", "leak_kb"),
    [(4_000, 0, MOST_GROWTH_KB, MOST_GROWTH_KB), pytest.param(400_000, 66, MOST_KEPT_KB, MOST_LEAK_KB, marks=soak)],
)
def test_damaged_messages(guarded: Switch, count: int, forget_s: float, most_kb: int, leak_kb: int) -> None:
    """Messages of calls that are up, each with one to six things wrong, from a trusted trunk and from a target.

    The first three quarters of a long run fill what is kept; after the last, once the edge has forgotten it (64 s),
    the daemon is as large as before it.
    """
    sizes_kb = []
    with calls_go_on(guarded, most_kb) as survivors:
        tokens = tuple(set(re.findall("^Contact: <(sip:[^>]*)>", survivors.messages(), re.MULTILINE)))
        with DamagedMessages(guarded.address, seed=400, foreign=tokens) as sender:
            host, port = sender.target.me.split(":")
            # Every REFER that is sound begins a transfer, in whatever state its call is.
            hands_over = f'other = "sip:other@{host}:{port}"\n[extensions]\n400 = "other"\n[transfer]\n'
            hunt = '[nodes.hunt]\nkind = "hunt"\ntargets = ["desk"]\n'
            desk = f'desk = {{ address = "sip:desk@{host}:{port}", ring_s = 15 }}\n'
            number = guarded.publish(desk + hands_over + hunt)
            for quarter in (1, 2, 3, 4):
                while sender.damaged < quarter * count / 4 and not died(guarded):
                    sender.send_some(number, 1000)
                (guarded.folder / "latest.bin").write_bytes(b"\0\0\0\0".join(sender.latest))
                sender.end_calls()
                hang_up(guarded, number)
                time.sleep(forget_s)  # after it the edge has forgotten what it remembers of transactions
                sizes_kb.append(guarded.memory_kb())
            print(f"\n{sender.damaged} damaged; came back: {sender.answered}; the daemon: {sizes_kb} kB")
            assert sizes_kb[3] < sizes_kb[2] + leak_kb


@pytest.mark.req("S1", "S5")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seconds", [2, pytest.param(10, marks=soak)])
def test_flood_of_invites(guarded: Switch, seconds: int) -> None:
    """2,000 INVITE/s to a number that is served: what the switch does not take it refuses or drops, and it goes on."""
    refuses = [recv("INVITE"), Target.respond(486, "Busy Here"), recv("ACK")]
    with calls_go_on(guarded), guarded.target(refuses, calls=1_000_000) as target:
        with Raw(guarded.address, host="127.0.0.2") as carrier:
            number = guarded.publish(f'desk = "{sip_uri(target.port)}"')
            began = time.monotonic()
            for sent in range(2000 * seconds):
                carrier.send(carrier.invite(number, call=f"flood{seconds}-{sent}"))
                if sent > 2000 * (time.monotonic() - began):
                    time.sleep(0.005)  # the pace of the flood
            print(f"\n{2000 * seconds / (time.monotonic() - began):.0f} INVITE/s")
        eventually(guarded.processes, lambda pool: pool["used"] == SURVIVORS, timeout_s=90)
