"""A house around real call processes: the fork server, a forwarder for the edge, and a listener for the daemon.

Rule: the processes, PJSIP and the sockets are real; only the daemon's own work (pool, store) is played by the test.
"""

import os
import re
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import trio

from b2bua.ipc.protocol import (
    Assign,
    Frames,
    FromDaemon,
    FromProcess,
    Hello,
    Idle,
    InviteKey,
    Route,
    Stored,
    Update,
    frame,
)
from b2bua.records.call_record import CallRecord
from routing.document import parse, to_plain
from routing.facts import Caller, CallerClass, Facts
from routing.ids import CallId, Number400, TrunkName
from tests.support.sip_forwarder import Forwarder
from tests.support.sip_text import field

CALLER = Caller("02112345678", CallerClass.FIXED, "021", "Shanghai")


def plan_for(*addresses: str, ring_s: int = 5) -> dict[str, Any]:
    """The plain form of a plan that hunts these addresses in order. `ring_s` may be shorter than documents allow."""
    targets = "\n".join(f't{n} = "{address}"' for n, address in enumerate(addresses, 1))
    names = ", ".join(f'"t{n}"' for n in range(1, len(addresses) + 1))
    document = f'number = "400-600-1234"\nsubscriber = "test"\n[targets]\n{targets}\n[hunt]\ntargets = [{names}]\n'
    plain = to_plain(parse(document))
    for node in plain["nodes"].values():
        node["ring_s"] = ring_s
    return plain


@attrs.define
class Child:
    """A call process as the daemon sees it: its Hello, its end of the link, and all it said."""

    hello: Hello
    stream: trio.SocketStream
    said: list[FromProcess]

    @property
    def updates(self) -> list[CallRecord]:
        """Every record it sent, in order."""
        return [said.record for said in self.said if isinstance(said, Update)]


