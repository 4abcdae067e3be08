"""What the console costs, and how soon it answers, on a terminal of its own, with 500 calls up that never rest."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median

import attrs
import pytest

from b2bua.console.rows import CALLS
from tests.unit.tui.fake_switch import FakeSwitch, a_live_call, fake_switch

CALLS_UP = 500
CHANGES_PER_S = 50
MOST_OF_A_CORE = 0.25
ANSWER_WITHIN_S = 0.1
ROUNDS = 40


class Terminal:
    """A console in a pty: what it wrote, and keys for it."""

    def __init__(self, socket: Path, own: Path, columns: int, lines: int) -> None:
        near, far = pty.openpty()
        fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        command = [sys.executable, "-m", "tui", "--socket", str(socket), "--lang", "en", "--own", str(own)]
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.process = subprocess.Popen(
            command, stdin=far, stdout=far, stderr=far, env=environment, start_new_session=True
        )
        os.close(far)
        self._near = near
        self.written = 0

    def press(self, key: str) -> None:
        """A key, as the terminal sends it."""
        os.write(self._near, key.encode())

    def wait_for(self, text: str, timeout_s: float = 20) -> float:
        """Read on until this is written; the seconds that took."""
        began, seen = time.perf_counter(), b""
        while text.encode() not in seen:
            assert time.perf_counter() - began < timeout_s, f"no {text!r} in {seen[-2000:]!r}"
            seen += self.read(1.0)
        return time.perf_counter() - began

    def read(self, within_s: float) -> bytes:
        """What is written next, or nothing if nothing is in that time."""
        if not select.select([self._near], [], [], within_s)[0]:
            return b""
        piece = os.read(self._near, 65536)
        self.written += len(piece)
        return piece

    def watch(self, for_s: float) -> None:
        """Take what is written, as a terminal does."""
        until = time.perf_counter() + for_s
        while (left := until - time.perf_counter()) > 0:
            self.read(left)

    def cpu_s(self) -> float:
        """CPU seconds of the console so far, user and system."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def waited_s(self) -> float:
        """Seconds that the console was ready to run and had no core (Linux: `schedstat`)."""
        return int(Path(f"/proc/{self.process.pid}/schedstat").read_text().split()[1]) / 1e9

    def close(self) -> None:
        """End the console."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        os.close(self._near)


@contextmanager
def restless(switch: FakeSwitch) -> Iterator[None]:
    """The switch's calls change, one after another, until the end of the block."""
    over = threading.Event()

    def change() -> None:
        turn = 0
        while not over.wait(1 / CHANGES_PER_S):
            turn += 1
            n = turn % CALLS_UP
            call = attrs.evolve(a_live_call(n + turn // CALLS_UP, time.time_ns() // 1_000_000), attempt=turn % 7)
            switch.do(partial(switch.feed.change, CALLS, f"c{n:04d}", call))

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@attrs.frozen
class Answer:
    """From a key to the screen: seconds in all, and without those in which the console was ready but had no core."""

    took_s: float
    own_s: float


def answers(terminal: Terminal) -> list[Answer]:
    """Three keys that change the whole screen, each at another moment of the beat."""
    given = []
    for key, text in (("3", "Failed"), ("1", "Caller"), ("/", "ilter; !")):
        before_s = terminal.waited_s()
        terminal.press(key)
        took_s = terminal.wait_for(text)
        given.append(Answer(took_s, took_s - (terminal.waited_s() - before_s)))
        terminal.watch(0.13)
    terminal.press("\r")
    terminal.watch(0.3)
    return given


def faults_by_line(what: str, seconds: list[float]) -> str:
    """Median, 99th percentile and worst, in milliseconds."""
    ordered = sorted(seconds)
    shown = (median(ordered), ordered[len(ordered) * 99 // 100], ordered[-1])
    return f"{what} {' / '.join(f'{one * 1000:.0f}' for one in shown)}"


@pytest.mark.bench
@pytest.mark.req("S3")
@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (200, 60)])
def test_cost_and_answer(tmp_path: Path, columns: int, lines: int) -> None:
    """500 calls, 50 changes a second: under 25 % of a core, and a key is on the screen within 100 ms.

    A console of a switch where nothing happens is asked in turn, to compare with; what is waited for a core, because
    others have them all, is told apart.
    """
    now_ms = time.time_ns() // 1_000_000
    with ExitStack() as stack:
        still = stack.enter_context(fake_switch(tmp_path / "still.sock", calls=0, now_ms=now_ms))
        switch = stack.enter_context(fake_switch(tmp_path / "busy.sock", calls=CALLS_UP, now_ms=now_ms))
        stack.enter_context(restless(switch))
        idle, busy = (Terminal(at.path, tmp_path / "own", columns, lines) for at in (still, switch))
        stack.callback(idle.close)
        stack.callback(busy.close)
        for terminal in (idle, busy):
            terminal.wait_for("Caller")
        busy.watch(3)
        began_s, cpu_s, written = time.perf_counter(), busy.cpu_s(), busy.written
        busy.watch(10)
        took_s = time.perf_counter() - began_s
        share = (busy.cpu_s() - cpu_s) / took_s
        rate = (busy.written - written) / took_s / 1000
        of_idle, of_busy = [], []
        for _ in range(ROUNDS):
            of_idle += answers(idle)
            of_busy += answers(busy)
            idle.watch(0.1)
    print(
        f"\nconsole {columns}x{lines}: {share:.1%} of a core, {rate:.0f} kB/s to the terminal; a key is answered in ms"
    )
    print(f"(median / p99 / worst): {faults_by_line('idle', [each.took_s for each in of_idle])}", end=", ")
    print(faults_by_line("busy", [each.took_s for each in of_busy]), end="; without waiting for a core: ")
    print(
        faults_by_line("idle", [each.own_s for each in of_idle]),
        faults_by_line("busy", [each.own_s for each in of_busy]),
        sep=", ",
    )
    assert share < MOST_OF_A_CORE
    own = sorted(each.own_s for each in of_busy)
    assert own[len(own) * 99 // 100] < ANSWER_WITHIN_S
