"""Forks call processes out of one that has pjsua2 loaded.

    python -m b2bua.callproc.forkserver --link PATH --edge HOST:PORT [--rtp-ports LOW-HIGH] [--media-host A]
        [--prompts FOLDER]… [--recordings FOLDER] [--messages FOLDER] [--key FILE] [--core N]…

    in    spawn                 fork one more
    out   born PID              it is there
          died PID STATUS       its exit status (≥ 0), or minus the signal that ended it

Rule: this process never starts a thread and never touches PJSIP; it loads and forks. When its stdin closes it ends,
and its children, in sessions of their own, live on as long as their calls do.
"""

import argparse
import gc
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs
import pjsua2

from b2bua.base.cpu_affinity import allowed_cores, pin_thread
from b2bua.callproc.endpoint import Setup, leave
from b2bua.callproc.process import be_a_call_process
from b2bua.callproc.realtime_priority import limit
from b2bua.callproc.warm_up import warm_up
from b2bua.media.keys import read_key
from b2bua.media.paths import MediaPaths

_PORTS_EACH: Final = 16
"""RTP ports of one process: four legs with RTP and RTCP, and as many again for those just ended."""
_PIECE: Final = 4096
_claims: Final[list[socket.socket]] = []
"""Open for the life of the process."""


class ForkServer:
    """The children there are, each with its place, which gives its share of the RTP ports and its processor."""

    def __init__(self, link: Path, setup: Setup, shelves: MediaPaths, ports: range, cores: list[int]) -> None:
        self._link = link
        self._setup = setup
        self._shelves = shelves
        self._ports = ports
        self._cores = cores
        self._places: dict[int, int] = {}
        self._heard = b""

    def run(self) -> None:
        """Serve until stdin closes."""
        wake, waker = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True:
            ready, _, _ = select.select([0, wake], [], [])
            if wake in ready:
                os.read(wake, _PIECE)
                self._bury()
            if 0 in ready:
                said = os.read(0, _PIECE)
                if not said:
                    return
                self._heard += said
                for word in self._words():
                    if word == b"spawn":
                        self._spawn()

    def _words(self) -> Iterator[bytes]:
        while b"\n" in self._heard:
            word, _, self._heard = self._heard.partition(b"\n")
            yield word.strip()

    def _spawn(self) -> None:
        taken = set(self._places.values())
        place = next(place for place in range(len(taken) + 1) if place not in taken)
        try:
            pid = os.fork()
        except OSError as error:
            _say(f"failed {error.errno}")  # no process or no memory left: the daemon asks again
            return
        if pid == 0:
            self._be_born(place)
        self._places[pid] = place
        _say(f"born {pid}")

    def _bury(self) -> None:
        while self._places:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._places.pop(pid, None)
            _say(f"died {pid} {os.waitstatus_to_exitcode(status)}")

    def _be_born(self, place: int) -> None:
        """Become a call process: a session of its own, and nothing left of the command channel."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 0)
        os.dup2(nowhere, 1)
        pin_thread([self._cores[place % len(self._cores)]])
        be_a_call_process(self._link, _with_ports(self._setup, self._ports, place), self._shelves)


def _with_ports(setup: Setup, ports: range, place: int) -> Setup:
    """A share of the ports that no other call process of this machine has, as far as there is one.

    PJSIP takes a port that another process has, and each of the two then gets half of the packets. Processes outlive
    their daemon, so a new fork server cannot know by counting; a name in the kernel, gone with its process, tells.
    """
    shares = range(ports.start, ports.stop - _PORTS_EACH + 1, _PORTS_EACH)
    for step in range(len(shares)):
        low = shares[(place + step) % len(shares)]
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0switch400-rtp-{low}")
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return attrs.evolve(setup, rtp_port=low, rtp_ports=_PORTS_EACH)
    if not shares:
        return setup
    sys.stderr.write(
        f"no RTP ports between {ports.start} and {ports.stop - 1} are left; give media.ports a wider range\n"
    )
    return attrs.evolve(setup, rtp_port=shares[place % len(shares)], rtp_ports=_PORTS_EACH)


def _say(line: str) -> None:
    try:
        os.write(1, f"{line}\n".encode())
    except BrokenPipeError:
        leave(0)  # the daemon is gone; stdin says the same in a moment


def _range(text: str) -> range:
    low, dash, high = text.partition("-")
    if not (dash and low.isdigit() and high.isdigit() and int(low) >= 1024 and int(high) <= 65535):
        raise argparse.ArgumentTypeError(f"“{text}” is no range of ports; write it as 10000-20000")
    ports = range(int(low) + int(low) % 2, int(high) + 1)
    if len(ports) < _PORTS_EACH:
        raise argparse.ArgumentTypeError(f"“{text}” is too small: each call needs {_PORTS_EACH} ports")
    return ports


def main() -> None:
    """Parse the arguments, load, and serve."""
    parser = argparse.ArgumentParser(prog="b2bua.callproc.forkserver")
    parser.add_argument("--link", type=Path, required=True, help="the daemon's Unix socket")
    parser.add_argument("--edge", required=True, metavar="HOST:PORT", help="where all SIP goes out")
    parser.add_argument("--rtp-ports", type=_range, default=range(0), metavar="LOW-HIGH")
    parser.add_argument("--media-host", default="127.0.0.1", help="the IPv4 address for RTP")
    parser.add_argument("--prompts", type=Path, action="append", default=[], metavar="FOLDER", help="in this order")
    parser.add_argument("--recordings", type=Path, metavar="FOLDER", help="none: nothing is recorded")
    parser.add_argument("--messages", type=Path, metavar="FOLDER", help="none: no message is taken")
    parser.add_argument("--key", type=Path, metavar="FILE", help="what is kept is sealed with it; none: it is not")
    parser.add_argument("--core", type=int, action="append", help="processors of call processes; none: all there are")
    given = parser.parse_args()
    pjsua2.Endpoint  # noqa: B018 - pjsua2 loads its C library at the first use of a name
    if not limit():
        sys.stderr.write("speech has no real-time priority: it may stutter while the machine is busy (LimitRTPRIO=1)\n")
    warm_up()
    gc.collect()
    gc.freeze()  # what is loaded stays shared with the children
    setup = Setup(proxy=given.edge, media_host=given.media_host)
    key = read_key(given.key, given.link.parent) if given.key else None
    shelves = MediaPaths(tuple(given.prompts), given.recordings, given.messages, given.key, key)
    ForkServer(given.link, setup, shelves, given.rtp_ports, given.core or allowed_cores()).run()
    leave(0)


if __name__ == "__main__":
    main()
