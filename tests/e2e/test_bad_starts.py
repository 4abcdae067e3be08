"""Bad input of the program: one clear line a fault on stderr, a status that says so, and nothing half-started."""

import os
import resource
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path

import attrs
import pytest

from tests.support.ports import free_port
from tests.support.switch import Switch

_PROGRAM = (sys.executable, "-m", "b2bua")
_CONFIG = 'state = "{state}"\n[sip]\nlisten = "127.0.0.1:{port}"\n{more}\n'


@attrs.frozen
class Ended:
    """How a run of the program ended, and what it left: its processes that live on, and socket files."""

    status: int
    lines: list[str]
    said: str
    left: list[str]


def run(*arguments: str, state: Path, before: Callable[[], None] | None = None, shell: str = "") -> Ended:
    """`switch400` with these arguments; fails the test if it does not end by itself."""
    mark = uuid.uuid4().hex
    command = ["unshare", "-rm", "sh", "-c", shell, "sh", *_PROGRAM] if shell else list(_PROGRAM)
    ended = subprocess.run(
        [*command, *arguments],
        env={**os.environ, "STARTED_BY": mark},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=before,
    )
    assert "Traceback" not in ended.stderr
    left = [str(path) for path in state.rglob("*.sock")] + marked(mark)
    return Ended(ended.returncode, ended.stderr.splitlines(), ended.stdout, left)


