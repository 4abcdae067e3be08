"""Requests that the edge sends in the name of a call process that died: BYE, CANCEL, ACK (RFC 3261, 9.1, 13.2.2.4, 15).

Rule: pure functions of a dialog or of an INVITE as it was sent. BYE and CANCEL carry a Reason (RFC 3326).
"""

from typing import Final

import attrs

from b2bua.edge import guard
from b2bua.edge.far_side import Connection
from b2bua.edge.forward import hop_to
from b2bua.edge.grammar import MalformedError, NameAddr, Uri, parse_uri
from b2bua.edge.message import Request, Response, parse, print_message
from b2bua.edge.party import Party
from b2bua.edge.settings import EdgeSettings, Send
from b2bua.edge.token import DialogTokens, ProcessAddress

CALL_LOST: Final = ('Reason: SIP;cause=500;text="Call lost"', "Reason: Q.850;cause=41")
NOTHING_COMMON: Final = ('Reason: SIP;cause=488;text="Not Acceptable Here"',)


@attrs.define
class Dialog:
    """A confirmed dialog from the process's side (RFC 3261, 12). `cseq` is the last that the process used in it.

    `call_id` is as PJSIP has it, `written_call_id` as the far side has; `connection` is where its messages come from.
    """

    local: Party
    remote: Party
    target: Uri
    routes: list[NameAddr]
    call_id: str
    cseq: int
    written_call_id: str
    connection: Connection | None = None


def dialog_of(response: Response, invite: Send | None) -> Dialog | None:
    """The caller's side of the dialog that a 2xx confirms (RFC 3261, 12.1.2).

    Without a Contact that we can reach, its target is the Request-URI of the INVITE as sent; None without either.
    """
    target = guard.reachable_contact(response)
    if target is None and invite is not None:
        sent = parse(invite.packet)
        assert isinstance(sent, Request)
        target = parse_uri(sent.uri)
    if target is None:
        return None
    try:
        routes = guard.routes(response)[::-1]
    except MalformedError:
        routes = []
    parties = (response.from_, response.to, target, routes)
    return Dialog(*parties, response.call_id, response.cseq, response.written_call_id)


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
            hop = hop_to(dialog.target, dialog.routes, dialog.connection)
        except MalformedError:
            return []
        mac = self.tokens.mac("ended", dialog.call_id, dialog.local.tag, str(cseq))
        branch = self.tokens.branch(process, f"z9hG4bKended-{method}-{mac}", dialog.call_id)
        lines = [
            f"Via: {self.settings.via(hop.transport, branch)}",
            *(f"Route: {route}" for route in hop.routes),
            "Max-Forwards: 70",
            f"From: {dialog.local.written}",
            f"To: {dialog.remote.written}",
            f"Call-ID: {dialog.written_call_id}",
            f"CSeq: {cseq} {method}",
            *extra,
        ]
        return [hop.send(print_message(f"{method} {hop.uri} SIP/2.0", lines))]


def cancel(sent: Send) -> Send:
    """The CANCEL of an INVITE as it was sent (RFC 3261, 9.1)."""
    return _hop_by_hop(sent, "CANCEL", CALL_LOST, None)


def failure_ack(sent: Send, response: Response) -> Send:
    """The ACK to the failure of an INVITE as it was sent (RFC 3261, 17.1.1.3)."""
    return _hop_by_hop(sent, "ACK", (), response.to)


def _hop_by_hop(sent: Send, method: str, extra: tuple[str, ...], to: Party | None) -> Send:
    invite = parse(sent.packet)
    assert isinstance(invite, Request)
    lines = [
        f"Via: {invite.vias[0]}",
        *(f"Route: {route}" for route in invite.fields.get("route", ())),
        "Max-Forwards: 70",
        f"From: {invite.from_.written}",
        f"To: {(to or invite.to).written}",
        f"Call-ID: {invite.written_call_id}",
        f"CSeq: {invite.cseq} {method}",
        *extra,
    ]
    uri = invite.uri
    return attrs.evolve(sent, packet=print_message(f"{method} {uri} SIP/2.0", lines))
