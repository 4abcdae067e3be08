"""A fork server whose processes speak the link's protocol and nothing else: no PJSIP, no call.

    python -m tests.unit.pool.fake_fork_server LINK [ends-early | first-fails]

A process reports each message and each wake-up that it gets with a `Mishap` of its call. `Tell` ends its call, `Retire`
the process. With `ends-early` processes exit with status 3 before they say Hello; with `first-fails` the first order
fails as `fork` does when there is no room for a process (EAGAIN).
"""

import errno
import os
import select
import signal
import socket
import sys
from contextlib import suppress

from b2bua.ipc.protocol import Assign, Frames, FromDaemon, FromProcess, Hello, Idle, Mishap, Retire, Tell, frame


def serve(link: str, option: str) -> None:
    """Carry out orders until stdin closes."""
    fails = option == "first-fails"
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    print("what is this", flush=True)
    while True:
        ready, _, _ = select.select([0, wake], [], [])
        if wake in ready:
            os.read(wake, 4096)
            bury()
        if 0 in ready:
            orders = os.read(0, 4096)
            if not orders:
                return
            for _ in orders.split():
                if fails:
                    fails = False
                    print(f"failed {errno.EAGAIN}", flush=True)
                    continue
                pid = os.fork()
                if pid == 0:
                    nowhere = os.open(os.devnull, os.O_RDWR)
                    os.dup2(nowhere, 0)  # the daemon sees the end of this program by that of its output
                    os.dup2(nowhere, 1)
                    if option != "ends-early":
                        with suppress(OSError):  # the daemon is gone
                            live(link)
                    os._exit(3)
                print(f"born {pid}", flush=True)


def bury() -> None:
    """Say which children have ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        print(f"died {pid} {os.waitstatus_to_exitcode(status)}", flush=True)


def live(link: str) -> None:
    """Be a call process until told to leave, or without daemon and call."""
    with socket.socket(socket.AF_UNIX) as daemon, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip:
        sip.bind(("127.0.0.1", 0))
        daemon.connect(link)

        def say(message: FromProcess) -> None:
            daemon.sendall(frame(message))

        say(Hello(os.getpid(), sip.getsockname()[1], f"inc-{os.getpid()}"))
        frames, call_id, leaves = Frames(FromDaemon), "", False
        while not leaves or call_id:
            ready, _, _ = select.select([daemon, sip], [], [])
            if sip in ready:
                sip.recv(100)
                say(Mishap(call_id, "woken"))
            if daemon not in ready:
                continue
            data = daemon.recv(65536)
            if not data:
                break
            for message in frames.feed(data):
                match message:
                    case Assign():
                        call_id = message.call_id
                        say(Mishap(call_id, "assigned"))
                    case Tell():
                        say(Idle(call_id, leaves=leaves))
                        call_id = ""
                    case Retire():
                        leaves = True
                    case _:
                        say(Mishap(call_id, type(message).__name__))
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
