"""Authenticates a browser's user with the daemon: the token is the password.

Rule: people and roles are stored by the daemon only (`b2bua.control.tokens`). A login without a token is refused here,
since the daemon would accept it as its owner's.
"""

import asyncio
from pathlib import Path
from typing import Final

import attrs

from b2bua.console.protocol import VERSION, Frames, FromDaemon, Hello, Refused, Role, Welcome, frame

WITHIN_S: Final = 5.0


class Unreachable(Exception):
    """The daemon cannot be asked now, and why."""


@attrs.frozen
class User:
    """A person and the most that they may do."""

    name: str
    role: Role


async def user_of(socket: Path, name: str, token: str) -> User | None:
    """The person of this name with this token; None if the daemon knows none. Raises Unreachable."""
    if not token:
        return None
    try:
        async with asyncio.timeout(WITHIN_S):
            answer = await _first_answer(socket, Hello(VERSION, Role.ADMIN, name, token))
    except (OSError, ValueError) as fault:  # OSError: TimeoutError too
        raise Unreachable(str(fault) or "no answer") from fault
    match answer:
        case Welcome(role=role, name=known):
            return User(known, role) if known == name else None
        case Refused(version=version, why=why) if version != VERSION:
            raise Unreachable(why)
        case _:
            return None


async def _first_answer(socket: Path, hello: Hello) -> FromDaemon:
    reader, writer = await asyncio.open_unix_connection(socket)
    try:
        writer.write(frame(hello))
        frames = Frames(FromDaemon)
        while piece := await reader.read(65536):
            for message in frames.feed(piece):
                first: FromDaemon = message
                return first
        raise ValueError("the daemon ended the link")
    finally:
        writer.close()
