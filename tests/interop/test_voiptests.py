"""The cases of github.com/sippy/voiptests: its Alice calls through the switch, its Bob is the target.

Rule: Alice and Bob run as they are, a pair for each case, all pairs side by side. They are given loopback for the
addresses of their session descriptions, which would be drawn by lot, and Bob is given the session name by which he
knows that Alice wants speech from him: the switch writes its own.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import attrs
import pytest
from _pytest.mark import ParameterSet  # what `pytest.param` makes, which pytest does not name in public

from tests.interop.peers import kamailio
from tests.interop.suites import VOIPTESTS, suite_folder
from tests.support.ports import free_port
from tests.support.switch import Switch

pytestmark = [pytest.mark.interop, pytest.mark.req("S5"), pytest.mark.xdist_group("voiptests")]

_PAIR: Final = """
import sys
import voiptests.lib.test_config
voiptests.lib.test_config.genIP = lambda kind: ("IP4", "127.0.0.1")
import voiptests.lib.bob_testcore
voiptests.lib.bob_testcore.SIPPY_RTP_OUSER = {session!r}
from voiptests.{who}_main import main_func
main_func()
"""
_SESSION: Final = "pjmedia"
"""The session name (`s=`) in the switch's own session descriptions."""
_ALICE_S, _BOB_S = 110, 120
"""How long each runs at most. In the longest case no RTP comes for a minute, and ten seconds go by after its end."""
_APART_S: Final = 1.5
"""Between two pairs: each begins with four calls at once."""
_RING_S: Final = 30
"""Longer than Bob rings in a case that is answered (18 s), shorter than in one that is not (40 s)."""
_RTP: Final = "20000-29999"
"""The switch's RTP ports; both see that it is these that they are offered."""

_OWN_MEDIA: Final = "does not apply: a re-INVITE is answered by the switch itself, the other end never sees it"
_BAD_ACK: Final = "ACK with the CSeq of no INVITE is taken as the re-INVITE's (RFC 3261, 13.3.1.4: BYE after 32 s)"
_NO_ADDRESS: Final = "does not apply: 183 that cannot be read is passed on as 180; the call fails with the 200"
_ZERO: Final = "F18: a hold by 0.0.0.0 is answered with 0.0.0.0"


def _case(name: str, what: str, differs: str = "") -> ParameterSet:
    marks = [pytest.mark.xfail(reason=differs)] if differs else []
    return pytest.param(name, what, id=name, marks=marks)


CASES: Final = [
    _case("1", "180, answer; either hangs up"),
    _case("2", "183 with SDP, answer; either hangs up"),
    _case("3", "180, then 501"),
    _case("4", "180, and Alice cancels"),
    _case("5", "183 with SDP, then 503"),
    _case("6", "1 with short header names"),
    _case("7", "2 with short header names"),
    _case("8", "3 with short header names"),
    _case("9", "4 with short header names"),
    _case("10", "5 with short header names"),
    _case("11", "180, no answer in time"),
    _case("12", "nothing but 100 for 40 s"),
    _case("13", "183 with SDP and no RTP, no answer in time"),
    _case("14", "no RTP from either end: the call ends"),
    _case("early_cancel", "CANCEL 10 ms after INVITE"),
    _case("early_cancel_lost100", "CANCEL where 100 was lost"),
    _case("reinvite", "Alice's re-INVITE"),
    _case("reinv_fail", "Alice's re-INVITE, 408 from Bob", _OWN_MEDIA),
    _case("reinv_brkn1", "Alice's re-INVITE, answer without address from Bob", _OWN_MEDIA),
    _case("reinv_brkn2", "Alice's re-INVITE without address"),
    _case("reinv_onhold", "Alice holds by 0.0.0.0 and resumes", f"{_ZERO}; and the hold is not Bob's to see"),
    _case("reinv_adelay", "Alice hangs up while her re-INVITE waits"),
    _case("reinv_frombob", "Bob's re-INVITE"),
    _case("reinv_bad_ack", "ACK of Alice's re-INVITE with a wrong CSeq: the call ends", _BAD_ACK),
    _case("inv_brkn1", "183 and 200 without address from Bob: the call fails at once", _NO_ADDRESS),
    _case("nated_contact", "Bob's re-INVITE comes to the Contact that Alice gave"),
]


