"""What consoles cost the daemon: CPU of its thread with none, one and two of them before a busy feed."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest
import trio

from b2bua.api.dispatch import Dispatcher
from b2bua.console.feed import Feed
from b2bua.console.protocol import VERSION, Hello, Role, Subscribe, frame
from b2bua.console.rows import CALLS, LOG, LOG_ROWS, TOPICS
from b2bua.control.server import Control, listen
from tests.unit.tui.fake_switch import a_live_call, fill

LIVE = 500
SPAN_S = 8.0


class Busy:
    """A control server whose calls change `per_s` times a second; `cpu_s` is what its thread has used."""

    def __init__(self, path: Path, per_s: float) -> None:
        self.path = path
        self.cpu_s = 0.0
        self._per_s = per_s
        self._stop = trio.CancelScope()
        self._ready = threading.Event()
        self._token: trio.lowlevel.TrioToken
        self._thread = threading.Thread(target=trio.run, args=(self._serve,))

    def __enter__(self) -> "Busy":
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        trio.from_thread.run_sync(self._stop.cancel, trio_token=self._token)
        self._thread.join(5)

    def used_s(self) -> float:
        """CPU seconds of the server's thread so far."""
        return trio.from_thread.run_sync(time.thread_time, trio_token=self._token)

    async def _serve(self) -> None:
        feed = Feed({LOG: LOG_ROWS})
        fill(feed, LIVE)
        self._token = trio.lowlevel.current_trio_token()
        with self._stop:
            async with trio.open_nursery() as nursery:
                await nursery.start(Control(feed, Dispatcher()).serve, listen(self.path))
                self._ready.set()
                calls = [a_live_call(n) for n in range(LIVE)]
                for n in range(10**9):
                    call = calls[n % LIVE] = attrs.evolve(calls[n % LIVE], attempt=n, rang_ms=n, state=f"{n % 3}")
                    feed.change(CALLS, f"c{n % LIVE:04d}", call)
                    await trio.sleep(1 / self._per_s)


@contextmanager
def console(path: Path) -> Iterator[None]:
    """A console that subscribes to everything and reads what comes."""
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(path))
        link.sendall(frame(Hello(VERSION, Role.VIEWER, "bench")) + frame(Subscribe(TOPICS)))

        def read() -> None:
            while link.recv(65536):
                pass

        reader = threading.Thread(target=read)
        reader.start()
        try:
            yield
        finally:
            link.shutdown(socket.SHUT_RDWR)
            reader.join(5)


def share(busy: Busy) -> float:
    """The part of a core that the server's thread uses, over `SPAN_S`, after the snapshot is sent."""
    time.sleep(0.5)  # the snapshot is sent by then
    before, began = busy.used_s(), time.monotonic()
    time.sleep(SPAN_S)  # the span that is measured
    return (busy.used_s() - before) / (time.monotonic() - began)


@pytest.mark.bench
@pytest.mark.req("S3")
@pytest.mark.parametrize("per_s", [50, 500])
def test_a_second_console_is_cheap(tmp_path: Path, per_s: float) -> None:
    """With 500 live calls that change 50 times a second, one more console costs the daemon under 1 % of a core.

    Ten times as many changes are measured too, and printed.
    """
    with Busy(tmp_path / "control.sock", per_s) as busy:
        none = share(busy)
        with console(busy.path):
            one = share(busy)
            with console(busy.path):
                two = share(busy)
    shares = f"{none:.2%} of a core alone, {one:.2%} with a console, {two:.2%} with two"
    print(f"\n{LIVE} calls, {per_s} changes/s: {shares}")
    assert per_s > 50 or two - one < 0.01
