"""The state directory of a running switch: what is left in it is taken in, and nobody else may read it."""

from collections.abc import Callable

import pytest

from b2bua.console.protocol import Role
from b2bua.control.tokens import FILE, Tokens
from b2bua.ipc import spool
from tests.support.samples import ended_record
from tests.support.switch import Switch, eventually


@pytest.mark.req("P1")
def test_a_running_daemon_takes_in_what_is_left_for_it(switch: Switch) -> None:
    """A record that a process could not hand over is on disk seconds later, with no restart, and its file is gone."""
    file = spool.write(switch.state / "spool", ended_record("left-behind", number="4006009999"))
    assert [record.call_id for record in switch.closed("4006009999")] == ["left-behind"]
    eventually(file.exists, lambda there: not there)


def test_files_of_the_state_are_their_owners(own_switch: Callable[..., Switch]) -> None:
    """Whatever the daemon has made in its state directory, nobody else may read it."""
    switch = own_switch(spare=1)
    Tokens(switch.state / FILE).add("li", Role.VIEWER)
    paths = [path for path in switch.state.rglob("*") if path.is_file() or path.is_dir()]
    assert {"lock", "inside.json", "edge.key", "switch400.db", "recordings"} <= {path.name for path in paths}
    assert [path for path in paths if path.stat().st_mode & 0o077] == []
