"""SIPp as carrier and as target: scenarios told as a list of steps, turned into SIPp's XML.

Rule: what is asserted is what SIPp itself saw; a scenario that does not go as told makes SIPp exit with 1.
"""

import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.sax.saxutils import quoteattr

from tests.support.ports import free_port, free_ports

FROM = "From: ([^>]*>;tag=[0-9a-zA-Z.-]*)"
"""For `recv(keep=…)`: the far end's From, which is our To when we send a request."""

SDP = """v=0
o=sipp 53655765 2353687637 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20
a=sendrecv
"""


_MEDIA_PORTS = 4
"""SIPp binds `-mp` for audio and the next but one for video, each with room for RTCP."""


def _message(start: str, headers: str, body: str = "") -> str:
    head = f"{start}\n{headers.strip()}\n"
    if body:
        return f"{head}Content-Type: application/sdp\nContent-Length: [len]\n\n{body}"
    return f"{head}Content-Length: 0\n\n"


def send(text: str, *, retrans: bool = False, then: str = "") -> str:
    """Send a message as it stands; `retrans` repeats it as RFC 3261 says until something comes back."""
    attributes = ' retrans="500"' if retrans else ""
    return f"<send{attributes}><![CDATA[\n{text}\n]]>{then}</send>"


def recv(
    what: int | str,
    *,
    optional: bool = False,
    rrs: bool = False,
    check: str = "",
    keep: str = "",
    timeout_ms: int = 30_000,
) -> str:
    """Wait for a status (int) or a request (str).

    `check` is a regular expression that its text must match; `keep` is one with a group whose text is then `[$kept]`.
    """
    kind = f'response="{what}"' if isinstance(what, int) else f'request="{what}"'
    attributes = ' optional="true"' if optional else f' timeout="{timeout_ms}"'
    attributes += ' rrs="true"' if rrs else ""
    actions, used = "", []
    if check:
        actions += f'<ereg regexp={quoteattr(check)} search_in="msg" check_it="true" assign_to="checked"/>'
        used.append("checked")
    if keep:
        actions += f'<ereg regexp={quoteattr(keep)} search_in="msg" check_it="true" assign_to="whole,kept"/>'
        used.append("whole")
    if not actions:
        return f"<recv {kind}{attributes}/>"
    unused = "".join(f'<Reference variables="{name}"/>' for name in used)
    return f"<recv {kind}{attributes}><action>{actions}</action></recv>{unused}"


def pause(ms: int) -> str:
    """Let time pass at this end: how long a person rings, talks or waits, never how long we hope something takes."""
    return f'<pause milliseconds="{ms}"/>'


def play(path: Path, payload: int = 8) -> str:
    """Send a raw G.711 file as RTP, looped until the call ends."""
    return f'<nop><action><exec rtp_stream="{path},-1,{payload}"/></action></nop>'


class Caller:
    """The carrier's side of one call, step by step."""

    @staticmethod
    def invite(*, sdp: str = SDP, extra: str = "", retrans: bool = True) -> str:
        """The first INVITE, with the caller and dialled number from SIPp's `-key`s."""
        text = _message(
            "INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0",
            f"""Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK[pid]-[call_number]-INVITE-1
From: <sip:[caller]@[local_ip]:[local_port]>;tag=c[pid]-[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:[caller]@[local_ip]:[local_port];transport=[transport]>
Max-Forwards: 70
{extra}""",
            sdp,
        )
        return send(text, retrans=retrans)

    @staticmethod
    def ack(*, ok: bool = True, cseq: int = 1, sdp: str = "") -> str:
        """ACK: to a 200 in the dialog, to a failure in the INVITE's own transaction."""
        target = "[next_url]" if ok else "sip:[service]@[remote_ip]:[remote_port]"
        branch = f"ACK-{cseq}" if ok else "INVITE-1"
        return send(_message(f"ACK {target} SIP/2.0", Caller._dialog("ACK", cseq, branch=branch), sdp))

    @staticmethod
    def request(method: str, cseq: int, *, sdp: str = "", extra: str = "") -> str:
        """A request within the dialog."""
        if method == "INVITE":
            extra += "Contact: <sip:[caller]@[local_ip]:[local_port];transport=[transport]>\n"
        text = _message(f"{method} [next_url] SIP/2.0", Caller._dialog(method, cseq) + extra, sdp)
        return send(text, retrans=True)

    @staticmethod
    def cancel() -> str:
        """CANCEL of the first INVITE (same branch)."""
        return send(
            _message(
                "CANCEL sip:[service]@[remote_ip]:[remote_port] SIP/2.0",
                """Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK[pid]-[call_number]-INVITE-1
From: <sip:[caller]@[local_ip]:[local_port]>;tag=c[pid]-[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 CANCEL
Max-Forwards: 70
""",
            ),
            retrans=True,
        )

    @staticmethod
    def _dialog(method: str, cseq: int, *, branch: str = "") -> str:
        branch = branch or f"{method}-{cseq}"
        return f"""Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK[pid]-[call_number]-{branch}
From: <sip:[caller]@[local_ip]:[local_port]>;tag=c[pid]-[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: {cseq} {method}
Max-Forwards: 70
[routes]
"""


