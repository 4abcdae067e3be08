"""PJSIP's own SIPp scenarios (tests/pjsua/scripts-sipp of github.com/pjsip/pjproject), through the switch.

Rule: each file is played as it is, by SIPp as PJSIP's test driver starts it. `uas-…` is a target that the switch calls,
`uac-…` a carrier that calls a test telephone. What a scenario wants of pjsua that a switch does not do is said in the
table, and so is each fault that is known.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from _pytest.mark import ParameterSet  # what `pytest.param` makes, which pytest does not name in public

from tests.interop.suites import PJPROJECT, suite_folder
from tests.support.ports import free_port
from tests.support.sipp import SDP, Target, pause, recv
from tests.support.switch import Switch, eventually, sip_uri

pytestmark = [pytest.mark.interop, pytest.mark.req("S5")]

_RING_S: Final = 8
_TIMEOUT_S: Final = 60
"""As PJSIP's driver has it; the longest scenario waits 45 s for the session timer's refresh."""

_NO_TAG = "F22: its 200 has no To tag; no ACK"
_TWO_TAGS = "F22: its answers to the refresh have the To tag twice; no ACK"
_ONE_CODEC = "F7: several codecs in the answer, no re-INVITE or UPDATE that leaves one"
_ASKS = "does not apply: it waits for a re-INVITE or UPDATE that pjsua's user asks for"
_VIA = "does not apply: its answers are for port 5060 or 5080 whatever the Via says (RFC 3261, 18.1.2: discarded)"
_NO_VIDEO = "does not apply: no video"
_NO_SRTP = "does not apply: no SRTP; 488"
_UNRELIABLE = "does not apply: it sends PRACK although 183 was not reliable (the caller did not require 100rel)"
_CHALLENGED = "does not apply: the switch has no credentials for a target"
_NOWHERE = "does not apply: the switch registers with nobody and subscribes to nothing"
_DRIVER = "does not apply: it is about a setting of pjsua"


def _name(entry: str | ParameterSet) -> str:
    return entry if isinstance(entry, str) else str(entry.values[0])


def _xfail(name: str, reason: str) -> ParameterSet:
    return pytest.param(name, id=name, marks=pytest.mark.xfail(reason=reason))


def _not_run(name: str, reason: str) -> ParameterSet:
    return pytest.param(name, id=name, marks=pytest.mark.skip(reason=reason))


AS_TARGET: Final[list[str | ParameterSet]] = [
    "uas-422-then-200-bad-se",
    "uas-answer-183-without-to-tag",
    "uas-answer-183-wrong-attr",
    "uas-answer-183-wrong-codec",
    "uas-answer-183-wrong-media",
    "uas-answer-200-inv-without-sdp",
    "uas-cancel-no-final",
    "uas-early-bye",
    "uas-inv-answered-with-srtp",
    "uas-reinv-no-media",
    "uas-template",
    _xfail("uas-answer-180-multiple-fmts", _ONE_CODEC),
    _xfail("uas-answer-180-multiple-fmts-support-update", _ONE_CODEC),
    _xfail("uas-answer-200-multiple-fmts", _ONE_CODEC),
    _xfail("uas-answer-200-multiple-fmts-support-update", _ONE_CODEC),
    _xfail("uas-answer-200-reinvite-without-sdp", _NO_TAG),
    _xfail("uas-answer-200-without-to-tag", _NO_TAG),
    _xfail("uas-reinv-and-ack-same-branch-without-sdp", _NO_TAG),
    _xfail("uas-reinv-and-ack-without-sdp", _NO_TAG),
    _xfail("uas-reinv-with-less-media", _NO_TAG),
    _xfail("uas-timer-reinvite", _TWO_TAGS),
    _xfail("uas-timer-update", _TWO_TAGS),
    _xfail("uas-norefersub", "F29: its BYE is for the switch's address, not for the Contact; 481"),
    _not_run("uas-answer-200-update-without-sdp", _ASKS),
    _not_run("uas-keep-call-on-tsx-fail", _ASKS),
    _not_run("uas-reinv-after-failed-nego", _ASKS),
    _not_run("uas-reinv-glare", _ASKS),
    _not_run("uas-forked-100rel", _VIA),
    _not_run("uas-forked-200", _VIA),
    _not_run("uas-prack_fork", _VIA),
    _not_run("uas-inv_401_retry_after_100", _CHALLENGED),
    _not_run("strict-route", _CHALLENGED),
    _not_run("uas-norefersub-disabled", _DRIVER),
    _not_run("alt-pjsua-uac-custom-sdp", _NO_VIDEO),
    *(
        _not_run(f"uas-{name}", _NOWHERE)
        for name in (
            "auth", "auth-two-algo", "mwi", "mwi-0", "register-ip-change", "register-ip-change-port-only",
            "subscribe-late-notify", "subscribe-multipart-notify", "subscribe-notify-terminate",
            "subscribe-refresh-481", "subscribe-terminated-retry",
        )
    ),
]  # fmt: skip

AS_CARRIER: Final[list[str | ParameterSet]] = [
    "alt-pjsua-uas-static-pt-no-rtpmap",
    "uac-183-wrong-codec",
    "uac-183-wrong-media",
    "uac-bad-ack",
    "uac-inv-multiple-require",
    "uac-inv-without-sdp",
    "uac-norefersub",
    "uac-options",
    "uac-reinvite-port-0-bad-sdp",
    "uac-ticket-1864-scenario1",
    _xfail("uac-inv-and-ack-without-sdp", "F6: an ACK without the answer leaves the call up"),
    _xfail("uac-inv-retrans-after-ack", "500 to a retransmission of INVITE after its ACK (RFC 6026, 7.1: absorbed)"),
    _xfail("uac-prack-sdp-decline", _UNRELIABLE),
    _xfail("uac-prack-sdp-offer", _UNRELIABLE),
    _xfail("uac-upd-sdp-decline", _UNRELIABLE),
    _xfail("uac-upd-sdp-offer", _UNRELIABLE),
    _xfail("uac-message-no-body", "does not apply: a 400 number takes no messages; 405 with Allow"),
    _xfail("uac-subscribe", "does not apply: nothing can be subscribed to; 489"),
    _xfail("alt-pjsua-uas-amr-sdp", "does not apply: no AMR-WB; 488"),
    _xfail("alt-pjsua-uas-custom-sdp", _NO_VIDEO),
    _not_run("uac-early-recv-update-481", _ASKS),
    _not_run("uac-inv-two-media-but-one-disabled-no-rtpmap", _ASKS),
    _not_run("uac-ticket-1148", _ASKS),
    _not_run("uac-norefersub-disabled", _DRIVER),
    _not_run("transfer-attended", "does not apply: three pjsua among themselves"),
    _not_run("transfer-unattended", "does not apply: three pjsua among themselves"),
    _not_run("uac-reinvite-bad-via-branch", "does not apply: it goes on until a re-INVITE with an old branch gets 400"),
    *(
        _xfail(f"uac-srtp-{name}", _NO_SRTP)
        for name in ("dtls", "dtls-lower-prio", "dtls-reinv-sdes", "sdes", "sdes-reinv-dtls", "sdes-reinv-hold")
    ),
]

WITHOUT_PCMA: Final = [
    _xfail("uac-ticket-1864-scenario2", "does not apply: it wants 500 for a re-INVITE without a usable codec; 488"),
    _xfail(
        "uac-ticket-1866-reinv-after-failed-nego",
        "does not apply: it wants 500 for a re-INVITE without a usable codec; 488",
    ),
]

EARLY: Final = ("uac-prack-sdp-decline", "uac-prack-sdp-offer", "uac-upd-sdp-decline", "uac-upd-sdp-offer")
"""They want 183 with SDP, and the answer a little later."""

HUNG_UP_ON: Final = ("uac-inv-without-sdp",)
"""They want BYE from the other side."""


@pytest.fixture(scope="session")
def scenarios() -> Path:
    """The folder of the scenarios."""
    return suite_folder(PJPROJECT) / "tests" / "pjsua" / "scripts-sipp"


@contextmanager
def playing(file: Path, folder: Path, remote: str, *options: str) -> Iterator[tuple[int, Callable[[], None]]]:
    """SIPp playing a file; its port, and what waits for its end and fails the test if it was not content."""
    port = free_port()
    command = ["sipp", remote, "-sf", str(file), "-m", "1", "-i", "127.0.0.1", "-p", str(port), "-nostdin"]
    command += ["-timeout", f"{_TIMEOUT_S}s", "-timeout_error", "-deadcall_wait", f"{_TIMEOUT_S}s"]
    command += ["-trace_err", "-error_file", "errors.log", "-trace_msg", "-message_file", "messages.log", *options]
    quiet = subprocess.DEVNULL
    sipp = subprocess.Popen(command, cwd=folder, stdin=quiet, stdout=quiet, stderr=quiet)

    def until_done() -> None:
        status = sipp.wait(_TIMEOUT_S + 20)
        logs = "\n".join(log.read_text(errors="replace")[-4000:] for log in sorted(folder.glob("*.log")))
        assert status == 0, f"SIPp exited with {status}\n{logs}"

    try:
        yield port, until_done
    finally:
        sipp.kill()
        sipp.wait()


def as_carrier(switch: Switch, file: Path, folder: Path) -> None:
    """A scenario calls a telephone that answers as the scenario wants."""
    late = [recv("INVITE"), Target.respond(183, "Session Progress", sdp=SDP), pause(2000)]
    late += [Target.respond(200, "OK", sdp=SDP), recv("ACK"), recv("BYE"), Target.respond(200, "OK", tag=False)]
    if file.stem in EARLY:
        with switch.target(late) as target:
            called(switch, target.port, file, folder)
    else:
        hangs_up = ("--hang-up-after", "1") if file.stem in HUNG_UP_ON else ()
        with switch.phone("--tone", "440", *hangs_up) as port:
            called(switch, port, file, folder)


def called(switch: Switch, port: int, file: Path, folder: Path) -> None:
    """A scenario calls a number whose target is at `port`."""
    number = switch.publish(f'a = "{sip_uri(port)}"')
    with playing(file, folder, switch.address, "-s", number) as (_, until_done):
        until_done()


@pytest.mark.parametrize("name", AS_CARRIER)
def test_as_carrier(switch: Switch, scenarios: Path, tmp_path: Path, name: str) -> None:
    """The carrier's side of a scenario ends as its author wanted."""
    as_carrier(switch, scenarios / f"{name}.xml", tmp_path)