@attrs.define
class House:
    """Everything around the call processes. `assignment` may be changed by a test before it calls."""

    folder: Path
    forwarder: Forwarder
    children: dict[int, Child] = attrs.field(factory=dict)
    idle: list[Child] = attrs.field(factory=list)
    plan: dict[str, Any] | None = None
    routes: tuple[Route, ...] = ()
    caller: Caller = CALLER
    assign: dict[str, Any] = attrs.field(factory=dict)
    stores: bool = True
    news: trio.Condition = attrs.field(factory=trio.Condition)
    deaths: dict[int, int] = attrs.field(factory=dict)
    server: trio.Process | None = None
    calls: int = 0
    listening: trio.CancelScope | None = None

    @property
    def link(self) -> Path:
        """The daemon's socket."""
        return self.folder / "link"

    @property
    def sip(self) -> str:
        """Where the carrier sends its calls."""
        return f"127.0.0.1:{self.forwarder.port}"

    async def until(self, wanted: Callable[[], Any]) -> Any:
        """Wait for something to become true through what children say; its value."""
        async with self.news:
            while not (value := wanted()):
                await self.news.wait()
            return value

    async def spawn(self) -> Child:
        """One more call process, ready for a call."""
        assert self.server is not None
        assert self.server.stdin is not None
        before = set(self.children)
        await self.server.stdin.send_all(b"spawn\n")
        (pid,) = await self.until(lambda: set(self.children) - before)
        return self.children[pid]

    async def tell(self, child: Child, message: FromDaemon) -> None:
        """Say something to a process, and wake it."""
        await child.stream.send_all(frame(message))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"\r\n\r\n", ("127.0.0.1", child.hello.sip_port))

    async def announce(self, invite: str) -> int:
        """Assign a new INVITE to a process that rests; its SIP port."""
        child: Child = await self.until(lambda: self.idle and self.idle.pop(0))
        self.calls += 1
        tag = re.search(r"tag=([^;\s]+)", field(invite, "From"))
        assert tag, invite
        call_id = f"call-{self.calls}"
        facts = Facts(
            CallId(call_id),
            Number400("4006001234"),
            self.caller,
            TrunkName("carrier"),
            datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai")),
        )
        assign = Assign(
            call_id=call_id,
            invite=InviteKey(field(invite, "Call-ID"), tag[1]),
            accepted_ms=1_772_416_800_000,
            facts=facts,
            plan_hash="0" * 64,
            plan=self.plan,
            routes=self.routes,
            contact=f"sip:{child.hello.incarnation}@{self.sip}",
            identity="switch.test",
            media_host="127.0.0.1",
            **self.assign,
        )
        await self.tell(child, assign)
        return child.hello.sip_port

    async def listen(self) -> None:
        """Play the daemon until `listening` is cancelled: every record is stored at once."""
        self.link.unlink(missing_ok=True)
        with trio.socket.socket(trio.socket.AF_UNIX, trio.socket.SOCK_STREAM) as door:
            await door.bind(str(self.link))
            door.listen(64)
            async with trio.open_nursery() as nursery:
                self.listening = nursery.cancel_scope
                while True:
                    peer, _ = await door.accept()
                    nursery.start_soon(self._attend, trio.SocketStream(peer))

    async def _attend(self, stream: trio.SocketStream) -> None:
        frames = Frames(FromProcess)
        child: Child | None = None
        # A process that is killed resets the link.
        with suppress(trio.BrokenResourceError):
            async with stream:
                async for piece in stream:
                    for said in frames.feed(bytes(piece)):
                        if isinstance(said, Hello):
                            child = self._greet(said, stream)
                        assert child is not None
                        await self._take(child, said)

    def _greet(self, hello: Hello, stream: trio.SocketStream) -> Child:
        child = Child(hello, stream, [])
        self.children[hello.pid] = child
        self.forwarder.doors[hello.incarnation] = hello.sip_port
        if not hello.call_id:
            self.idle.append(child)
        return child

    async def _take(self, child: Child, said: FromProcess) -> None:
        child.said.append(said)
        if isinstance(said, Update) and self.stores:
            await self.tell(child, Stored(said.record.call_id, said.record.seq))
        if isinstance(said, Idle):
            self.idle.append(child)
        async with self.news:
            self.news.notify_all()

    async def watch(self) -> None:
        """Read what the fork server prints."""
        assert self.server is not None
        assert self.server.stdout is not None
        heard = b""
        async for piece in self.server.stdout:
            heard += piece
            *lines, heard = heard.split(b"\n")
            for line in lines:
                word, *rest = line.split()
                if word == b"died":
                    self.deaths[int(rest[0])] = int(rest[1])
            async with self.news:
                self.news.notify_all()


@asynccontextmanager
async def open_house(*options: str) -> AsyncIterator[House]:
    """A house with its fork server running and no call process yet; `options` go to the fork server."""
    with (
        tempfile.TemporaryDirectory(prefix="x-s400-") as folder,
        trio.fail_after(90),
        trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM) as door,
    ):
        await door.bind(("127.0.0.1", 0))
        async with trio.open_nursery() as nursery:
            house = House(Path(folder), Forwarder(door, door.getsockname()[1]))
            house.forwarder.announce = house.announce
            nursery.start_soon(house.forwarder.run)
            nursery.start_soon(house.listen)
            command = [
                sys.executable,
                "-m",
                "b2bua.callproc.forkserver",
                "--link",
                str(house.link),
                "--edge",
                house.sip,
            ]
            house.server = await trio.lowlevel.open_process([*command, *options], stdin=-1, stdout=-1)
            nursery.start_soon(house.watch)
            try:
                yield house
            except BaseException:
                for seen in house.forwarder.seen:
                    print(f"→ {seen.to_port}\n{seen.text}")
                raise
            finally:
                with trio.CancelScope(shield=True):
                    await _tear_down(house)
                nursery.cancel_scope.cancel()


async def _tear_down(house: House) -> None:
    assert house.server is not None
    for pid in set(house.children) - set(house.deaths):
        os.kill(pid, 9)
    with trio.move_on_after(5):
        await house.until(lambda: set(house.children) <= set(house.deaths))
    assert house.server.stdin is not None
    await house.server.stdin.aclose()
    with trio.move_on_after(5):
        await house.server.wait()
