"""The worked example of `make run`."""

import subprocess
import sys
from pathlib import Path

import pytest

from b2bua.config import example
from routing.document import parse


@pytest.mark.req("S1")
def test_it_is_an_ordinary_configuration_and_plan(tmp_path: Path) -> None:
    """It listens where it is told, trusts loopback only, and its plan rings the two telephones beside its port."""
    config = example.config(tmp_path, 5070)
    assert (str(config.public), config.state) == ("127.0.0.1:5070", tmp_path)
    assert [str(network) for network in config.trunk["loopback"].sources] == ["127.0.0.0/8"]
    plan = parse(example.plan(5070))
    assert [str(target.address) for target in plan.targets.values()] == [
        f"sip:{name}@127.0.0.1:{port}"
        for name, port in zip(("front-desk", "mobile"), example.phone_ports(5070), strict=True)
    ]


def test_the_welcome_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """The call needs `--to` unless the port is SIP's own; an installed program is called by its name."""
    assert "call 4006001234 --from 02112345678 --to 127.0.0.1:5070\n" in example.welcome(5070)
    monkeypatch.setattr(sys, "argv", ["/usr/bin/switch400"])
    assert "\n    switch400 call 4006001234 --from 02112345678\n" in example.welcome(5060)


def test_the_telephones_go_with_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two programs are started, and both have ended when the block has."""
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def start(command: list[str], **given: int) -> "subprocess.Popen[bytes]":
        started.append(popen([sys.executable, "-c", "input()"], stdin=given["stdin"], stderr=subprocess.DEVNULL))
        commands.append(command)
        return started[-1]

    commands: list[list[str]] = []
    monkeypatch.setattr(subprocess, "Popen", start)
    with example.phones(5070):
        assert commands[0][-2:] == ["5081", "--busy"]
        assert all(process.poll() is None for process in started)
    assert all(process.poll() is not None for process in started)
