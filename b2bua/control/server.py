"""The control server: a Unix socket where consoles get the feed and request operations.

Rule: the feed is cut at a fixed rate, and each delta is encoded once, however many consoles are connected. Only the
switch's user may open the socket (mode 0600), or a group too (0660), whose members need a token
(`b2bua.control.authentication`). The links of a person whose token is removed end within two seconds.
"""

import os
import pwd
import shutil
import socket as sockets
import stat
from pathlib import Path
from typing import Final

import trio

from b2bua.api.dispatch import Dispatcher
from b2bua.base.accept_loop import accept_forever
from b2bua.console.feed import Feed, within
from b2bua.console.protocol import frame
from b2bua.control.authentication import Authentication
from b2bua.control.connection import Connection

RECHECK_S: Final = 1.0
"""How often it is checked whether the people who are connected would still be accepted."""

_UNSEEN_S: Final = 0.2
"""The time between two cuts while no console is connected."""


class SocketTaken(Exception):
    """Another daemon listens on this path, or something that is no socket lies there."""


def listen(path: Path, group: str = "") -> sockets.socket:
    """A listening socket at `path`, 0600; or 0660 and of this `group`.

    Replaces the socket of a daemon that has died. Raises SocketTaken, OSError (PermissionError: the user is not in the
    group) or LookupError (there is no such group).
    """
    if path.is_symlink() or path.exists():
        _clear(path)
    listener = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
        if group:
            _give_to(group, path)
            path.chmod(0o660)
        listener.listen(64)
    except (OSError, LookupError):
        listener.close()
        path.unlink(missing_ok=True)
        raise
    finally:
        os.umask(mask)
    return listener


def _give_to(group: str, path: Path) -> None:
    try:
        shutil.chown(path, group=group)
    except PermissionError as error:
        user = pwd.getpwuid(os.geteuid()).pw_name
        raise PermissionError(f"control.group: {user} is not in {group}; usermod -aG {group} {user}") from error


def _clear(path: Path) -> None:
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise SocketTaken(f"{path} is not a socket: choose another path, or move it away")
    with sockets.socket(sockets.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise SocketTaken(f"{path} belongs to a running daemon: stop it, or choose another path")


class Control:
    """Serves `feed` and the operations of `dispatcher` to those whom `authentication` accepts (None: the owner).

    The feed may change at any time: consoles are sent at most `cuts_per_s` deltas a second.
    """

    def __init__(
        self,
        feed: Feed,
        dispatcher: Dispatcher,
        authentication: Authentication | None = None,
        *,
        cuts_per_s: float = 20.0,
    ) -> None:
        self._feed = feed
        self._dispatcher = dispatcher
        self._authentication = authentication or Authentication()
        self._pace_s = 1 / cuts_per_s
        self._links: set[Connection] = set()

    @property
    def consoles(self) -> int:
        """How many consoles are connected now."""
        return len(self._links)

    async def serve(
        self, listener: sockets.socket, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve consoles until cancelled.

        `listener` is from `listen`, and it and its path are gone at the end.
        """
        path = Path(listener.getsockname())
        connections = trio.SocketListener(trio.socket.from_stdlib_socket(listener))
        try:
            async with connections, trio.open_nursery() as nursery:

                def connected(stream: trio.SocketStream) -> None:
                    nursery.start_soon(self._connected, stream, nursery)

                nursery.start_soon(self._publish)
                nursery.start_soon(self._end_revoked)
                nursery.start_soon(accept_forever, connections.accept, connected, "the control socket")
                task_status.started()
        finally:
            path.unlink(missing_ok=True)  # noqa: ASYNC240 - one unlink, at the very end

    async def _publish(self) -> None:
        """Send what has changed in the feed, until cancelled."""
        while True:
            await trio.sleep(self._pace_s if self._links else _UNSEEN_S)
            delta = self._feed.cut()
            if not delta.changes:
                continue
            packed: dict[frozenset[str], bytes] = {}
            for link in self._links:
                topics = link.outbox.topics
                if topics not in packed:
                    packed[topics] = frame(within(delta, topics))
                link.outbox.delta(packed[topics])

    async def _end_revoked(self) -> None:
        """End the links of people who would not be accepted again, until cancelled."""
        while True:
            await trio.sleep(RECHECK_S)
            for link in self._links:
                link.recheck()

    async def _connected(self, stream: trio.SocketStream, nursery: trio.Nursery) -> None:
        link = Connection(stream, self._feed, self._dispatcher, self._authentication, nursery)
        self._links.add(link)
        try:
            async with stream:
                await link.run()
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the console went away in the middle of a message
        finally:
            self._links.discard(link)
