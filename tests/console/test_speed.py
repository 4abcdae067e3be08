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
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

import attrs
import pytest

from b2bua.rows import CALLS
from tests.console.office import Office, a_live_call, office

CALLS_UP = 500
CHANGES_PER_S = 50
MOST_OF_A_CORE = 0.25
ANSWER_WITHIN_S = 0.1


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

    def close(self) -> None:
        """End the console."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        os.close(self._near)


@contextmanager
def restless(switch: Office) -> Iterator[None]:
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


@pytest.mark.bench
@pytest.mark.req("S3")
@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (200, 60)])
def test_cost_and_answer(tmp_path: Path, columns: int, lines: int) -> None:
    """500 calls, 50 changes a second: under 25 % of a core, and a key is on the screen within 100 ms."""
    path = tmp_path / "control.sock"
    with office(path, calls=CALLS_UP, now_ms=time.time_ns() // 1_000_000) as switch, restless(switch):
        terminal = Terminal(path, tmp_path / "own", columns, lines)
        try:
            terminal.wait_for("Caller")
            terminal.watch(3)
            began_s, cpu_s, written = time.perf_counter(), terminal.cpu_s(), terminal.written
            terminal.watch(10)
            took_s = time.perf_counter() - began_s
            share = (terminal.cpu_s() - cpu_s) / took_s
            rate = (terminal.written - written) / took_s / 1000
            answers = []
            for _ in range(10):
                for key, text in (("3", "last answer"), ("1", "Caller"), ("/", "ilter; !")):
                    terminal.press(key)
                    answers.append(terminal.wait_for(text))
                    terminal.watch(0.13)  # the next key comes at another moment of the beat
                terminal.press("\r")
                terminal.watch(0.3)
        finally:
            terminal.close()
    print(f"\nconsole {columns}x{lines}: {share:.1%} of a core, {rate:.0f} kB/s to the terminal; ", end="")
    print(f"a key is answered in {median(answers) * 1000:.0f} ms, at worst {max(answers) * 1000:.0f} ms")
    assert share < MOST_OF_A_CORE
    assert median(answers) < ANSWER_WITHIN_S
