"""The far ends of test calls: `switch400 phone` and `switch400 call`, run as their users run them."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import attrs
import trio

Outcome: TypeAlias = dict[str, Any]  # a JSON object that a program prints
_RUN = "from b2bua.cli.{0} import command; command()"


@attrs.define
class PhoneEnd:
    """A running test telephone: its port and the lines it has printed."""

    process: trio.Process
    port: int = 0
    lines: list[str] = attrs.field(factory=list)
    news: trio.Condition = attrs.field(factory=trio.Condition)

    @property
    def address(self) -> str:
        """Its SIP URI, as a target's address."""
        return f"sip:1001@127.0.0.1:{self.port}"

    async def wait_for(self, text: str) -> str:
        """The first line that holds a text."""
        async with self.news:
            while not (found := [line for line in self.lines if text in line]):
                await self.news.wait()
            return found[0]

    async def read(self) -> None:
        """Gather what it prints."""
        assert self.process.stdout is not None
        heard = ""
        async for piece in self.process.stdout:
            heard += piece.decode()
            *lines, heard = heard.split("\n")
            async with self.news:
                self.lines += lines
                self.news.notify_all()


@asynccontextmanager
async def open_phone(*options: str) -> AsyncIterator[PhoneEnd]:
    """A telephone on a free port."""
    process = await trio.lowlevel.open_process(
        [sys.executable, "-c", _RUN.format("phone"), "--port", "0", *options], stdout=-1
    )
    phone = PhoneEnd(process)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(phone.read)
        ready = await phone.wait_for("ready on")
        phone.port = int(ready.split(":")[1])
        try:
            yield phone
        finally:
            process.terminate()
            with trio.CancelScope(shield=True):
                await process.wait()
            nursery.cancel_scope.cancel()


async def call(to: str, *options: str) -> Outcome:
    """Place a test call to 400-600-1234; its outcome as `--json` prints it."""
    done = await trio.run_process(
        [sys.executable, "-c", _RUN.format("call"), "400-600-1234", "--to", to, "--json", *options],
        capture_stdout=True,
        check=False,
    )
    outcome: Outcome = json.loads(done.stdout)
    outcome["exit"] = done.returncode
    return outcome


async def call_until(over: trio.Event, to: str) -> Outcome:
    """Place a test call as `call` does, and hang up when `over` is set; its outcome."""
    command = [sys.executable, "-c", _RUN.format("call"), "400-600-1234", "--to", to, "--json", "--seconds", "90"]
    process = await trio.lowlevel.open_process(command, stdout=-1)
    assert process.stdout is not None
    try:
        await over.wait()
        process.terminate()
        said = b"".join([bytes(piece) async for piece in process.stdout])
        exited = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
    outcome: Outcome = json.loads(said)
    outcome["exit"] = exited
    return outcome