@attrs.frozen
class Pair:
    """What Alice and Bob of one case said, and their exit statuses: how many calls of theirs went wrong."""

    alice: int
    bob: int
    said: str

    @property
    def calls(self) -> int:
        """How many calls reached Bob, who reports each as its RTP ends."""
        return sum(line.startswith("Bob(") and "RTP stats:" in line for line in self.said.splitlines())


@pytest.fixture(scope="module")
def folder() -> Path:
    """The checkout."""
    return suite_folder(VOIPTESTS)


@pytest.fixture(scope="module")
def python(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python of its own with sippy, on which the suite stands."""
    environment = tmp_path_factory.mktemp("sippy")
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True, timeout=120)
    installed = [str(environment / "bin" / "pip"), "install", "--quiet", "sippy>=2.5"]
    subprocess.run(installed, check=True, timeout=240)
    return environment / "bin" / "python"


@pytest.fixture(scope="module")
def pairs(folder: Path, python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Pair]]:
    """Run all cases; what became of each."""
    names = [str(case.values[0]) for case in CASES]
    here = tmp_path_factory.mktemp("voiptests")
    switch = Switch(here / "switch", spare=20, most=160)
    switch.start()
    try:
        yield _all_pairs(names, here, folder, python, switch)
    finally:
        switch.stop()


def _all_pairs(names: list[str], here: Path, folder: Path, python: Path, switch: Switch) -> dict[str, Pair]:
    bobs = {name: free_port() for name in names}
    numbers = {
        f"bob_{name}": switch.publish(f'a = {{ address = "sip:bob_{name}@127.0.0.1:{port}", ring_s = {_RING_S} }}')
        for name, port in bobs.items()
    }

    def start(who: str, name: str, port: int, *options: str) -> "subprocess.Popen[bytes]":
        command = [str(python), "-c", _PAIR.format(session=_SESSION, who=who)]
        command += ["-l", "127.0.0.1", "-P", str(port), "-p", _RTP, *options]
        environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONUNBUFFERED": "1", "SIPLOG_BEND": "stderr"}
        with (here / f"{name}.{who}").open("wb") as out, (here / f"{name}.{who}.log").open("wb") as log:
            return subprocess.Popen(command, stdout=out, stderr=log, cwd=here, env=environment)

    with ExitStack() as ends, kamailio(here / "kamailio", switch.address, from_tag=False, users=numbers) as proxy:
        running = []
        for name, port in bobs.items():
            bob = start("bob", name, port, "-T", str(_BOB_S))
            ends.callback(bob.kill)
            time.sleep(_APART_S)
            alice = start("alice", name, free_port(), "-4", "-t", name, "-T", str(_ALICE_S), "-n", f"127.0.0.1:{proxy}")
            ends.callback(alice.kill)
            running.append((name, alice, bob))
        return {
            name: Pair(alice.wait(_BOB_S + 60), bob.wait(_BOB_S + 60), _said(here, name))
            for name, alice, bob in running
        }


def _said(here: Path, name: str) -> str:
    return "\n".join((here / f"{name}.{who}").read_text(errors="replace") for who in ("alice", "bob"))


@pytest.mark.timeout(600)  # the first waits for all
@pytest.mark.parametrize(("name", "what"), CASES)
def test_a_case(pairs: dict[str, Pair], name: str, what: str) -> None:
    """Alice and Bob are both content with all four calls of a case."""
    pair = pairs[name]
    print(what, pair.said)
    assert (pair.alice, pair.bob, pair.calls) == (0, 0, 4)
