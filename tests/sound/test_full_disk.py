"""A disk that takes no more while a call is recorded: the call goes on, operators are told, what was taped plays."""

import resource
from typing import Any

import pytest

from b2bua.control_client import Client
from b2bua.kept.keys import Keyring
from b2bua.kept.recordings import Recordings
from tests.switch.conftest import Switch, eventually, sip_uri
from tests.switch.sipp import SDP, Caller, Target, pause, recv

LIMIT_BYTES = 48_000


def _log(switch: Switch, call_id: str) -> list[dict[str, Any]]:
    with Client.connect(switch.state / "control.sock") as client:
        lines = client.snapshot(("log",))["log"].values()
    return [line for line in lines if line["call_id"] == call_id]


@pytest.mark.req("M5", "F5")
def test_a_full_disk_ends_the_recording_and_not_the_call(switch: Switch) -> None:
    """From 1.5 s on nothing fits: one alarm names the call, which ends normally after 4 s; 1.5 s of it are kept."""
    bye = [recv("BYE", timeout_ms=30_000), Target.respond(200, "OK", tag=False)]
    with switch.target([recv("INVITE"), Target.respond(200, "OK", sdp=SDP), recv("ACK"), *bye]) as target:
        number = switch.publish(f'desk = "{sip_uri(target.port)}"', "record = true")
        talks = [pause(4000), Caller.request("BYE", 2), recv(200)]
        steps = [Caller.invite(), recv(100, optional=True), recv(200, rrs=True), Caller.ack(), *talks]
        with switch.caller(number, steps) as caller:
            (pid,) = eventually(lambda: switch.call_processes(number), lambda pids: len(pids) == 1)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (LIMIT_BYTES, resource.RLIM_INFINITY))
            caller.wait()
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        target.wait()
    (record,) = switch.closed(number)
    assert record.ending is not None
    assert record.ending.slug == "normal"
    assert record.talk_ms > 3500
    assert 1000 <= record.recorded_ms <= 1500
    (line,) = _log(switch, record.call_id)
    assert (line["level"], line["kind"]) == ("alarm", "mishap")
    assert "not recorded" in line["text"]
    recording = Recordings(switch.state / "recordings").get(record.call_id)
    assert sum(map(len, recording.sound(Keyring()))) == round(recording.length_s * 32_000) <= LIMIT_BYTES
    recording.path.unlink()
