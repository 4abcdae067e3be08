"""A carrier and a target that really talk to the switch, and damage most of what they say.

Rule: what is damaged carries the tags, branches and tokens of calls that are up at that moment, so that it gets as far
in as a message can get. What is sent follows from the seed and from what the switch answers.
"""

import itertools
import os
import random
import re
import select
import time
from collections import deque
from types import TracebackType
from typing import Final, Self

import attrs

from tests.support.ports import NOBODYS
from tests.support.raw_sip import Raw
from tests.support.sipp import SDP
from tests.unit.edge.mutations import mutated

CALLS_KEPT: Final = 12
"""Calls in whose dialogs damaged messages are sent; an older one is ended, so that its process is free."""
BURST: Final = 40
"""Packets between two waits for the switch to have read them all."""
OFFER: Final = (
    SDP.replace("[local_ip]", "127.0.0.2").replace("[media_ip]", "127.0.0.2").replace("[media_port]", str(NOBODYS))
)
IN_DIALOG: Final = (
    "ACK", "BYE", "INVITE", "UPDATE", "REFER", "INFO", "OPTIONS", "NOTIFY", "PRACK", "SUBSCRIBE", "MESSAGE", "CANCEL",
)  # fmt: skip
ANSWERS: Final = (
    "100 Trying", "180 Ringing", "183 Session Progress", "200 OK", "200 OK", "302 Moved", "404 Not Found",
    "486 Busy Here", "486 Busy Here", "503 Service Unavailable", "603 Decline",
)  # fmt: skip
_BODIED: Final = frozenset(("INVITE", "UPDATE"))
_OF_METHOD: Final = {
    "REFER": "Refer-To: <sip:400@127.0.0.3>\nReferred-By: <sip:a@127.0.0.2>\n",
    "NOTIFY": "Event: refer\nSubscription-State: active;expires=60\n",
    "PRACK": "RAck: 1 1 INVITE\n",
    "SUBSCRIBE": "Event: presence\nExpires: 0\n",
    "INFO": "Info-Package: dtmf\n",
}
_RICH: Final = """P-Asserted-Identity: "A" <sip:02112345678@h>, <tel:+862112345678>
Privacy: id
Supported: timer, 100rel, replaces
Session-Expires: 1800;refresher=uac
Min-SE: 90
Diversion: <sip:1@h>;reason=no-answer;counter=2
History-Info: <sip:1@h?Reason=SIP%3Bcause%3D302>;index=1
Record-Route: <sip:127.0.0.2:5099;lr;x=y+z>
User-to-User: 56a390f3d2b7310023a2;encoding=hex
Replaces: a@b;to-tag=1;from-tag=2
Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000
"""
_PARTS: Final = f"""--frontier
Content-Type: application/sdp

{OFFER}
--frontier
Content-Type: application/pidf+xml
Content-ID: <a@b>

<presence/>
--frontier--
"""


@attrs.frozen
class Dialog:
    """One side of a call: how to address the switch within it."""

    end: Raw
    uri: str
    mine: str
    theirs: str
    call: str
    routes: str = ""

    def request(self, method: str, cseq: int) -> str:
        """A request within the dialog."""
        return compose(
            f"{method} {self.uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.end.me};branch=z9hG4bK{method}{cseq}{self.call[-6:]}\n"
            f"From: {self.mine}\nTo: {self.theirs}\nCall-ID: {self.call}\nCSeq: {cseq} {method}\n"
            f"Contact: <sip:me@{self.end.me}>\nMax-Forwards: 70\n{self.routes}{_OF_METHOD.get(method, '')}",
            OFFER if method in _BODIED else "Signal=1\nDuration=160\n" if method == "INFO" else "",
            kind="application/dtmf-relay" if method == "INFO" else "application/sdp",
        )


def compose(start: str, headers: str, body: str = "", kind: str = "application/sdp") -> str:
    """A whole message."""
    described = f"Content-Type: {kind}\n" if body else ""
    length = len(body.replace("\n", "\r\n").encode())
    return f"{start}\n{headers}{described}Content-Length: {length}\n\n{body}"


