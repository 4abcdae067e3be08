"""What the tests of the control protocol share: a real control server on a socket of its own."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from b2bua.api.dispatch import Asker, Dispatcher, implements
from b2bua.api.requests.calls import HangUp, HungUp
from b2bua.api.requests.operation import AnOperation, Refusal
from b2bua.api.requests.plans import CheckPlan, PlanChecked, PlansPublished, PublishPlans
from b2bua.api.requests.pool import PoolShown, ShowPool
from b2bua.api.requests.voicemail import MarkMessages, MessagesMarked
from b2bua.api.requests.wire import encode
from b2bua.console.feed import Feed
from b2bua.console.protocol import (
    VERSION,
    Fault,
    FaultKind,
    Frames,
    FromConsole,
    FromDaemon,
    Hello,
    Request,
    Role,
    frame,
)
from b2bua.console.rows import LOG, LOG_ROWS, LiveCall
from b2bua.control.server import Control, listen


def a_call(**changes: Any) -> LiveCall:
    """A ringing call, changed as told."""
    call = LiveCall(
        state="ringing", caller="021-1234 5678", place="上海", number="400-600-1234", trunk="telecom",
        accepted_ms=1_700_000_000_000, target="desk", address="010-6552 1234", attempt=1,
    )  # fmt: skip
    return attrs.evolve(call, **changes)


class Far:
    """A console's end, message by message."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self._frames = Frames(FromDaemon)
        self._got: list[Any] = []

    async def send(self, message: FromConsole) -> None:
        """Send a message."""
        await self.stream.send_all(frame(message))

    async def ask(self, serial: int, request: AnOperation) -> None:
        """Send a request."""
        await self.send(Request(serial, request.NAME, encode(request)))

    async def hear(self) -> Any:
        """The next message; None at the end of the link. Fails after 30 s."""
        with trio.fail_after(30):
            while not self._got:
                piece = await self.stream.receive_some()
                if not piece:
                    return None
                self._got.extend(self._frames.feed(bytes(piece)))
        return self._got.pop(0)

    async def hear_until(self, wanted: Callable[[Any], bool]) -> list[Any]:
        """Messages up to and with the first wanted one."""
        heard = [await self.hear()]
        while not wanted(heard[-1]):
            assert heard[-1] is not None, f"the link ended after {heard}"
            heard.append(await self.hear())
        return heard


@attrs.define
class Stubs:
    """Operations that record who asked, refuse, fail, or wait for `gate`; what they do is not the server's matter."""

    asked: list[tuple[AnOperation, Asker]] = attrs.field(factory=list)
    gate: trio.Event = attrs.field(factory=trio.Event)
    times: int = 1
    """How often what is asked stands in the answer."""

    @implements
    async def echo(self, request: CheckPlan, asker: Asker) -> PlanChecked:
        """The text, as a warning."""
        self.asked.append((request, asker))
        return PlanChecked((), (Fault("text", request.text * self.times),))

    @implements
    async def hang_up(self, request: HangUp, asker: Asker) -> HungUp:
        """Only recorded."""
        self.asked.append((request, asker))
        return HungUp()

    @implements
    async def refuse(self, _: PublishPlans, __: Asker) -> PlansPublished:
        """A document with a fault."""
        raise Refusal(FaultKind.BAD_PLAN, "the plan has faults", (Fault("nodes.menu", "no otherwise", "add one"),))

    @implements
    async def fail(self, _: ShowPool, __: Asker) -> PoolShown:
        """A fault of the program."""
        raise RuntimeError("the disk is full")

    @implements
    async def wait(self, request: MarkMessages, asker: Asker) -> MessagesMarked:
        """Done when the gate opens."""
        await self.gate.wait()
        self.asked.append((request, asker))
        return MessagesMarked(len(request.call_ids))


@attrs.define
class Serving:
    """A control server that runs for one test, with `Stubs` for its operations."""

    path: Path
    feed: Feed
    control: Control
    stubs: Stubs
    _far: list[Far] = attrs.field(factory=list)

    async def connect(self) -> Far:
        """A link on which nothing has been said; closed at the end of the test."""
        self._far.append(Far(await trio.open_unix_socket(self.path)))
        return self._far[-1]

    async def welcomed(self, role: Role = Role.ADMIN, who: str = "wang") -> Far:
        """A link after Hello and Welcome."""
        far = await self.connect()
        await far.send(Hello(VERSION, role, who))
        await far.hear()
        return far

    async def close(self) -> None:
        """End all links."""
        for far in self._far:
            await far.stream.aclose()


@pytest.fixture
async def serving(tmp_path: Path, nursery: trio.Nursery) -> AsyncIterator[Serving]:
    """A server whose operations are `Stubs`."""
    feed = Feed({LOG: LOG_ROWS})
    path = tmp_path / "control.sock"
    stubs = Stubs()
    control = Control(feed, Dispatcher(stubs), cuts_per_s=200)
    await nursery.start(control.serve, listen(path))
    served = Serving(path, feed, control, stubs)
    yield served
    await served.close()
