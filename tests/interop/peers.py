"""Telephones and proxies that other people wrote, from Debian's packages, on loopback.

Rule: each runs in a folder of its own, on ports that were free, and is ended with its block; none is found by its name.
"""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import attrs
import trio

from tests.support.ports import free_port
from tests.support.switch import eventually

TONE_HZ: Final = 440
MODULES: Final = Path("/usr/lib/baresip/modules")


@attrs.define
class Telephone:
    """A running telephone: its SIP port (UDP and TCP), its command line, and the log of what it printed."""

    port: int
    stdin: IO[str]
    log: Path

    def command(self, line: str) -> None:
        """Give it a command."""
        self.stdin.write(f"{line}\n")
        self.stdin.flush()

    def printed(self) -> str:
        """All that it printed."""
        return self.log.read_text(errors="replace")

    async def until(self, words: str, *, times: int = 1, timeout_s: float = 20) -> None:
        """Wait until it has printed these words so many times; fails the test with the end of what it printed."""
        with trio.move_on_after(timeout_s):
            while self.printed().count(words) < times:
                await trio.sleep(0.05)
            return
        raise AssertionError(f"no {words!r} in {timeout_s} s, but {self.printed()[-4000:]}")


_BARESIP = """\
sip_listen 127.0.0.1:{port}
rtp_ports {rtp}-{rtp_end}
audio_source aufile,{folder}/tone.wav
audio_player aufile,{folder}/heard.wav
module_path {modules}
module account.so
module stdio.so
module menu.so
module g711.so
module aufile.so
module srtp.so
"""


@contextmanager
def baresip(folder: Path, *, mode: str = "auto", user: str = "t") -> Iterator[Telephone]:
    """baresip as a telephone `sip:USER@127.0.0.1:PORT` with a tone for a microphone.

    `mode` is its `answermode`: `auto`, `manual` (it rings), `early` (183 and audio).
    """
    folder.mkdir(parents=True)
    port, rtp = free_port(), free_port()
    config = _BARESIP.format(port=port, rtp=rtp, rtp_end=rtp + 1, folder=folder, modules=MODULES)
    (folder / "config").write_text(config, encoding="ascii")
    (folder / "accounts").write_text(f"<sip:{user}@127.0.0.1>;regint=0;answermode={mode}\n", encoding="ascii")
    (folder / "contacts").write_text("", encoding="ascii")
    _write_tone(folder / "tone.wav")
    with _running(["baresip", "-f", str(folder), "-s"], folder) as (stdin, log):
        _until_said(log, "baresip is ready")
        yield Telephone(port, stdin, log)


_LINPHONE = """\
[sip]
sip_port={port}
sip_tcp_port={port}
sip_tls_port=0
use_ipv6=0
guess_hostname=0
contact="t" <sip:{user}@127.0.0.1:{port}>
inc_timeout=30
[rtp]
audio_rtp_port={rtp}
[net]
nat_policy_ref=
"""


@contextmanager
def linphone(folder: Path, *, mode: str = "auto", user: str = "t") -> Iterator[Telephone]:
    """linphonec as a telephone `sip:USER@127.0.0.1:PORT` with a tone for a microphone.

    `mode` is `auto` (it answers by itself) or `manual` (it rings).
    """
    folder.mkdir(parents=True)
    port, rtp = free_port(), free_port()
    (folder / ".local/share/linphone").mkdir(parents=True)
    (folder / "linphonerc").write_text(_LINPHONE.format(port=port, rtp=rtp, user=user), encoding="ascii")
    tone = folder / "tone.wav"
    _write_tone(tone)
    answers = ["-a"] if mode == "auto" else []
    command = ["linphonec", *answers, "-d", "4", "-l", str(folder / "detail"), "-c", str(folder / "linphonerc")]
    with _running(command, folder) as (stdin, log):
        _until_said(log, "linphonec>")
        telephone = Telephone(port, stdin, log)
        telephone.command("ipv6 disable")
        telephone.command("soundcard use files")
        telephone.command(f"play {tone}")
        yield telephone


def _write_tone(file: Path) -> None:
    sox = ["sox", "-q", "-n", "-r", "8000", "-b", "16", "-c", "1", str(file), "synth", "60", "sine", str(TONE_HZ)]
    subprocess.run(sox, check=True)


@contextmanager
def _running(command: list[str], folder: Path) -> Iterator[tuple[IO[str], Path]]:
    log = folder / "log"
    with log.open("w") as out:
        program = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            start_new_session=True,
            env={"HOME": str(folder), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "TERM": "dumb"},
        )
        assert program.stdin is not None
        try:
            yield program.stdin, log
        finally:
            os.killpg(program.pid, signal.SIGKILL)  # a session of its own: its children go with it
            program.communicate(timeout=30)


def _until_said(log: Path, words: str) -> None:
    eventually(lambda: log.read_text(errors="replace"), lambda text: words in text, 20)


_KAMAILIO = """\
#!KAMAILIO
debug=1
log_stderror=yes
fork=no
children=2
listen=udp:127.0.0.1:{port}
listen=tcp:127.0.0.1:{port}
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "maxfwd.so"
modparam("rr", "enable_full_lr", 1)
modparam("rr", "append_fromtag", {from_tag:d})

request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (has_totag()) {{
        {within}
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
        sl_send_reply("404", "Not here");
        exit;
    }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
    t_check_trans();
    {more}
    if (is_method("INVITE")) {{ {record_route} }}
    $du = "sip:{to};transport={transport}";
    t_relay();
}}
"""


@contextmanager
def kamailio(
    folder: Path,
    to: str,
    *,
    transport: str = "udp",
    record_route: str = "record_route();",
    within: str = "",
    from_tag: bool = True,
    users: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """Kamailio as a carrier's proxy: it stays in the dialog (Record-Route) and hands all calls to `to`; its port.

    `record_route` is what it does with an INVITE, `within` with a request within a dialog, in its own language, where
    `PORT` is its port; with `from_tag` the caller's tag is a parameter of its Record-Route; `users` are numbers to be
    dialled in place of names.
    """
    folder.mkdir(parents=True)
    port = free_port()
    config = folder / "kamailio.cfg"
    text = _KAMAILIO.format(
        port=port,
        to=to,
        transport=transport,
        within=within.replace("PORT", str(port)),
        from_tag=from_tag,
        record_route=record_route.replace("PORT", str(port)),
        more="\n    ".join(f'if ($rU == "{name}") {{ $rU = "{number}"; }}' for name, number in (users or {}).items()),
    )
    config.write_text(text, encoding="ascii")
    with _running(["kamailio", "-f", str(config), "-DD", "-E", "-Y", str(folder), "-w", str(folder)], folder):
        _until_listens(port)
        yield port


def _until_listens(port: int) -> None:
    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    eventually(answers, bool, 20)