def field(message: str, name: str) -> str:
    """All values of a header field, joined as they stand in the message; empty if there is none."""
    return ", ".join(re.findall(f"^{name}: (.*)$", message, re.MULTILINE | re.IGNORECASE))


class DamagedMessages:
    """A carrier and a target of one switch, at 127.0.0.2 and 127.0.0.3, that send damaged messages.

    `target` is where the plan of the number must lead; `foreign` are URIs that lead into others' calls.

    `latest` holds the packets that were sent last, for when something died of one.
    """

    def __init__(self, address: str, seed: int, foreign: tuple[str, ...] = ()) -> None:
        self.carrier = Raw(address, host="127.0.0.2")
        self.target = Raw(address, host="127.0.0.3")
        self.damaged = 0
        self.answered: dict[str, int] = {}
        self.latest: deque[bytes] = deque(maxlen=4 * BURST)
        self._chance = random.Random(seed)
        self._foreign = foreign
        self._serial = itertools.count(1)
        self._name = f"damaged{seed}-{os.getpid()}"
        self._dialogs: deque[Dialog] = deque()
        self._invites: deque[str] = deque()
        self._rung: deque[str] = deque()

    def send_some(self, number: str, count: int) -> None:
        """Send `count` damaged messages more, and take part in what comes of it."""
        until = self.damaged + count
        while self.damaged < until:
            for _ in range(BURST):
                self._one(number)
            self._settle()

    def end_calls(self) -> None:
        """End every call that is still up, as a telephone does."""
        while self._dialogs or self._invites or self._rung:
            self._close_oldest()
            self._settle()

    def _one(self, number: str) -> None:
        kind = self._chance.random()
        if kind < 0.04:
            invite = self._invite(number)
            self._invites.append(invite)
            self._say(self.carrier, invite, damage=0.6)
        elif kind < 0.14 and self._invites:
            self._say(self.carrier, self._same_hop(self._chance.choice(self._invites)))
        elif kind < 0.35 and self._rung:
            self._say(self.target, self._response(self._chance.choice(self._rung)))
        elif kind < 0.4 and self._foreign:
            uri = self._chance.choice(self._foreign)
            stray = Dialog(self.carrier, uri, "<sip:x@h>;tag=1", "<sip:y@h>;tag=2", f"{self._name}-stray")
            self._say(self.carrier, stray.request(self._chance.choice(IN_DIALOG), 1))
        elif self._dialogs:
            dialog = self._chance.choice(self._dialogs)
            self._say(dialog.end, dialog.request(self._chance.choice(IN_DIALOG), next(self._serial)))
        else:
            self._say(self.carrier, self.carrier.request("OPTIONS", number, call=f"{self._name}-{next(self._serial)}"))
        if max(len(self._dialogs), len(self._invites), len(self._rung)) > CALLS_KEPT:
            self._close_oldest()

    def _invite(self, number: str) -> str:
        call = f"{self._name}-{next(self._serial)}"
        form = self._chance.randrange(4)
        if form == 3:
            start, _, rest = self.carrier.request("INVITE", number, call=call).partition("\n")
            headers = rest.split("Content-Length")[0]
            return compose(start, headers, _PARTS, kind="multipart/mixed;boundary=frontier")
        return self.carrier.invite(number, call=call, sdp=form > 0, headers=_RICH if form == 2 else "")

    def _same_hop(self, invite: str) -> str:
        """A CANCEL, ACK or second INVITE in the transaction of an INVITE of ours."""
        method = self._chance.choice(("CANCEL", "ACK", "INVITE"))
        return invite if method == "INVITE" else self._hop(method, invite)

    @staticmethod
    def _hop(method: str, invite: str) -> str:
        head = invite.split("\n\n", maxsplit=1)[0].replace("CSeq: 1 INVITE", f"CSeq: 1 {method}")
        kept = [line for line in head.split("\n")[1:] if not line.startswith(("Content-", "Record-Route", "Contact"))]
        return "\n".join([f"{method} {invite.split(' ')[1]} SIP/2.0", *kept, "Content-Length: 0", "", ""])

    def _response(self, invite: str, status: str = "") -> str:
        status = status or self._chance.choice(ANSWERS)
        tag = "" if status.startswith("100") else ";tag=t1"
        return compose(
            f"SIP/2.0 {status}",
            f"Via: {field(invite, 'Via')}\nFrom: {field(invite, 'From')}\nTo: {field(invite, 'To')}{tag}\n"
            f"Call-ID: {field(invite, 'Call-ID')}\nCSeq: {field(invite, 'CSeq')}\n"
            f"Contact: <sip:desk@{self.target.me}>\n",
            OFFER if status[:3] in ("183", "200") and "INVITE" in field(invite, "CSeq") else "",
        )

    def _say(self, end: Raw, message: str, damage: float = 0.9) -> None:
        packet = message.replace("\n", "\r\n").encode()
        if self._chance.random() < damage:
            other = self._chance.choice(self.latest) if self.latest else packet
            packet = mutated((packet, packet, packet, other), self._chance)
            self.damaged += 1
        self.latest.append(packet)
        end.send(packet[:60000])

    def _settle(self) -> None:
        """Answer what comes, until the switch has read all that was sent (a ping of ours is answered)."""
        ping = f"{self._name}-ping{next(self._serial)}"
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            self.carrier.send(self.carrier.request("OPTIONS", call=ping))
            again = time.monotonic() + 1
            while (left := again - time.monotonic()) > 0:
                ready, _, _ = select.select([self.carrier, self.target], [], [], left)
                heard = [self._heard(end, ping) for end in ready]  # each of them, not up to the first
                if any(heard):
                    return
        raise AssertionError("the switch does not answer OPTIONS any more")

    def _heard(self, end: Raw, ping: str) -> bool:
        message = end.receive()
        start = message.split("\n")[0]
        self.answered[start[:11]] = self.answered.get(start[:11], 0) + 1
        if start.startswith("SIP/2.0"):
            if ping in message:
                return True
            if end is self.carrier and field(message, "CSeq") == "1 INVITE":
                self._called(message, int(start.split(" ")[1]))
        elif start.startswith("INVITE") and ";tag=" not in field(message, "To"):
            self._rung.append(message)
            self._say(end, self._response(message), damage=0.3)
            contact, mine = field(message, "Contact").strip("<>"), f"{field(message, 'To')};tag=t1"
            self._dialogs.append(Dialog(end, contact, mine, field(message, "From"), field(message, "Call-ID")))
        elif not start.startswith("ACK"):
            self._say(end, self._response(message, "200 OK"), damage=0.3)
        return False

    def _called(self, message: str, status: int) -> None:
        """The switch answered an INVITE of ours."""
        to, call = field(message, "To"), field(message, "Call-ID")
        if 200 <= status < 300:
            contact = field(message, "Contact").strip("<>")
            dialog = Dialog(self.carrier, contact, field(message, "From"), to, call)
            self._say(self.carrier, dialog.request("ACK", 1), damage=0.3)
            if dialog not in self._dialogs:
                self._dialogs.append(dialog)
        elif status >= 300:
            invite = next((invite for invite in self._invites if f"Call-ID: {call}\n" in invite), "")
            if invite:
                self._invites.remove(invite)
                ack = self._hop("ACK", invite).replace(f"To: {field(invite, 'To')}", f"To: {to}")
                self._say(self.carrier, ack, damage=0.2)

    def _close_oldest(self) -> None:
        """Send BYE, CANCEL or a refusal, undamaged, for the oldest of each."""
        if self._dialogs:
            dialog = self._dialogs.popleft()
            self._say(dialog.end, dialog.request("BYE", 1_000_000 + next(self._serial)), damage=0)
        if self._invites:
            self._say(self.carrier, self._hop("CANCEL", self._invites.popleft()), damage=0)
        if self._rung:
            self._say(self.target, self._response(self._rung.popleft(), "486 Busy Here"), damage=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.carrier.__exit__(kind, fault, at)
        self.target.__exit__(kind, fault, at)
