"""A real switch for the tests: the daemon as a program of its own, on free ports, in a folder of its own."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from b2bua.control.client import Client
from b2bua.records.call_record import CallRecord, CallState
from b2bua.store.database import open_database
from b2bua.store.query import Query
from b2bua.store.records import Records
from tests.support.ports import free_port
from tests.support.sipp import Sipp, sipp

T = TypeVar("T")

_CONFIG = """
state = "{state}"
[sip]
listen = "127.0.0.1:{port}"
inside = {inside}
[processes]
spare = {spare}
most = {most}
rest_s = {rest_s}
[trunk.carrier]
sources = ["127.0.0.0/8"]
{more}
"""


class Switch:
    """A running daemon and what a test wants of it; `within` is a command that starts the command after it.

    `options` are for the command `run`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        spare: int = 4,
        most: int = 80,
        rest_s: float = 0.6,
        more: str = "",
        within: Iterable[str] = (),
        options: Iterable[str] = (),
    ) -> None:
        self.folder = folder
        self._within = within
        self._options = options
        self.state = folder / "state"
        self._spare = spare
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._config = folder / "switch400.toml"
        folder.mkdir(parents=True, exist_ok=True)
        text = _CONFIG.format(
            state=self.state, port=self.port, inside=free_port(), spare=spare, most=most, rest_s=rest_s, more=more
        )
        self._config.write_text(text, encoding="utf-8")
        self._numbers = itertools.count(4006000001)
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the daemon and wait until it says that it listens."""
        command = [*self._within, sys.executable, "-m", "b2bua", "run", "--config", str(self._config), "--verbose"]
        command += self._options
        log = (self.folder / "daemon.log").open("ab")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
        log.close()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "listens" in line, f"the daemon did not start: {line}\n{self.log()}"

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End the daemon; its exit status."""
        assert self.process is not None
        self.process.send_signal(how)
        status = self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    def log(self) -> str:
        """What the daemon logged."""
        return (self.folder / "daemon.log").read_text(errors="replace")[-8000:]

    def publish(self, targets: str, more: str = "") -> str:
        """Publish a plan for a number of its own; the number, once as many calls as there are spares can be taken."""
        self.await_ready(self._spare)
        number = str(next(self._numbers))
        document = f'number = "{number}"\nsubscriber = "Test"\n{more}\n[targets]\n{targets}\n'
        self.ask("plan.publish", {"documents": [document], "note": "test"})
        return number

    def ask(self, operation: str, fields: dict[str, object]) -> object:
        """A request with plain fields over the control socket."""
        with Client.connect(self.state / "control.sock") as client:
            return client.ask_plain(operation, fields)

    def records(self, number: str) -> list[CallRecord]:
        """The records of a number as they are on disk, newest first."""
        engine = open_database(self.state / "switch400.db")
        try:
            return list(Records(engine).find(Query(number=number, limit=None)))
        finally:
            engine.dispose()

    def closed(self, number: str, count: int = 1, timeout_s: float = 30) -> list[CallRecord]:
        """The records of a number once `count` of them are closed; fails the test if they are not in time."""
        return eventually(
            lambda: self.records(number),
            lambda records: sum(record.state is CallState.ENDED for record in records) >= count,
            timeout_s,
        )

    def pool(self) -> list[dict[str, Any]]:
        """The call processes as they are now; the pool's row of the feed is up to a second old."""
        shown = self.ask("pool.show", {})
        assert isinstance(shown, dict)
        processes: list[dict[str, Any]] = shown["processes"]
        return processes

    def await_ready(self, calls: int) -> None:
        """Wait until so many calls would be taken at once: one that comes before is refused, and rightly so."""
        eventually(lambda: sum(process["ready"] for process in self.pool()), lambda ready: ready >= calls)

    def call_processes(self, number: str = "", *, idle: bool = False) -> list[int]:
        """Process ids of the call processes that hold a call (to this number, if one is given), or (`idle`) of all.

        The switch is shared, and what other tests left may still be ending: a test asks for its own number.
        """
        of_number = {record.call_id for record in self.records(number)} if number else set()
        holding = [process for process in self.pool() if process["call_id"] or idle]
        return [process["pid"] for process in holding if not number or process["call_id"] in of_number]

    def released(self, number: str) -> None:
        """Wait until no call process holds a call to this number any more."""
        eventually(lambda: self.call_processes(number), lambda holding: not holding)

    def processes(self) -> dict[str, int]:
        """The pool's row of the feed."""
        with Client.connect(self.state / "control.sock") as client:
            return client.snapshot(("pool",))["pool"]["now"]

    @contextmanager
    def caller(
        self,
        number: str,
        steps: Iterable[str],
        *,
        caller: str = "02112345678",
        calls: int = 1,
        options: Iterable[str] = (),
    ) -> Iterator[Sipp]:
        """SIPp as the carrier, calling a number of this switch."""
        folder = self.folder / f"caller-{number}-{time.monotonic_ns()}"
        options = ["-s", number, "-key", "caller", caller, *options]
        with sipp(folder, steps, to=self.address, calls=calls, options=options) as running:
            yield running

    @contextmanager
    def direct(self, port: int, steps: Iterable[str], *, calls: int = 1, options: Iterable[str] = ()) -> Iterator[Sipp]:
        """SIPp as the carrier, calling a target without the switch between them: what measurements compare with."""
        folder = self.folder / f"direct-{time.monotonic_ns()}"
        options = ["-s", "t", "-key", "caller", "02112345678", *options]
        with sipp(folder, steps, to=f"127.0.0.1:{port}", calls=calls, options=options) as running:
            yield running

    @contextmanager
    def phone(self, *options: str) -> Iterator[int]:
        """`switch400 phone`; its SIP port."""
        port = free_port()
        command = [sys.executable, "-m", "b2bua", "phone", "--port", str(port), *options]
        phone = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        assert phone.stdout is not None
        try:
            assert phone.stdout.readline()
            yield port
        finally:
            phone.terminate()
            phone.communicate(timeout=30)

    def test_call(self, number: str, *options: str) -> int:
        """`switch400 call` to a number of this switch; its exit status."""
        command = [sys.executable, "-m", "b2bua", "call", number, "--from", "02112345678", "--to", self.address]
        return subprocess.run([*command, *options], stdout=subprocess.DEVNULL, timeout=60, check=False).returncode

    def session(self) -> list[Path]:
        """/proc folders of the daemon, the fork server and all call processes."""
        assert self.process is not None
        found = [Path(f"/proc/{self.process.pid}")]
        known = {str(self.process.pid)}
        for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda folder: int(folder.name)):
            try:
                parent = stat(folder)[1]
            except OSError:
                continue
            if parent in known:
                known.add(folder.name)
                found.append(folder)
        return found

    def cpu_s(self) -> float:
        """CPU seconds used so far by the daemon, the fork server and all call processes, user and system.

        Those of processes that have left count too: whoever waited for them has their sum.
        """
        ticks = 0
        for folder in self.session():
            ticks += sum(map(int, stat(folder)[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_kb(self) -> int:
        """What the daemon itself holds in memory (PSS, kB)."""
        assert self.process is not None
        return _pss_kb(Path(f"/proc/{self.process.pid}"))

    def memory_per_call_kb(self) -> int:
        """The mean of what a call process with a call holds of its own and its share of the rest (PSS, kB)."""
        sizes = [_pss_kb(Path(f"/proc/{pid}")) for pid in self.call_processes()]
        return sum(sizes) // max(1, len(sizes))

    @contextmanager
    def target(self, steps: Iterable[str], *, calls: int = 1, options: Iterable[str] = ()) -> Iterator[Sipp]:
        """SIPp as a target on a port of its own."""
        with sipp(self.folder / f"target-{time.monotonic_ns()}", steps, calls=calls, options=options) as running:
            yield running


def stat(folder: Path) -> list[str]:
    """What `/proc/PID/stat` says after the name: state, parent, … (proc(5)). Raises OSError if the process is gone."""
    return (folder / "stat").read_text().rpartition(")")[2].split()


def _pss_kb(folder: Path) -> int:
    lines = (folder / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def eventually(look: Callable[[], T], good: Callable[[T], bool], timeout_s: float = 30) -> T:
    """Look at another program's state until it is good; fails the test with the last look."""
    deadline = time.monotonic() + timeout_s
    while not good(seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r} after {timeout_s} s"
        time.sleep(0.02)
    return seen


@pytest.fixture(scope="session")
def switch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switch]:
    """One switch for all tests that do not break it."""
    running = Switch(tmp_path_factory.mktemp("switch"))
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def own_switch(tmp_path: Path) -> Iterator[Callable[..., Switch]]:
    """Makes a switch for a test that kills, starves or restarts it."""
    made: list[Switch] = []

    def make(**wishes: object) -> Switch:
        made.append(Switch(tmp_path / str(len(made)), **wishes))  # type: ignore[arg-type]  # the test names them
        made[-1].start()
        return made[-1]

    yield make
    for switch in made:
        if switch.process is not None and switch.process.poll() is None:
            switch.stop()


def sip_uri(port: int, user: str = "t") -> str:
    """A target's address at a SIPp on loopback."""
    return f"sip:{user}@127.0.0.1:{port}"