def marked(mark: str) -> list[str]:
    """The command lines of the processes that have this mark in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def config(folder: Path, *, port: int = 0, more: str = "") -> Path:
    """A configuration whose state directory is `folder/state`."""
    file = folder / "switch400.toml"
    file.write_text(_CONFIG.format(state=folder / "state", port=port or free_port(), more=more))
    return file


def refused(ended: Ended, *words: str, lines: int = 1) -> None:
    """It ended with a status of its own, a line for each fault, these words in them, and left nothing."""
    assert ended.status == 2
    assert len(ended.lines) == lines, ended.lines
    assert all(word in "\n".join(ended.lines) for word in words), ended.lines
    assert not ended.said
    assert not ended.left


@pytest.mark.req("S5")
@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_port_in_use(tmp_path: Path, kind: socket.SocketKind) -> None:
    """The SIP port belongs to another program, for UDP or for TCP: said with the address."""
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        refused(run("run", "--config", str(config(tmp_path, port=port)), state=tmp_path), f"127.0.0.1:{port}", "in use")


@pytest.mark.req("S5")
def test_address_of_another_machine(tmp_path: Path) -> None:
    """An address to listen on that this machine does not have is said."""
    file = config(tmp_path)
    file.write_text(file.read_text().replace("127.0.0.1", "192.0.2.1"))
    refused(run("run", "--config", str(file), state=tmp_path), "192.0.2.1", "annot assign")


@pytest.mark.req("S5")
def test_no_configuration(tmp_path: Path) -> None:
    """No --config, a missing file, a folder, and a file that is no text are each said in a line."""
    refused(run("run", state=tmp_path), "--config")
    refused(run("run", "--config", str(tmp_path / "none.toml"), state=tmp_path), "none.toml", "No such file")
    refused(run("run", "--config", str(tmp_path), state=tmp_path), "Is a directory")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\0")
    refused(run("run", "--config", str(binary), state=tmp_path), "binary.toml", "UTF-8")


@pytest.mark.req("S5")
def test_every_fault_of_the_configuration(tmp_path: Path) -> None:
    """Unknown keys and wrong values are all said in one pass, each with its path; no state directory is made."""
    more = 'strangers = "shout"\nfoo = 1\n[processes]\nspare = 0\n[media]\nports = "many"\n[trunk.a]\nsources = ["x"]'
    ended = run("run", "--config", str(config(tmp_path, more=more)), state=tmp_path)
    refused(ended, "sip.strangers:", "foo", "processes.spare:", "media.ports:", "trunk", lines=5)
    assert not (tmp_path / "state").exists()


@pytest.mark.req("S5")
def test_state_directory_of_a_running_daemon(switch: Switch, tmp_path: Path) -> None:
    """A second daemon in the same state directory is refused, and the first does not notice."""
    file = config(tmp_path)
    ended = run("run", "--config", str(file), "--state", str(switch.state), state=tmp_path)
    refused(ended, str(switch.state), "another switch400 runs")
    assert switch.processes()["crashed"] == 0
    assert (switch.state / "control.sock").is_socket()


@pytest.mark.req("S5")
def test_state_directory_that_cannot_be(tmp_path: Path) -> None:
    """A state directory below a file cannot be made."""
    (tmp_path / "file").write_text("")
    ended = run("run", "--config", str(config(tmp_path)), "--state", str(tmp_path / "file" / "state"), state=tmp_path)
    refused(ended, "file/state", "cannot be made")


@pytest.mark.req("S5", "P1")
@pytest.mark.parametrize(
    ("content", "word"),
    [(b"not a database" * 100, "not a database"), (b"SQLite format 3\0" + bytes(5000), "")],
    ids=["no database", "damaged"],
)
def test_broken_database(tmp_path: Path, content: bytes, word: str) -> None:
    """A file that is no database, or a damaged one, is named and left as it is."""
    (tmp_path / "state").mkdir()
    database = tmp_path / "state" / "switch400.db"
    database.write_bytes(content)
    refused(run("run", "--config", str(config(tmp_path)), state=tmp_path), "switch400.db", word)
    assert database.read_bytes() == content


def _small_files(most_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))


@pytest.mark.req("S5", "P1")
@pytest.mark.parametrize("most_bytes", [0, 1, 8192])
def test_no_room_for_a_file(tmp_path: Path, most_bytes: int) -> None:
    """Where files may not grow (a quota), the switch does not start."""
    ended = run("run", "--config", str(config(tmp_path)), state=tmp_path, before=partial(_small_files, most_bytes))
    refused(ended, str(tmp_path / "state"))


@pytest.mark.req("S5", "P1")
@pytest.mark.parametrize("size", ["4k", "24k", "64k"])
def test_full_disk(tmp_path: Path, size: str) -> None:
    """On a disk that is full (a tmpfs of a few pages), the switch does not start; no socket is left on it."""
    trial = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", str(tmp_path)]
    if not shutil.which("unshare") or subprocess.run(trial, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a tmpfs here")
    state = tmp_path / "state"
    state.mkdir()
    small = f'mount -t tmpfs -o size={size} none {state}; "$@"; status=$?; find {state} -name "*.sock"; exit $status'
    refused(run("run", "--config", str(config(tmp_path)), state=tmp_path, shell=small), str(state))


@pytest.mark.req("S5")
def test_plan_with_faults(tmp_path: Path) -> None:
    """`plan publish` of two faulty documents says every fault with file and path, and publishes neither."""
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text('number = "4006001234"\nsubscriber = "A"\n[targets]\ndesk = "sip:a@127.0.0.1"\n')
    bad.write_text('number = "4002001234"\nsubscriber = 3\n[targets]\ndesk = "sip:"\n')
    state = tmp_path / "state"
    ended = run("plan", "publish", str(good), str(bad), "--state", str(state), state=tmp_path)
    assert ended.status != 0
    assert not ended.said
    assert not ended.left
    assert len(ended.lines) >= 3
    assert all("bad.toml" in line for line in ended.lines), ended.lines
    listed = run("plan", "list", "--state", str(state), state=tmp_path)
    assert "4006001234" not in listed.said.replace("-", "")


@pytest.mark.req("S5")
def test_no_call_process_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PJSIP cannot be loaded: the program says so and ends, instead of listening without anybody to take a call."""
    (tmp_path / "pjsua2.py").write_text('raise SystemExit("pjsua2: the library is broken")\n')
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", ""))))
    ended = run("run", "--config", str(config(tmp_path)), state=tmp_path)
    refused(ended, "the library is broken", "before a call process was ready", lines=2)
