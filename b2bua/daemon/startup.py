"""What the daemon must have before it serves: its state directory, its inside address, its secret.

Rule: each is had whole or refused with one clear line (`StartFault`), before anything is started or promised.
"""

import contextlib
import fcntl
import json
import secrets
import socket
from pathlib import Path
from typing import IO, Final

from b2bua.base.atomic_file import write_whole
from b2bua.base.errors import StartFault

_RECEIVE_BUFFER_BYTES: Final = 4 * 1024 * 1024
"""A burst of datagrams waits here while the daemon does something else."""


def state_directory(path: Path) -> Path:
    """The directory for everything that outlives the daemon; made with mode 0700. Raises StartFault."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("spool", "prompts", "recordings", "messages"):
            (path / name).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StartFault(f"the state directory {path} cannot be made ({error.strerror}); say --state DIR") from error
    return path


def sole(state: Path) -> IO[str]:
    """A lock that says that this daemon is the only one in this state directory; keep it open. Raises StartFault."""
    try:
        lock = _for_owner(state / "lock").open("a+", encoding="ascii")
    except OSError as error:
        raise StartFault(f"the state directory {state} cannot be used ({error.strerror}); say --state DIR") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise StartFault(f"another switch400 runs in {state}; stop it, or say --state DIR") from error
    return lock


def inside(state: Path, wanted: int) -> socket.socket:
    """The UDP socket on loopback where call processes send.

    Its port is `wanted`, or the one remembered from the daemon before, so that calls that outlived it can still be
    heard; or, at the first start, one that the system chooses. Raises StartFault.
    """
    memory = state / "inside.json"
    remembered = 0
    with contextlib.suppress(OSError, ValueError):
        remembered = int(json.loads(memory.read_text(encoding="ascii")))
    for port in (wanted,) if wanted else (remembered, 0):
        inner = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            inner.bind(("127.0.0.1", port))
        except OSError as error:
            inner.close()
            refusal = error.strerror
            continue
        inner.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        try:
            _for_owner(memory).write_text(json.dumps(inner.getsockname()[1]), encoding="ascii")
        except OSError as error:
            inner.close()
            raise StartFault(f"{memory} cannot be written ({error.strerror})") from error
        return inner
    raise StartFault(f"UDP 127.0.0.1:{wanted} cannot be used ({refusal}); choose another `sip.inside`")


def secret(state: Path) -> bytes:
    """The key of the edge's tokens, 32 bytes, made at the first start and kept with mode 0600. Raises StartFault."""
    file = state / "edge.key"
    try:
        if not file.exists():
            write_whole(file, secrets.token_bytes(32))
        key = file.read_bytes()
    except OSError as error:
        raise StartFault(f"{file} cannot be used ({error.strerror})") from error
    if len(key) != 32:
        raise StartFault(f"{file} is damaged; remove it (calls in progress will not find their way back)")
    return key


def _for_owner(file: Path) -> Path:
    """The file, there and with mode 0600, also if an earlier release made it for all to read. Raises OSError."""
    file.touch(mode=0o600)
    file.chmod(0o600)
    return file
