"""What a call costs: CPU, memory and delay, beside SIPp talking to SIPp directly in the same run."""

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from b2bua.records.call_record import CallState
from tests.load.test_load import ANSWERS, talks
from tests.support.sipp import play
from tests.support.switch import Switch, eventually, sip_uri

CALLS = 400
RATE = 50
TALK_MS = 50
"""As short as can be: audio is measured by itself."""
READY = 60
UP = 30
SPAN_S = 5.0


@pytest.mark.bench
@pytest.mark.timeout(300)
def test_cost_of_a_call(own_switch: Callable[..., Switch], tmp_path: Path) -> None:
    """Prints CPU milliseconds per call and per call-second, set-up delay added, and memory per call.

    What processes that wait for calls use is measured first, printed, and taken off; so is the audio of `TALK_MS` from
    a call's signalling.
    """
    switch = own_switch(spare=READY, most=150)
    switch.await_ready(READY)
    idle = cpu_per_s(switch)
    signalling(switch)  # what is done once is done before it is measured
    began, before = time.monotonic(), switch.cpu_s()
    through = signalling(switch)
    per_call_ms = (switch.cpu_s() - before - idle * (time.monotonic() - began)) / CALLS * 1000
    spent = children_s()
    with (
        switch.target(ANSWERS, calls=CALLS) as target,
        switch.direct(target.port, talks(TALK_MS), calls=CALLS, options=["-r", str(RATE)]) as caller,
    ):
        caller.wait(60)
        direct = setups_ms(caller.messages())
    sipp_ms = (children_s() - spent) / CALLS * 1000
    speech = tmp_path / "speech.raw"
    speech.write_bytes(bytes(0xD5 ^ (n % 64) for n in range(8000)))
    with switch.target(ANSWERS, calls=UP, options=["-rtp_echo"]) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        with switch.caller(number, talks(12_000, play(speech)), calls=UP, options=["-r", str(UP)]) as caller:
            eventually(
                lambda: sum(record.state is CallState.TALKING for record in switch.records(number)),
                lambda up: up == UP,
            )
            per_call_second_ms = (cpu_per_s(switch) - idle) / UP * 1000
            memory_mb = switch.memory_per_call_kb() / 1000
            caller.wait(60)
    signalling_ms = per_call_ms - per_call_second_ms * TALK_MS / 1000
    print(
        f"\nsignalling {signalling_ms:.1f} ms CPU a call ({per_call_ms:.1f} with its {TALK_MS} ms of audio), "
        f"SIPp at both ends {sipp_ms:.1f} ms; "
        f"media {per_call_second_ms:.1f} ms CPU a call-second; "
        f"set-up at the median {median(through):.1f} ms through the switch, {median(direct):.1f} ms directly; "
        f"memory {memory_mb:.1f} MB a call; {READY} waiting processes {idle * 1000:.0f} ms CPU a second; "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )


def signalling(switch: Switch) -> list[float]:
    """Calls of `TALK_MS` without speech, `RATE` a second; the set-up time of each in milliseconds."""
    with switch.target(ANSWERS, calls=CALLS) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"')
        with switch.caller(number, talks(TALK_MS), calls=CALLS, options=["-r", str(RATE)]) as caller:
            caller.wait(60)
        return setups_ms(caller.messages())


def cpu_per_s(switch: Switch) -> float:
    """CPU seconds that the whole switch uses in a second, over `SPAN_S`."""
    before, began = switch.cpu_s(), time.monotonic()
    time.sleep(SPAN_S)  # the span that is measured
    return (switch.cpu_s() - before) / (time.monotonic() - began)


def children_s() -> float:
    """CPU seconds of the programs that we have started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def setups_ms(messages: str) -> list[float]:
    """From INVITE sent to 200 received, for each call of a SIPp message log (milliseconds)."""
    began: dict[str, float] = {}
    took: list[float] = []
    for entry in messages.split("-" * 47 + " ")[1:]:
        head, _, text = entry.partition("\n\n")
        at_s = _clock_s(head.split("\n", 1)[0])
        call = text.split("Call-ID: ", 1)[1].split("\n", 1)[0] if "Call-ID: " in text else ""
        if text.startswith("INVITE "):
            began.setdefault(call, at_s)
        elif text.startswith("SIP/2.0 200") and "CSeq: 1 INVITE" in text and call in began:
            took.append((at_s - began.pop(call)) * 1000)
    return took


def _clock_s(stamp: str) -> float:
    hours, minutes, seconds = stamp.strip().split(" ")[1].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def median(values: list[float]) -> float:
    """The middle one."""
    return sorted(values)[len(values) // 2]