class Target:
    """The target's side of one call."""

    @staticmethod
    def respond(
        status: int, phrase: str, *, sdp: str = "", extra: str = "", tag: bool = True, cseq: str = "[last_CSeq:]"
    ) -> str:
        """A response to the request that came last."""
        to_tag = ";tag=t[pid]-[call_number]" if tag else ""
        return send(
            _message(
                f"SIP/2.0 {status} {phrase}",
                f"""[last_Via:]
[last_From:]
[last_To:]{to_tag}
[last_Call-ID:]
{cseq}
[last_Record-Route:]
Contact: <sip:target@[local_ip]:[local_port];transport=[transport]>
{extra}""",
                sdp,
            ),
        )

    @staticmethod
    def bye() -> str:
        """BYE from the target, after `recv("INVITE", rrs=True)` and `recv("ACK", keep=FROM)`."""
        return send(
            _message(
                "BYE [next_url] SIP/2.0",
                """Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK[pid]-[call_number]-BYE
From: <sip:target@[local_ip]:[local_port]>;tag=t[pid]-[call_number]
To: [$kept]
[last_Call-ID:]
CSeq: 1 BYE
Max-Forwards: 70
[routes]
""",
            ),
            retrans=True,
        )


def write(path: Path, steps: Iterable[str], *, name: str = "scenario") -> Path:
    """A scenario file for SIPp."""
    lines = "\n".join(steps)
    path.write_text(
        f'<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="{name}">\n{lines}\n</scenario>\n',
        encoding="utf-8",
    )
    return path


class Sipp:
    """A running SIPp. Its message log and errors are beside the scenario for when a test fails."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, folder: Path) -> None:
        self.process = process
        self.port = port
        self.folder = folder

    def wait(self, timeout_s: float = 60) -> None:
        """Until all its calls are done; fails the test with SIPp's own account if one went wrong."""
        status = self.process.wait(timeout_s)
        assert status == 0, f"SIPp exited with {status}\n{self.account()}"

    def account(self) -> str:
        """Errors and the end of the message trace."""
        texts = [path.read_text(errors="replace")[-6000:] for path in sorted(self.folder.glob("*.log"))]
        return "\n".join(texts)

    def messages(self) -> str:
        """Every message that SIPp sent and received, as text."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*messages.log")))


def _taken(port: int) -> bool:
    """Whether somebody has this UDP or TCP port, as the kernel lists them."""
    wanted = f":{port:04X} "
    return any(wanted in Path(f"/proc/net/{table}").read_text() for table in ("udp", "tcp"))


@contextmanager
def sipp(
    folder: Path, steps: Iterable[str], *, to: str = "", calls: int = 1, options: Iterable[str] = (), port: int = 0
) -> Iterator[Sipp]:
    """SIPp playing `steps`, as carrier if `to` names a host:port, else as target; stopped at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    scenario = write(folder / "scenario.xml", steps)
    command = [
        "sipp",
        *([to] if to else []),
        "-sf",
        str(scenario),
        "-i",
        "127.0.0.1",
        "-p",
        str(port),
        "-m",
        str(calls),
    ]
    command += ["-mi", "127.0.0.1", "-mp", str(free_ports(_MEDIA_PORTS)[0]), "-nostdin", "-default_behaviors", "none"]
    command += ["-trace_msg", "-message_file", str(folder / "messages.log")]
    command += ["-trace_err", "-error_file", str(folder / "errors.log"), "-timeout_error", *options]
    # SIPp asks its terminal about itself; without one it must not find ours.
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    running = Sipp(process, port, folder)
    try:
        while not to and not _taken(port):
            assert process.poll() is None, f"SIPp did not start\n{running.account()}"
            time.sleep(0.005)
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
