"""A daemon that refuses a client: another user of the machine, and a client of another release."""

import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

import pytest
import trio
from textual.pilot import Pilot

from b2bua.api.dispatch import Asker
from b2bua.api.requests.calls import HangUp
from b2bua.api.requests.operation import Refusal
from b2bua.console.protocol import Refused as Refusing
from b2bua.console.protocol import Role, frame
from b2bua.control.client import Client
from b2bua.control.server import listen
from routing.ids import CallId
from tests.unit.tui.fake_switch import fake_switch
from tests.unit.tui.pilot import shows
from tests.unit.tui.test_console import at_the_console


@pytest.mark.req("T4")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_of_the_machine() -> None:
    """Another user who can reach the socket is refused without a token, by SO_PEERCRED, and is themselves with one."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        with fake_switch(Path(folder) / "control.sock", calls=0) as switch:
            switch.path.chmod(0o666)
            token = switch.tokens.add("li", Role.OPERATOR)
            assert as_nobody(switch.path, "") == "nobody is not the switch's own user"
            assert as_nobody(switch.path, token) == "hung up"
            assert switch.asked == [(HangUp(CallId("c0001")), Asker("li", Role.OPERATOR))]


def as_nobody(path: Path, token: str) -> str:
    """What the user nobody gets when they hang up a call as root, so they say."""
    ours, theirs = os.pipe()
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        child = os.fork()  # deprecated beside threads from Python 3.12 on; this child only talks and leaves
    if child == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        try:
            with Client.connect(path, who="root", token=token, timeout_s=5) as client:
                client.ask(HangUp(CallId("c0001")))
            os.write(theirs, b"hung up")
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is for the parent to see
            os.write(theirs, str(fault).partition(",")[0].encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as told:
        return told.read().decode()


def test_a_console_of_another_release_says_so(tmp_path: Path) -> None:
    """Commands and console that meet a daemon of another version show its sentence, and ask no further."""

    async def answer(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.receive_some()
            await stream.send_all(frame(Refusing(9, "this daemon speaks version 9: use the same release of both")))

    async def meet() -> None:
        async with trio.open_nursery() as nursery:
            listener = trio.SocketListener(trio.socket.from_stdlib_socket(listen(tmp_path / "control.sock")))
            nursery.start_soon(trio.serve_listeners, answer, [listener])
            with pytest.raises(Refusal, match="speaks version 9"):
                await trio.to_thread.run_sync(Client.connect, tmp_path / "control.sock")
            await trio.to_thread.run_sync(sit)
            nursery.cancel_scope.cancel()

    def sit() -> None:
        async def job(pilot: Pilot[Any]) -> None:
            await shows(pilot, "speaks version 9")

        at_the_console(tmp_path / "control.sock", job)

    trio.run(meet)
