"""The accept loop outlives used up descriptors and clients that go away; only its listener's end ends it."""

import errno
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import trio
from trio.testing import MockClock

from b2bua.base.accept_loop import LACKS, RETRY_S, accept_forever


class Listener:
    """Fails with each of these error numbers in turn, then gives one connection, then is closed."""

    def __init__(self, *failures: int) -> None:
        self._failures = [*failures, 0, errno.EBADF]
        self.tried_s: list[float] = []

    async def accept(self) -> str:
        """The next outcome."""
        await trio.lowlevel.checkpoint()
        self.tried_s.append(trio.current_time())
        if failure := self._failures.pop(0):
            raise OSError(failure, "as the kernel says")
        return "connection"


@pytest.mark.req("S1")
@pytest.mark.parametrize("lack", LACKS)
async def test_a_lack_is_waited_for(lack: int, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the machine lacks, the loop waits and takes the next connection; the log says it once, and its end."""
    taken: list[str] = []
    listener = Listener(lack, lack, lack)
    with pytest.raises(OSError, match="as the kernel says"):
        await accept_forever(listener.accept, taken.append, "the test")
    assert taken == ["connection"]
    assert listener.tried_s[3] - listener.tried_s[0] >= 3 * RETRY_S * 0.99
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]


@pytest.mark.req("S1")
async def test_a_client_that_went_away_costs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Errors of one client are passed over at once."""
    taken: list[str] = []
    listener = Listener(errno.ECONNABORTED, errno.EPROTO, errno.EPERM)
    with pytest.raises(OSError, match="as the kernel says"):
        await accept_forever(listener.accept, taken.append, "the test")
    assert (taken, caplog.records) == (["connection"], [])


@pytest.mark.req("S1")
async def test_what_cannot_be_taken_costs_one_connection(caplog: pytest.LogCaptureFixture) -> None:
    """An OSError of whoever takes a connection, as a `dup` without descriptors, does not end the loop."""

    def take(connection: str) -> None:
        raise OSError(errno.EMFILE, f"no descriptor for the {connection}")

    listener = Listener()
    with pytest.raises(OSError, match="as the kernel says"):
        await accept_forever(listener.accept, take, "the test")
    assert "no descriptor for the connection" in caplog.text


@contextmanager
def _no_descriptor_left() -> Iterator[None]:
    """This process can open nothing more: the soft limit is the lowest free descriptor."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as probe:
        lowest = probe.fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.req("S1")
async def test_a_real_socket_without_descriptors(caplog: pytest.LogCaptureFixture) -> None:
    """A client that connects while there is no descriptor is accepted as soon as there is one again."""
    listener = trio.socket.socket()
    await listener.bind(("127.0.0.1", 0))
    listener.listen()
    accepted = trio.Event()
    client = socket.socket()
    client.setblocking(False)
    with listener, client:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(
                accept_forever, listener.accept, lambda taken: (taken[0].close(), accepted.set()), "the test"
            )
            await trio.testing.wait_all_tasks_blocked()
            with _no_descriptor_left():
                with suppress(BlockingIOError):
                    client.connect(listener.getsockname())
                with trio.fail_after(5):
                    while not caplog.records:
                        await trio.sleep(0.01)
                assert not accepted.is_set()
            with trio.fail_after(5):
                await accepted.wait()
            nursery.cancel_scope.cancel()