@pytest.mark.parametrize("name", WITHOUT_PCMA)
def test_as_carrier_without_pcma(own_switch: Callable[..., Switch], scenarios: Path, tmp_path: Path, name: str) -> None:
    """The same where the switch has PCMU only, as pjsua has in these."""
    as_carrier(own_switch(more='[media]\ncodecs = ["PCMU"]\n'), scenarios / f"{name}.xml", tmp_path)


@pytest.mark.parametrize("name", AS_TARGET)
def test_as_target(switch: Switch, scenarios: Path, tmp_path: Path, name: str) -> None:
    """The target's side of a scenario ends as its author wanted; the caller talks until then."""
    with playing(scenarios / f"{name}.xml", tmp_path, switch.address) as (port, until_done):
        eventually(lambda: f":{port:04X} " in Path("/proc/net/udp").read_text(), bool)
        number = switch.publish(f'a = {{ address = "{sip_uri(port)}", ring_s = {_RING_S} }}')
        command = [sys.executable, "-m", "b2bua", "call", number, "--to", switch.address, "--seconds", "70"]
        caller = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            until_done()
        finally:
            caller.terminate()
            caller.wait(30)


def test_none_is_left_out(scenarios: Path) -> None:
    """Every scenario of the folder is in the tables."""
    table = [*AS_CARRIER, *WITHOUT_PCMA, *AS_TARGET]
    named = {_name(entry) for entry in table}
    assert {file.stem for file in scenarios.glob("*.xml")} == named
