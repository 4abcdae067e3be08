"""Ports for the programs that tests start: given once, proved free, and nobody else's to choose.

Rule: no port comes from the kernel's ephemeral range (from 32768 on), where any socket of any program may land between
our choosing and a program's binding, nor from the RTP ports of the switch (`media.ports`, from 20000 on). Each test
process has a block of its own, held by a name in the kernel that is gone with the process.
"""

import functools
import socket
from contextlib import ExitStack
from typing import Final

_ALL: Final = range(10000, 20000)
_EACH: Final = 500
NOBODYS: Final = 30000
"""A port that nothing is bound to: above the switch's RTP ports, below the ephemeral ones. For speech to nowhere."""
_WAYS: Final = (socket.SOCK_DGRAM, socket.SOCK_STREAM)


class Block:
    """The ports of this process. They are given round and round, so that each rests before it is given again."""

    def __init__(self) -> None:
        self._claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ports = next((ports for ports in _blocks() if self._claimed(ports)), range(0))
        assert self._ports, f"other test processes hold all ports between {_ALL[0]} and {_ALL[-1]}"
        self._given = 0

    def _claimed(self, ports: range) -> bool:
        try:
            self._claim.bind(f"\0switch400-tests-{ports.start}")
        except OSError:
            return False
        return True

    def take(self, count: int) -> range:
        """So many neighbouring ports (1-100) that are free now for UDP and TCP on every address; the first is even."""
        for _ in self._ports:
            self._given += self._given % 2
            if self._given + count > len(self._ports):
                self._given = 0
            ports = self._ports[self._given : self._given + count]
            self._given += count
            if _are_free(ports):
                return ports
        raise AssertionError(f"no {count} free ports in {self._ports}")


def _blocks() -> list[range]:
    return [_ALL[start : start + _EACH] for start in range(0, len(_ALL), _EACH)]


def _are_free(ports: range) -> bool:
    with ExitStack() as stack:
        try:
            for port in ports:
                for way in _WAYS:
                    stack.enter_context(socket.socket(socket.AF_INET, way)).bind(("", port))
        except OSError:
            return False
    return True


@functools.cache
def _own() -> Block:
    return Block()


def free_ports(count: int) -> range:
    """So many neighbouring free ports, for a program that takes several."""
    return _own().take(count)


def free_port() -> int:
    """A free port."""
    return free_ports(1)[0]
