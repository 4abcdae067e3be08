"""Prepares what the daemon needs before it serves: its state directory, its lock, its inside socket, its secret.

Rule: each function succeeds, or raises `StartFault` with one clear line, before anything is started.
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
"""Room for a burst of datagrams while the daemon does something else."""


def state_directory(path: Path) -> Path:
    """The directory for everything that outlives the daemon; made with mode 0700. Raises StartFault."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("spool", "prompts", "recordings", "messages"):
            (path / name).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StartFault(f"the state directory {path} cannot be made ({error.strerror}); say --state DIR") from error
    return path


def lock_state_directory(state: Path) -> IO[str]:
    """Lock the state directory, as long as the file is open: one daemon only. Raises StartFault."""
    try:
        lock = _owner_only(state / "lock").open("a+", encoding="ascii")
    except OSError as error:
        raise StartFault(f"the state directory {state} cannot be used ({error.strerror}); say --state DIR") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise StartFault(f"another switch400 runs in {state}; stop it, or say --state DIR") from error
    return lock


def inside_socket(state: Path, wanted: int) -> socket.socket:
    """The UDP socket on loopback that call processes send to.

    Its port is `wanted`; if that is 0, the one that the daemon before used, so that its calls can go on; at the first
    start, one that the system chooses. Raises StartFault.
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
            _owner_only(memory).write_text(json.dumps(inner.getsockname()[1]), encoding="ascii")
        except OSError as error:
            inner.close()
            raise StartFault(f"{memory} cannot be written ({error.strerror})") from error
        return inner
    raise StartFault(f"UDP 127.0.0.1:{wanted} cannot be used ({refusal}); choose another `sip.inside`")


def edge_secret(state: Path) -> bytes:
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


def _owner_only(file: Path) -> Path:
    """Make the file if it is not there, and set its mode to 0600 (it was readable once). Raises OSError."""
    file.touch(mode=0o600)
    file.chmod(0o600)
    return file
