"""What the tests of the control protocol share: a real control server on a socket of its own."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from b2bua.api.verbs import LEAST, Operator, Refusal
from b2bua.console.feed import Feed
from b2bua.console.protocol import VERSION, Fault, Frames, FromConsole, FromDaemon, Hello, Role, frame
from b2bua.console.rows import LOG, LOG_ROWS, LiveCall
from b2bua.control.server import Control, listen


def a_call(**changes: Any) -> LiveCall:
    """A ringing call, changed as told."""
    call = LiveCall(
        state="ringing", caller="021-1234 5678", place="上海", number="400-600-1234", trunk="telecom",
        accepted_ms=1_700_000_000_000, target="desk", address="010-6552 1234", attempt=1,
    )  # fmt: skip
    return attrs.evolve(call, **changes)


LEAST_OF = {**LEAST, "echo": Role.VIEWER, "fail": Role.VIEWER, "wait": Role.VIEWER}


class Far:
    """A console's end, message by message."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self._frames = Frames(FromDaemon)
        self._got: list[Any] = []

    async def say(self, message: FromConsole) -> None:
        """Send a message."""
        await self.stream.send_all(frame(message))

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
class Serving:
    """A control server that runs for one test, and what its verbs were asked."""

    path: Path
    feed: Feed
    control: Control
    asked: list[tuple[dict[str, Any], Operator]]
    gate: trio.Event
    _far: list[Far] = attrs.field(factory=list)

    async def connect(self) -> Far:
        """A link on which nothing has been said; closed at the end of the test."""
        self._far.append(Far(await trio.open_unix_socket(self.path)))
        return self._far[-1]

    async def welcomed(self, role: Role = Role.ADMIN, who: str = "wang") -> Far:
        """A link after Hello and Welcome."""
        far = await self.connect()
        await far.say(Hello(VERSION, role, who))
        await far.hear()
        return far

    async def close(self) -> None:
        """End all links."""
        for far in self._far:
            await far.stream.aclose()


@pytest.fixture
async def serving(tmp_path: Path, nursery: trio.Nursery) -> AsyncIterator[Serving]:
    """A server with verbs that echo, refuse, fail, wait and answer at length."""
    asked: list[tuple[dict[str, Any], Operator]] = []
    gate = trio.Event()

    async def echo(args: dict[str, Any], operator: Operator) -> Any:
        asked.append((args, operator))
        return args

    async def refuse(args: dict[str, Any], operator: Operator) -> Any:
        raise Refusal("the plan has faults", (Fault("nodes.menu", "no otherwise", "add one"),))

    async def fail(args: dict[str, Any], operator: Operator) -> Any:
        raise RuntimeError("the disk is full")

    async def wait(args: dict[str, Any], operator: Operator) -> Any:
        await gate.wait()
        asked.append((args, operator))

    verbs = {
        "echo": echo,
        "call.hangup": echo,
        "plan.publish": refuse,
        "fail": fail,
        "wait": wait,
    }
    feed = Feed({LOG: LOG_ROWS})
    path = tmp_path / "control.sock"
    control = Control(feed, verbs, least=LEAST_OF, cuts_per_s=200)
    await nursery.start(control.serve, listen(path))
    served = Serving(path, feed, control, asked, gate)
    yield served
    await served.close()
