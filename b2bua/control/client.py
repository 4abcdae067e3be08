"""A client of the control protocol that waits for each reply, for the command line.

Rule: every failure is one of two: `DaemonGone` (no daemon answers, or the link broke) and `Refusal` (with a reason).
"""

import getpass
import socket as sockets
from itertools import count
from pathlib import Path
from typing import Self, TypeVar

from b2bua.api.requests.operation import Operation, Refusal
from b2bua.api.requests.wire import Plain, decode_reply, encode
from b2bua.console import protocol
from b2bua.console.client_token import find_token
from b2bua.console.protocol import (
    VERSION,
    Delta,
    FaultKind,
    Frames,
    FromDaemon,
    Hello,
    Reply,
    Request,
    Role,
    Snapshot,
    Subscribe,
    Welcome,
)

R = TypeVar("R")
M = TypeVar("M", Welcome, Reply, Snapshot)


class DaemonGone(Exception):
    """No daemon answers at this path, or it went away before it answered."""


class Client:
    """A link to the daemon. Use as a context manager."""

    def __init__(self, socket: sockets.socket) -> None:
        self._socket = socket
        self._frames = Frames(FromDaemon)
        self._ids = count(1)
        self._waiting: list[protocol.FromDaemon] = []

    @classmethod
    def connect(
        cls, path: Path, *, role: Role = Role.ADMIN, who: str = "", token: str | None = None, timeout_s: float = 30.0
    ) -> Self:
        """Connect to the daemon at `path`; each answer may take `timeout_s`.

        `token` identifies the user (None: that of `b2bua.console.client_token`). Raises DaemonGone, Refusal or
        CredentialFault.
        """
        token = find_token() if token is None else token
        socket = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
        socket.settimeout(timeout_s)
        try:
            socket.connect(str(path))
        except OSError as fault:
            socket.close()
            raise DaemonGone(f"no daemon answers at {path} ({fault.strerror}): is `switch400 run` up?") from fault
        client = cls(socket)
        try:
            client._send(Hello(VERSION, role, who or getpass.getuser(), token))
            client._await(Welcome)
        except BaseException:
            client.close()
            raise
        return client

    def ask(self, request: Operation[R]) -> R:
        """The reply to this request; raises Refusal or DaemonGone."""
        try:
            return decode_reply(request, self.ask_plain(request.NAME, encode(request)))
        except ValueError as fault:
            raise DaemonGone(str(fault)) from fault

    def ask_plain(self, operation: str, fields: Plain) -> Plain:
        """The same with plain fields, which may be any; raises Refusal or DaemonGone."""
        request = Request(next(self._ids), operation, fields)
        self._send(request)
        while True:
            reply = self._await(Reply)
            if reply.id != request.id:
                continue
            if not reply.ok:
                raise Refusal(reply.fault or FaultKind.FAILED, reply.error, reply.faults)
            return reply.fields

    def snapshot(self, topics: tuple[str, ...]) -> protocol.State:
        """These topics of the feed as they stand now (`b2bua.console.rows`); raises Refusal or DaemonGone."""
        self._send(Subscribe(topics))
        state = self._await(Snapshot).state
        self._send(Subscribe(()))
        return state

    def close(self) -> None:
        """End the link."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, message: protocol.FromConsole) -> None:
        try:
            self._socket.sendall(protocol.frame(message))
        except OSError as fault:
            raise DaemonGone(f"the link to the daemon broke: {fault}") from fault
        except ValueError as fault:
            raise Refusal(FaultKind.BAD_REQUEST, f"that is too much for one request: {fault}") from fault

    def _await(self, kind: type[M]) -> M:
        """The next message of this kind; other messages of the feed are ignored."""
        while True:
            while self._waiting:
                message = self._waiting.pop(0)
                if isinstance(message, protocol.Refused):
                    raise Refusal(FaultKind.FORBIDDEN, message.why)
                if isinstance(message, kind):
                    return message
                if not isinstance(message, Delta | Snapshot):
                    raise DaemonGone(f"the daemon sent {type(message).__name__} where {kind.__name__} was due")
            try:
                piece = self._socket.recv(65536)
                self._waiting.extend(self._frames.feed(piece))
            except TimeoutError as fault:
                raise DaemonGone("the daemon does not answer") from fault
            except (OSError, ValueError) as fault:
                raise DaemonGone(f"the link to the daemon broke: {fault}") from fault
            if not piece:
                raise DaemonGone("the daemon went away")
