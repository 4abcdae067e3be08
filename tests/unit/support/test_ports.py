"""The ports of tests: no two test processes get the same, and a taken one is passed over."""

import socket
import subprocess
import sys

from tests.support.ports import free_ports

_ASK = "from tests.support.ports import free_ports; print(*free_ports(3), flush=True); input()"


def test_two_processes_have_ports_of_their_own() -> None:
    """Two test processes that choose while both are there get different ports, outside the ephemeral range."""
    ours = set(free_ports(3))
    with subprocess.Popen([sys.executable, "-c", _ASK], stdin=-1, stdout=-1, text=True) as other:
        assert other.stdout is not None
        theirs = {int(port) for port in other.stdout.readline().split()}
        other.communicate("\n")
    assert len(ours | theirs) == 6
    assert max(ours | theirs) < 20000


def test_a_taken_neighbour_is_passed_over() -> None:
    """Where one of the neighbours is another program's, for UDP or for TCP, none of them is given."""
    at = free_ports(4)[-1] + 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        udp.bind(("127.0.0.1", at + 2))
        tcp.bind(("127.0.0.1", at + 5))
        given = free_ports(4)
    assert not {at + 2, at + 5} & set(given)
