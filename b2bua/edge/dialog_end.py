"""Requests that the edge sends in the name of a call process that died: BYE, CANCEL, ACK (RFC 3261, 9.1, 13.2.2.4, 15).

Rule: pure functions of a dialog or of an INVITE as it was sent. BYE and CANCEL carry a Reason (RFC 3326).
"""

from typing import Final

import attrs

from b2bua.edge import guard
from b2bua.edge.forward import next_hop
from b2bua.edge.grammar import MalformedError, NameAddr, Uri, parse_uri
from b2bua.edge.message import Request, Response, parse, print_message
from b2bua.edge.settings import EdgeSettings, Send
from b2bua.edge.token import DialogTokens, ProcessAddress

CALL_LOST: Final = ('Reason: SIP;cause=500;text="Call lost"', "Reason: Q.850;cause=41")
NOTHING_COMMON: Final = ('Reason: SIP;cause=488;text="Not Acceptable Here"',)


@attrs.define
class Dialog:
    """A confirmed dialog from the process's side (RFC 3261, 12). `cseq` is the last that the process used in it."""

    local: NameAddr
    remote: NameAddr
    target: Uri
    routes: list[NameAddr]
    call_id: str
    cseq: int


def dialog_of(response: Response) -> Dialog | None:
    """The caller's side of the dialog that a 2xx confirms (RFC 3261, 12.1.2); None without a Contact we can reach."""
    target = guard.reachable_contact(response)
    if target is None:
        return None
    routes = guard.routes(response)[::-1]
    return Dialog(response.from_, response.to, target, routes, response.call_id, response.cseq)


@attrs.frozen
class DialogEnd:
    """Prints requests within a dialog."""

    settings: EdgeSettings
    tokens: DialogTokens

    def bye(self, process: ProcessAddress, dialog: Dialog, reason: tuple[str, ...] = CALL_LOST) -> list[Send]:
        """The BYE, with the next CSeq."""
        return self._request("BYE", process, dialog, dialog.cseq + 1, reason)

    def ack(self, process: ProcessAddress, dialog: Dialog) -> list[Send]:
        """The ACK to the 2xx that confirmed the dialog."""
        return self._request("ACK", process, dialog, dialog.cseq, ())

    def _request(
        self, method: str, process: ProcessAddress, dialog: Dialog, cseq: int, extra: tuple[str, ...]
    ) -> list[Send]:
        """Empty where the dialog's next hop cannot be reached by UDP or TCP."""
        try:
            to, transport = next_hop(dialog.routes[0].uri if dialog.routes else dialog.target)
        except MalformedError:
            return []
        mac = self.tokens.mac("ended", dialog.call_id, dialog.local.tag, str(cseq))
        branch = self.tokens.branch(process, f"z9hG4bKended-{method}-{mac}", dialog.call_id)
        lines = [
            f"Via: {self.settings.via(transport, branch)}",
            *(f"Route: {route.bare}" for route in dialog.routes),
            "Max-Forwards: 70",
            f"From: {dialog.local}",
            f"To: {dialog.remote}",
            f"Call-ID: {dialog.call_id}",
            f"CSeq: {cseq} {method}",
            *extra,
        ]
        return [Send(print_message(f"{method} {dialog.target.text} SIP/2.0", lines), to, transport)]


def cancel(sent: Send) -> Send:
    """The CANCEL of an INVITE as it was sent (RFC 3261, 9.1)."""
    return _hop_by_hop(sent, "CANCEL", CALL_LOST, None)


def failure_ack(sent: Send, response: Response) -> Send:
    """The ACK to the failure of an INVITE as it was sent (RFC 3261, 17.1.1.3)."""
    return _hop_by_hop(sent, "ACK", (), response.to)


def _hop_by_hop(sent: Send, method: str, extra: tuple[str, ...], to: NameAddr | None) -> Send:
    invite = parse(sent.packet)
    assert isinstance(invite, Request)
    lines = [
        f"Via: {invite.vias[0]}",
        *(f"Route: {route}" for route in invite.fields.get("route", ())),
        "Max-Forwards: 70",
        f"From: {invite.from_}",
        f"To: {to or invite.to}",
        f"Call-ID: {invite.call_id}",
        f"CSeq: {invite.cseq} {method}",
        *extra,
    ]
    uri = parse_uri(invite.uri).text
    return attrs.evolve(sent, packet=print_message(f"{method} {uri} SIP/2.0", lines))
