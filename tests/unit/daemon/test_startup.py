"""What a daemon cannot start without: each that is missing is one clear line, and nothing is left open or half made."""

import json
import os
import signal
import socket
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
from click.testing import CliRunner

from b2bua.base.errors import StartFault
from b2bua.cli import main
from b2bua.config.configuration import read
from b2bua.control.client import Client, DaemonGone
from b2bua.daemon import startup
from b2bua.daemon.daemon import Daemon
from tests.support.ports import free_port
from tests.unit.daemon.small_switch import configuration


def test_the_state_directory_is_its_owners(tmp_path: Path) -> None:
    """It is made with its folders, each mode 0700; below a file it cannot be made."""
    state = startup.state_directory(tmp_path / "a" / "state")
    for folder in (state, *(state / name for name in ("spool", "prompts", "recordings", "messages"))):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(StartFault, match=r"file/state cannot be made \(Not a directory\); say --state DIR"):
        startup.state_directory(tmp_path / "file" / "state")


def test_one_daemon_in_a_state_directory(tmp_path: Path) -> None:
    """The second is refused while the first holds the lock, which others cannot read; afterwards it is let in."""
    with startup.lock_state_directory(tmp_path):
        assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o600
        with pytest.raises(StartFault, match="another switch400 runs in"):
            startup.lock_state_directory(tmp_path)
    startup.lock_state_directory(tmp_path).close()
    with pytest.raises(StartFault, match=r"none cannot be used \(No such file or directory\)"):
        startup.lock_state_directory(tmp_path / "none")


def test_the_inside_port_is_remembered(tmp_path: Path) -> None:
    """The next daemon has the same port, for calls that outlived the one before; another if it is taken."""
    with startup.inside_socket(tmp_path, 0) as first:
        port = first.getsockname()[1]
        with startup.inside_socket(tmp_path, 0) as other:
            assert other.getsockname()[1] != port
        (tmp_path / "inside.json").write_text(json.dumps(port))
    with startup.inside_socket(tmp_path, 0) as again:
        assert again.getsockname()[1] == port
    (tmp_path / "inside.json").write_text("{")
    startup.inside_socket(tmp_path, 0).close()


def test_an_inside_port_that_cannot_be_had(tmp_path: Path) -> None:
    """A configured port that is taken is said, and so is a folder where it cannot be remembered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with pytest.raises(StartFault, match=rf"UDP 127.0.0.1:{port} cannot be used \(Address already in use\)"):
            startup.inside_socket(tmp_path, port)
    with pytest.raises(StartFault, match=r"inside.json cannot be written \(No such file or directory\)"):
        startup.inside_socket(tmp_path / "none", 0)


def test_the_secret_is_made_once(tmp_path: Path) -> None:
    """It is the same at every start, mode 0600; a damaged one is said, with what its removal costs."""
    secret = startup.edge_secret(tmp_path)
    assert (len(secret), startup.edge_secret(tmp_path)) == (32, secret)
    assert stat.S_IMODE((tmp_path / "edge.key").stat().st_mode) == 0o600
    (tmp_path / "edge.key").write_bytes(secret[:31])
    with pytest.raises(StartFault, match=r"edge.key is damaged; remove it \(calls in progress"):
        startup.edge_secret(tmp_path)
    with pytest.raises(StartFault, match=r"edge\.key cannot be used"):
        startup.edge_secret(tmp_path / "none")


def _a_file_for_a_socket(state: Path) -> None:
    (state / "control.sock").touch()


def _no_database(state: Path) -> None:
    (state / "switch400.db").write_bytes(b"not a database" * 100)


@pytest.mark.req("S5")
@pytest.mark.parametrize(
    ("spoil", "more", "says"),
    [
        (_a_file_for_a_socket, "", "control.sock is not a socket: choose another path, or move it away"),
        (_no_database, "", "switch400.db"),
        (
            lambda _: None,
            '[control]\ngroup = "no-such-group"',
            "control.group: there is no group no-such-group",
        ),
        (lambda _: None, '[keeping]\nkey = "/no/such/key"', "/no/such/key"),
    ],
    ids=["a file for a socket", "no database", "no group", "no key"],
)
def test_a_daemon_that_cannot_start(tmp_path: Path, spoil: Callable[[Path], None], more: str, says: str) -> None:
    """It says why in one line, and leaves nothing open: once mended, a daemon in the same folder can be made."""
    file = configuration(tmp_path, port=free_port(), more=more)
    (tmp_path / "state").mkdir()
    spoil(tmp_path / "state")
    before = set(Path("/proc/self/fd").iterdir())
    for _ in range(2):
        with pytest.raises(StartFault) as fault:
            Daemon(read(file))
        assert says in str(fault.value)
        assert "\n" not in str(fault.value)
    assert set(Path("/proc/self/fd").iterdir()) == before
    assert not [path for path in tmp_path.rglob("*.sock") if path.is_socket()]


@pytest.mark.req("S5")
@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_an_address_in_use(tmp_path: Path, kind: socket.SocketKind) -> None:
    """The SIP port belongs to another program: the daemon ends with that, and its control socket is gone."""
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        daemon = Daemon(read(configuration(tmp_path, port=port)))
        with pytest.raises(StartFault, match=rf"127.0.0.1:{port} cannot be used \(Address already in use\)"):
            trio.run(daemon.run, "it listens")
    assert not (tmp_path / "state" / "control.sock").exists()
    startup.lock_state_directory(tmp_path / "state").close()


@pytest.mark.req("S5")
def test_a_fork_server_that_cannot_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a call process nothing listens: the daemon ends with that."""
    (tmp_path / "pjsua2.py").write_text("raise SystemExit(3)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    daemon = Daemon(read(configuration(tmp_path, port=free_port())))
    with pytest.raises(StartFault, match="the fork server ended before a call process was ready"):
        trio.run(daemon.run, "it listens")


@pytest.mark.req("S5")
def test_run_without_a_configuration(tmp_path: Path) -> None:
    """`switch400 run` ends with status 2 and one line that says what to write."""
    for words, says in (
        ((), "say --config FILE for real use, or --example for a worked example on loopback"),
        (("--config", str(tmp_path / "none.toml")), "none.toml: cannot be read (No such file or directory)"),
        (("--example", "--state", str(tmp_path / "file" / "state")), "cannot be made (Not a directory)"),
    ):
        (tmp_path / "file").touch()
        ended = CliRunner().invoke(main, ["run", *words])
        assert (ended.exit_code, len(ended.output.splitlines())) == (2, 1), ended.output
        assert says in ended.output


@pytest.mark.req("S1")
def test_run_until_it_is_stopped(tmp_path: Path) -> None:
    """`switch400 run` says that it listens, serves in the state directory it is told, and ends with 0 by SIGINT."""
    file, state = configuration(tmp_path, port=(port := free_port())), tmp_path / "other"
    served: list[bool] = []

    def stop() -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until and not served:
            try:
                with Client.connect(state / "control.sock") as client:
                    if "started" in str(client.snapshot(("log",))):
                        served.append(True)
            except DaemonGone:
                time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    stopper = threading.Thread(target=stop)
    stopper.start()
    ended = CliRunner().invoke(main, ["run", "--config", str(file), "--state", str(state)])
    stopper.join()
    assert (ended.exit_code, ended.output, served) == (0, f"switch400 listens on 127.0.0.1:{port}\n", [True])
    assert not (tmp_path / "state").exists()
    assert not (state / "control.sock").exists()
