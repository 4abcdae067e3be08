"""Asks the daemon who a browser's user is: their token is their password.

Rule: people and roles are the daemon's to know (`b2bua.control.tokens`); nothing about them is kept here. A login
without a token is never asked about, for the daemon would take it for its owner's.
"""

import asyncio
from pathlib import Path
from typing import Any, Final

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


async def _first_answer(socket: Path, hello: Hello) -> Any:
    reader, writer = await asyncio.open_unix_connection(socket)
    try:
        writer.write(frame(hello))
        frames = Frames(FromDaemon)
        while piece := await reader.read(65536):
            for message in frames.feed(piece):
                return message
        raise ValueError("the daemon ended the link")
    finally:
        writer.close()
