"""A stage for the edge's core: a carrier and a process as plain text, a admission that says what it is told to."""

from ipaddress import IPv4Network

import attrs

from b2bua.config.trunks import Gateway, Trunk
from b2bua.edge.admission import Admitted, NewCall, NoProcess, Referral, Refused
from b2bua.edge.core import Edge
from b2bua.edge.dialog_journal import DialogJournal
from b2bua.edge.rate_limit import Address
from b2bua.edge.settings import EdgeSettings, Send
from b2bua.edge.token import DialogTokens, ProcessAddress
from routing.ids import CallId, TrunkName

SECRET = b"a secret for tests only, 32 bytes"
CARRIER = Address("192.0.2.10", 5060)
TARGET = Address("198.51.100.7", 5060)
UNKNOWN = Address("203.0.113.66", 5060)
PROCESS = 40001
INCARNATION = "inc1"
CALL_ID = CallId("c-1")
TRUNK = Trunk(TrunkName("carrier"), (IPv4Network("192.0.2.0/24"),))
GATEWAY = Gateway("gw", TARGET.host)
SETTINGS = EdgeSettings("192.0.2.1", 5060, 40000, invites_per_s=10_000)

OFFER = """\
v=0
o=carrier 2890844526 1 IN IP4 192.0.2.10
s=call
c=IN IP4 192.0.2.10
t=0 0
m=audio 30000 RTP/AVP 8 0 18 101
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:18 G729/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=sendrecv
"""

CLEAN_OFFER = """\
v=0
o=- 743360878 1 IN IP4 192.0.2.10
s=-
c=IN IP4 192.0.2.10
t=0 0
m=audio 30000 RTP/AVP 8 0 101
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=sendrecv
"""


def sip_bytes(head: str, body: str = "", kind: str = "application/sdp") -> bytes:
    """A message as bytes from readable text; Content-Type and Content-Length are added."""
    octets = body.replace("\n", "\r\n").encode()
    lines = head.strip("\n").split("\n")
    if octets:
        lines.append(f"Content-Type: {kind}")
    lines.append(f"Content-Length: {len(octets)}")
    return "\r\n".join([*lines, "", ""]).encode() + octets


def text(send: Send) -> str:
    """What was sent, readable: no carriage returns, no last empty lines."""
    return send.packet.decode().replace("\r\n", "\n").rstrip("\n")


def field(send: Send, name: str) -> list[str]:
    """All values of a header field in what was sent."""
    head = text(send).split("\n\n")[0].split("\n")[1:]
    return [line.split(": ", 1)[1] for line in head if line.split(":", 1)[0].lower() == name.lower()]


def start(send: Send) -> str:
    """The start line of what was sent."""
    return text(send).split("\n", 1)[0]


@attrs.define
class ScriptedAdmission:
    """Admits each call to `PROCESS`, or refuses it with `verdict`; `alive` says which processes live."""

    verdict: Admitted | Refused | NoProcess = attrs.field(factory=lambda: Admitted(PROCESS, INCARNATION, CALL_ID))
    alive: dict[int, str] = attrs.field(factory=lambda: {PROCESS: INCARNATION})
    calls: list[NewCall] = attrs.field(factory=list)
    referrals: list[tuple[ProcessAddress, Referral]] = attrs.field(factory=list)
    referral_refused: Refused | None = None

    def admit(self, call: NewCall) -> Admitted | Refused | NoProcess:
        """Note the call and say the verdict."""
        self.calls.append(call)
        return self.verdict

    def refer(self, process: ProcessAddress, referral: Referral) -> Refused | None:
        """Note the REFER and say what was told to."""
        self.referrals.append((process, referral))
        return self.referral_refused

    def incarnation_at(self, sip_port: int) -> str | None:
        """Who lives at this port."""
        return self.alive.get(sip_port)


@attrs.define
class Stage:
    """An edge at `SETTINGS`, with one trunk and one gateway; `just_started`: processes may still be waited for."""

    settings: EdgeSettings = SETTINGS
    admission: ScriptedAdmission = attrs.field(factory=ScriptedAdmission)
    now_s: float = 1000.0
    journal: DialogJournal = attrs.field(factory=DialogJournal)
    just_started: bool = False
    edge: Edge = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        peers = ([TRUNK], [attrs.evolve(GATEWAY, ping=False)])
        self.edge = Edge(self.settings, SECRET, self.admission, *peers, journal=self.journal)
        if not self.just_started:
            for ago_s in (60, 0):
                self.edge.tick(self.now_s - ago_s)

    def outside(self, packet: bytes, source: Address = CARRIER, transport: str = "udp") -> list[Send]:
        """A packet comes from outside."""
        return self.edge.receive(packet, source, transport, self.now_s)

    def one(self, packet: bytes, source: Address = CARRIER, transport: str = "udp") -> Send:
        """The same where exactly one packet must go out, beside our 100 to an initial INVITE."""
        (send,) = [send for send in self.outside(packet, source, transport) if not is_trying(send)]
        return send

    def inside(self, packet: bytes, port: int = PROCESS) -> Send:
        """A packet comes from a process; exactly one must go out."""
        (send,) = self.edge.receive_inside(packet, port, self.now_s)
        return send

    def token(self) -> str:
        """The user part of the process's Contact."""
        return DialogTokens(SECRET).contact(ProcessAddress(PROCESS, INCARNATION))


def is_trying(send: Send) -> bool:
    """Whether this is our own 100."""
    return send.packet.startswith(b"SIP/2.0 100 ")


def invite(call_id: str = "call-1@carrier", *, extra: str = "", body: str = OFFER, cseq: int = 1) -> bytes:
    """A carrier's INVITE to 4006001234."""
    return sip_bytes(
        f"""
INVITE sip:4006001234@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKcarrier-{cseq};rport
Max-Forwards: 70
From: "Zhang" <sip:02112345678@192.0.2.10>;tag=caller-1
To: <sip:4006001234@192.0.2.1>
Call-ID: {call_id}
CSeq: {cseq} INVITE
Contact: <sip:02112345678@192.0.2.10:5060>
{extra}""",
        body,
    )


def response_to(
    send: Send, status: int, phrase: str, *, tag: str = "callee-1", extra: str = "", body: str = ""
) -> bytes:
    """What the one who got this request answers (RFC 3261, 8.2.6: what must be copied is copied)."""
    lines = [f"SIP/2.0 {status} {phrase}"]
    for name in ("Via", "Record-Route", "From", "To", "Call-ID", "CSeq"):
        for value in field(send, name):
            tagged = f"{value};tag={tag}" if name == "To" and ";tag=" not in value and status > 100 else value
            lines.append(f"{name}: {tagged}")
    return sip_bytes("\n".join(lines) + ("\n" + extra if extra else ""), body)


def request(method: str, *, uri: str = "sip:4006001234@192.0.2.1", to_tag: str = "", extra: str = "") -> bytes:
    """A request without body from the carrier."""
    return sip_bytes(f"""
{method} {uri} SIP/2.0
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKg;rport
{extra or "Max-Forwards: 70"}
From: <sip:02112345678@192.0.2.10>;tag=g1
To: <sip:4006001234@192.0.2.1>{to_tag}
Call-ID: guard-1
CSeq: 5 {method}
Contact: <sip:c@192.0.2.10>
""")
