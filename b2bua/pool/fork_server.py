"""The fork server as the daemon sees it: a program that is given orders and says which processes it forked.

    order   spawn             → born PID, and later died PID STATUS; or failed ERRNO

Rule: one order is written after the other, since a stream takes no two writers. When the program ends, the orders that
it has not carried out are lost (`PoolState.server_ended`).
"""

import logging
import math
import os
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from subprocess import PIPE
from typing import Protocol

import trio

from b2bua.config.configuration import Media
from b2bua.media.paths import MediaPaths

_log = logging.getLogger(__name__)


def command(link: Path, edge: str, media: Media, paths: MediaPaths, cores: Iterable[int]) -> list[str]:
    """The command line. `edge` is the inside address (`HOST:PORT`) that processes send SIP to; `cores` are theirs."""
    words = [sys.executable, "-m", "b2bua.callproc.forkserver", "--link", str(link), "--edge", edge]
    words += ["--rtp-ports", media.ports, "--media-host", media.address, *paths.options()]
    return words + [f"--core={core}" for core in cores]


class ForkServerEvents(Protocol):
    """What the fork server says."""

    def server_started(self) -> None:
        """It takes orders."""

    def server_ended(self) -> None:
        """It takes no more; those that it has not carried out are lost."""

    def born(self, pid: int) -> None:
        """It has forked a process."""

    def order_failed(self) -> None:
        """It could not fork a process."""

    def child_ended(self, pid: int, status: int) -> None:
        """A process that it forked ended, with this exit status, or minus the signal that ended it."""


class ForkServer:
    """One program, run once."""

    def __init__(self, words: Sequence[str], events: ForkServerEvents) -> None:
        self._words = words
        self._events = events
        self._orders, self._to_write = trio.open_memory_channel[int](math.inf)

    def spawn(self, count: int) -> None:
        """Order so many processes. Does not wait."""
        self._orders.send_nowait(count)

    async def run(self) -> None:
        """Run the program until it ends by itself; cancelled, end it. Raises an OSError group if it cannot be started.

        It gets a session of its own: Ctrl-C in the operator's terminal is for the daemon alone.
        """
        async with trio.open_nursery() as nursery:
            start = partial(trio.run_process, stdin=PIPE, stdout=PIPE, check=False, start_new_session=True)
            program: trio.Process = await nursery.start(start, self._words)
            assert program.stdin is not None
            assert program.stdout is not None
            nursery.start_soon(self._write_orders, program.stdin)
            self._events.server_started()
            await self._read(program.stdout)
            self._events.server_ended()
            self._orders.close()

    async def _write_orders(self, stdin: trio.abc.SendStream) -> None:
        try:
            async for count in self._to_write:
                await stdin.send_all(b"spawn\n" * count)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            _log.warning("the fork server took no order (%r)", error)

    async def _read(self, stdout: trio.abc.ReceiveStream) -> None:
        text = b""
        async for chunk in stdout:
            *lines, text = (text + chunk).split(b"\n")
            for line in lines:
                self._take(line.decode())

    def _take(self, line: str) -> None:
        match line.split():
            case ["born", pid]:
                self._events.born(int(pid))
            case ["failed", errno]:
                _log.error("no call process can be started: %s", os.strerror(int(errno)))
                self._events.order_failed()
            case ["died", pid, status]:
                _log.log(logging.INFO if status == "0" else logging.ERROR, "process %s ended with %s", pid, status)
                self._events.child_ended(int(pid), int(status))
            case _:
                _log.warning("the fork server said %r", line)
