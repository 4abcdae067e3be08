"""Many calls at once, and many calls a second, on two cores."""

from collections.abc import Callable
from pathlib import Path

import pytest

from b2bua.records.call_record import CallState
from tests.support.sipp import SDP, Caller, Target, pause, play, recv
from tests.support.switch import Switch, eventually, sip_uri

RATE = 20
SECONDS = 60
ANSWERS = [
    recv("INVITE"),
    Target.respond(180, "Ringing"),
    Target.respond(200, "OK", sdp=SDP),
    recv("ACK"),
    recv("BYE", timeout_ms=120000),
    Target.respond(200, "OK", tag=False),
]


def talks(ms: int, *before_bye: str) -> list[str]:
    """A caller who talks for so long."""
    return [
        Caller.invite(),
        recv(100, optional=True),
        recv(180, optional=True),
        recv(183, optional=True),
        recv(200, rrs=True),
        Caller.ack(),
        *before_bye,
        pause(ms),
        Caller.request("BYE", 2),
        recv(200),
    ]


@pytest.mark.soak
@pytest.mark.timeout(450)
@pytest.mark.req("S1", "P1")
def test_twenty_calls_a_second(own_switch: Callable[..., Switch]) -> None:
    """20 calls/s for a minute: at least 99.9 % succeed, each has one closed record, and nothing is left over.

    A minute like it comes before: it fills what is kept of the last calls, so that the daemon's size can be compared.
    """
    switch = own_switch(spare=30, most=150)
    switch.await_ready(30)
    calls = RATE * SECONDS
    sizes_kb = [switch.memory_kb()]
    for _ in range(2):
        with switch.target(ANSWERS, calls=calls) as target:
            number = switch.publish(f'desk = "{sip_uri(target.port)}"')
            with switch.caller(number, talks(1000), calls=calls, options=["-r", str(RATE)]) as caller:
                caller.process.wait(SECONDS + 60)
                failed = caller.account().count("Aborting call")
            eventually(switch.processes, lambda pool: pool["used"] == 0, timeout_s=60)
        sizes_kb.append(switch.memory_kb())
    records = switch.closed(number, calls)
    assert len({record.sip_call_id for record in records}) == len(records) == calls
    assert all(record.state is CallState.ENDED for record in records)
    normal = sum(bool(record.ending and record.ending.slug == "normal") for record in records)
    left = len(switch.call_processes(idle=True))
    print(
        f"\n{normal} of {calls} calls normal at both ends, {failed} failed at SIPp; {left} processes; "
        f"daemon {' → '.join(map(str, sizes_kb))} kB"
    )
    assert normal >= 0.999 * calls
    assert failed <= 0.001 * calls
    assert switch.processes()["crashed"] == 0
    # The edge keeps the messages of the last 500 calls, INVITEs for 64 s, and caches of what it has read.
    assert sizes_kb[2] < sizes_kb[1] + 12_000
    # Surplus spares are retired one every two seconds.
    eventually(switch.processes, lambda pool: pool["idle"] + pool["resting"] <= 60, timeout_s=180)
    assert len(switch.session()) == len(switch.call_processes(idle=True)) + 2, "a process that nobody counts is left"


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.req("S1")
def test_fifty_calls_at_once(own_switch: Callable[..., Switch], tmp_path: Path) -> None:
    """50 calls bridged at once with RTP both ways: none fails; a tone crosses the switch there and back among them.

    The test call's tone is sent back by the far end's echo, so it is heard only if it passed at both ends.
    """
    switch = own_switch(spare=30, most=100)
    speech = tmp_path / "speech.raw"
    speech.write_bytes(bytes(0xD5 ^ (n % 64) for n in range(8000)))
    with switch.target(ANSWERS, calls=50, options=["-rtp_echo"]) as target, switch.phone("--echo") as phone:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        tested = switch.publish(f'desk = "{sip_uri(phone)}"')
        with switch.caller(number, talks(20_000, play(speech)), calls=50, options=["-r", "10", "-l", "50"]) as caller:
            eventually(
                lambda: sum(record.state is CallState.TALKING for record in switch.records(number)),
                lambda up: up == 50,
                timeout_s=20,
            )
            for _ in range(3):
                assert switch.test_call(tested) == 0, "the tone did not come back"
            caller.wait(90)
        target.wait()
    records = switch.closed(number, 50)
    assert {record.ending and record.ending.slug for record in records} == {"normal"}
    heard = [leg["received"] for record in records for leg in record.evidence.values()]
    lost = sum(leg["lost"] for record in records for leg in record.evidence.values())
    print(f"\n{len(heard)} legs, RTP packets received each {min(heard)}–{max(heard)}, lost {lost}")
    assert len(heard) == 100
    assert min(heard) >= 0.95 * 20 * 50, "20 s of talk are 1,000 packets"
    assert lost <= 0.001 * sum(heard)
