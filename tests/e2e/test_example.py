"""The worked example leaves nothing behind, however it ends."""

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.e2e.test_bad_starts import marked
from tests.support.ports import free_ports
from tests.support.switch import eventually


@pytest.mark.req("S1")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_telephones_of_the_example_end_with_it(tmp_path: Path, how: signal.Signals) -> None:
    """Told to stop or killed with -9, `run --example` takes its two telephones and its call processes along."""
    mark = uuid.uuid4().hex
    port = free_ports(13)[0]
    command = [sys.executable, "-m", "b2bua", "run", "--example", "--port", str(port), "--state", str(tmp_path / "s")]
    surroundings = {**os.environ, "STARTED_BY": mark}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=surroundings) as example:
        assert example.stdout is not None
        while "listens" not in (line := example.stdout.readline()):
            assert line, "it did not start"
        phones = [line for line in marked(mark) if " phone " in line]
        example.send_signal(how)
        example.wait(30)
    assert len(phones) == 2
    eventually(lambda: marked(mark), lambda left: not left, 30)
