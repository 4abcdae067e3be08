"""A daemon in the process of the test: its fork server, call processes, database and sockets are all real."""

import gc
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import attrs
import pytest
import trio
from click.testing import CliRunner, Result

from b2bua.api.requests.operation import Operation, Refusal
from b2bua.api.requests.plans import PublishPlans
from b2bua.api.requests.records import FindRecords, FoundCall
from b2bua.cli import main
from b2bua.config.configuration import read
from b2bua.console.rows import LOG
from b2bua.control.client import Client, DaemonGone
from b2bua.daemon.daemon import Daemon
from routing.ids import Number400
from tests.support.ports import free_port
from tests.support.sip_far_end import Far

R = TypeVar("R")
T = TypeVar("T")

NUMBER = Number400("4006001234")
_CONFIG = """
state = "{state}"
[sip]
listen = "127.0.0.1:{port}"
[processes]
spare = 2
most = 2
[trunk.carrier]
sources = ["127.0.0.0/8"]
{trunk}
[gateway.out]
host = "127.0.0.1"
port = {gateway}
{more}
"""


@attrs.frozen
class Running:
    """A daemon that takes calls at `port` of loopback."""

    state: Path
    port: int

    async def ask(self, request: Operation[R]) -> R:
        """The reply to a request over the control socket, from a thread, as a program of its own would ask."""

        def ask() -> R:
            with Client.connect(self.state / "control.sock", who="wang") as client:
                return client.ask(request)

        return await trio.to_thread.run_sync(ask)

    async def refused(self, request: Operation[R]) -> Refusal:
        """The refusal of a request that must be refused."""
        with pytest.raises(Refusal) as refused:
            await self.ask(request)
        return refused.value

    async def rows(self, topic: str) -> dict[str, Any]:  # Any: a row is plain fields, of its topic
        """A topic of the feed as it stands now; empty before there is a daemon."""

        def look() -> dict[str, Any]:
            with suppress(DaemonGone), Client.connect(self.state / "control.sock") as client:
                return dict(client.snapshot((topic,))[topic])
            return {}

        return await trio.to_thread.run_sync(look)

    async def command(self, *words: str) -> Result:
        """`switch400` with these words, at this daemon."""
        words = (*words, "--state", str(self.state))
        return await trio.to_thread.run_sync(partial(CliRunner().invoke, main, words))

    async def publish(self, far: Far, nodes: str = "", *, start: str = "", capacity: int = 9) -> None:
        """A plan whose one target, `seat`, is a far end with room for so many calls."""
        first = f'start = "{start}"' if start else ""
        target = f'seat = {{ address = "{far.uri}", capacity = {capacity} }}'
        document = f'number = "{NUMBER}"\nsubscriber = "Test"\n{first}\n[targets]\n{target}\n{nodes}\n'
        await self.ask(PublishPlans((document,), note="test"))

    async def found(self, good: Callable[[FoundCall], bool] = lambda _: True) -> FoundCall:
        """The newest call, once it is good."""
        rows = await self.until(partial(self.ask, FindRecords(most=1)), lambda found: any(map(good, found.rows)))
        return rows.rows[0]

    async def until(self, look: Callable[[], Awaitable[T]], good: Callable[[T], bool]) -> T:
        """What a look at the daemon shows, once it is good."""
        with trio.fail_after(30):
            while not good(seen := await look()):
                await trio.sleep(0.02)
        return seen


def configuration(folder: Path, *, port: int, trunk: str = "", more: str = "") -> Path:
    """The file of a switch with room for two calls, its state in `folder`."""
    file = folder / "switch400.toml"
    fields = {"state": folder / "state", "port": port, "gateway": free_port(), "trunk": trunk, "more": more}
    file.write_text(_CONFIG.format(**fields), encoding="utf-8")
    return file


@asynccontextmanager
async def running(file: Path, plans: Sequence[str] = (), *, keep_calls: bool = False) -> AsyncIterator[Running]:
    """A daemon with this configuration, until SIGTERM, which is how its operator ends it, at the end of the block."""
    config = read(file)
    daemon = Daemon(config, plans, keep_calls=keep_calls)
    switch = Running(config.state, config.sip.listen.port)
    with trio.fail_after(90):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(daemon.run, "it listens")
            await switch.until(partial(switch.rows, LOG), lambda rows: "started" in str(rows))
            try:
                yield switch
            finally:
                signal.raise_signal(signal.SIGTERM)
    gc.unfreeze()  # what the daemon froze at its start
