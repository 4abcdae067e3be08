"""The daemon's end of the control protocol: a Unix socket where consoles see the feed and ask for verbs.

Rule: the feed is cut at a steady pace and each delta is encoded once, however many consoles look on.
Who may connect is decided by the kernel: the socket is the owner's alone (0600), or a group's too (0660), whose members
need a token (`b2bua.control.authentication`). Whose token is removed is shut out within two seconds.
"""

import os
import pwd
import shutil
import socket as sockets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import trio

from b2bua.api.verbs import LEAST, Verb
from b2bua.console.feed import Feed, within
from b2bua.console.protocol import Role, frame
from b2bua.control.authentication import Authentication
from b2bua.control.connection import Connection

LOOK_AGAIN_S: Final = 1.0
"""How often it is asked whether those who are linked may still be."""

_UNSEEN_S: Final = 0.2
"""The pace while no console looks on."""


class SocketTaken(Exception):
    """Another daemon listens on this path, or something that is no socket lies there."""


def listen(path: Path, group: str = "") -> sockets.socket:
    """A listening socket at `path`, 0600; or 0660 and of this `group`.

    Replaces one that a dead daemon left. Raises SocketTaken, OSError (PermissionError: the user is not in the group) or
    LookupError (there is no such group).
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
    """Serves `feed` and `verbs`.

    Change the feed at will: consoles are told at most `cuts_per_s` times a second. `least` has the least role for each
    verb; raises KeyError for a verb that it does not name.
    """

    def __init__(
        self,
        feed: Feed,
        verbs: Mapping[str, Verb],
        admission: Authentication | None = None,
        *,
        least: Mapping[str, Role] = LEAST,
        cuts_per_s: float = 20.0,
    ) -> None:
        self._feed = feed
        self._admission = admission or Authentication()
        self._verbs = {name: (least[name], verb) for name, verb in verbs.items()}
        self._pace_s = 1 / cuts_per_s
        self._links: set[Connection] = set()

    @property
    def consoles(self) -> int:
        """How many consoles are linked now."""
        return len(self._links)

    async def serve(
        self, listener: sockets.socket, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve consoles until cancelled.

        `listener` is from `listen`, and it and its path are gone at the end.
        """
        path = Path(listener.getsockname())
        listeners = [trio.SocketListener(trio.socket.from_stdlib_socket(listener))]
        try:
            async with trio.open_nursery() as labour:

                async def meet(stream: trio.SocketStream) -> None:
                    await self._meet(stream, labour)

                labour.start_soon(self._tell)
                labour.start_soon(self._shut_out)
                labour.start_soon(trio.serve_listeners, meet, listeners)
                task_status.started()
        finally:
            path.unlink(missing_ok=True)  # noqa: ASYNC240 - one unlink, at the very end

    async def _tell(self) -> None:
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

    async def _shut_out(self) -> None:
        """End the links of those who would not be let in again."""
        while True:
            await trio.sleep(LOOK_AGAIN_S)
            for link in self._links:
                link.look_again()

    async def _meet(self, stream: trio.SocketStream, labour: trio.Nursery) -> None:
        link = Connection(stream, self._feed, self._verbs, self._admission, labour)
        self._links.add(link)
        try:
            async with stream:
                await link.run()
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the console went away in the middle of a word
        finally:
            self._links.discard(link)
