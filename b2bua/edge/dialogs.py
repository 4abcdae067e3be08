"""What a call process leaves behind when it dies, and how the edge ends it on its behalf.

Rule: a courtesy on which nothing depends. Notes are taken from the messages that pass; a process holds one
call, so a new one clears them. An unanswered caller gets 500, a confirmed dialog BYE, a ringing target
CANCEL, each with a Reason (RFC 3326). Each is sent once: the far end's own timers cover a lost one.
"""

from typing import Final

import attrs

from b2bua.edge import guard, responses
from b2bua.edge.forward import next_hop
from b2bua.edge.grammar import MalformedError, NameAddr, Uri, parse_uri
from b2bua.edge.message import Request, Response, parse, print_message
from b2bua.edge.rate_limit import Address
from b2bua.edge.settings import EdgeSettings, Send
from b2bua.edge.token import DialogTokens, ProcessAddress

REASONS: Final = ('Reason: SIP;cause=500;text="Call lost"', "Reason: Q.850;cause=41")
NOTHING_COMMON: Final = ('Reason: SIP;cause=488;text="Not Acceptable Here"',)
LOST: Final = responses.of_refusal(responses.PROCESS_LOST)
KEEP_LATE_S: Final = 64.0
MOST_LATE: Final = 2_000


@attrs.define
class Dialog:
    """A confirmed dialog from the process's side (RFC 3261, 12)."""

    local: NameAddr
    remote: NameAddr
    target: Uri
    routes: list[NameAddr]
    call_id: str
    cseq: int


@attrs.define
class Ringing:
    """An INVITE without final response: as sent, and whether CANCEL may follow it yet (RFC 3261, 9.1)."""

    send: Send
    provisional: bool = False
    cancelled: bool = False
    until_s: float = 0.0


@attrs.define
class _Note:
    """What one process holds."""

    waiting: tuple[Request, Address, str] | None = None
    dialogs: dict[tuple[str, str], Dialog] = attrs.field(factory=dict)
    ringing: dict[str, Ringing] = attrs.field(factory=dict)
    declined: set[str] = attrs.field(factory=set)


class Dialogs:
    """Notes on live processes, and the INVITEs of dead ones that may still be answered."""

    def __init__(self, settings: EdgeSettings, tokens: DialogTokens) -> None:
        self._settings = settings
        self._tokens = tokens
        self._notes: dict[ProcessAddress, _Note] = {}
        self._late: dict[str, Ringing] = {}

    def came_in(self, process: ProcessAddress, request: Request, source: Address, transport: str) -> None:
        """A request from outside went to the process."""
        if request.verb == "INVITE" and not request.to.tag:
            self._notes[process] = _Note((attrs.evolve(request, body=b""), source, transport))
        elif note := self._notes.get(process):
            if request.verb == "BYE":
                note.dialogs.pop((request.call_id, request.to.tag), None)
            elif (dialog := note.dialogs.get((request.call_id, request.to.tag))) and (
                uri := guard.reachable_contact(request)
            ):
                dialog.target = uri

    def answered_out(self, process: ProcessAddress, response: Response) -> None:
        """The process answered a request from outside."""
        note = self._notes.get(process)
        if note is None or note.waiting is None or response.method != "INVITE" or response.status < 200:
            return
        invite = note.waiting[0]
        if (response.call_id, response.cseq) != (invite.call_id, invite.cseq):
            return
        note.waiting = None
        if response.status < 300 and (target := guard.reachable_contact(invite)):
            note.dialogs[response.call_id, response.to.tag] = Dialog(
                response.to, response.from_, target, guard.routes(invite), response.call_id, 0
            )

    def went_out(self, process: ProcessAddress, request: Request, send: Send) -> None:
        """A request of the process went out."""
        note = self._notes.setdefault(process, _Note())
        if request.verb == "INVITE" and not request.to.tag:
            note.ringing[request.vias[0].branch] = Ringing(send)
        elif dialog := note.dialogs.get((request.call_id, request.from_.tag)):
            dialog.cseq = max(dialog.cseq, request.cseq)
            if request.verb == "BYE":
                del note.dialogs[request.call_id, request.from_.tag]

    def answered_in(self, process: ProcessAddress, branch: str, response: Response) -> None:
        """A request of the process was answered."""
        note = self._notes.get(process)
        if note is None or response.method != "INVITE" or (ringing := note.ringing.get(branch)) is None:
            return
        if response.status < 200:
            ringing.provisional = True
            return
        del note.ringing[branch]
        if response.status < 300 and (dialog := _dialog_of(response)):
            note.dialogs[response.call_id, response.from_.tag] = dialog

    def declined(self, process: ProcessAddress, branch: str, response: Response) -> list[Send]:
        """End the dialog of an answer to a first INVITE that declines its audio: ACK and BYE. Nothing for another."""
        note = self._notes.get(process)
        if note is None or not 200 <= response.status < 300:
            return []
        if branch not in note.ringing and branch not in note.declined:
            return []
        dialog = _dialog_of(response)
        if dialog is None:
            return []
        acked = self._in_dialog(process, dialog, "ACK", dialog.cseq)
        if branch in note.declined:
            return acked
        note.declined.add(branch)
        return acked + self._in_dialog(process, dialog, "BYE", dialog.cseq + 1, NOTHING_COMMON)

    def beside(self, process: ProcessAddress, call_id: str, local_tag: str, remote_tag: str) -> Dialog | None:
        """The one other confirmed dialog of the process that holds this one; None if it does not, or holds several."""
        dialogs = self._notes[process].dialogs if process in self._notes else {}
        this = dialogs.get((call_id, local_tag))
        others = [dialog for dialog in dialogs.values() if dialog is not this]
        return others[0] if this and this.remote.tag == remote_tag and len(others) == 1 else None

    def died(self, process: ProcessAddress, now_s: float) -> list[Send]:
        """End what the process held."""
        note = self._notes.pop(process, None)
        if note is None:
            return []
        sends = [responses.to_outside(note.waiting[0], LOST, self._tokens, *note.waiting[1:])] if note.waiting else []
        for dialog in note.dialogs.values():
            sends += self._bye(process, dialog)
        for branch, ringing in note.ringing.items():
            ringing.until_s = now_s + KEEP_LATE_S
            if len(self._late) < MOST_LATE:
                self._late[branch] = ringing
            if ringing.provisional:
                ringing.cancelled = True
                sends.append(_hop_by_hop(ringing.send, "CANCEL", REASONS))
        return sends

    def late(self, process: ProcessAddress, branch: str, response: Response) -> list[Send]:
        """An answer to an INVITE of a dead process: CANCEL, ACK, or ACK and BYE."""
        ringing = self._late.get(branch)
        if ringing is None or response.method != "INVITE":
            return []
        if response.status < 200:
            if ringing.cancelled:
                return []
            ringing.cancelled = True
            return [_hop_by_hop(ringing.send, "CANCEL", REASONS)]
        if response.status >= 300:
            return [_hop_by_hop(ringing.send, "ACK", (), to=response.to)]
        dialog = _dialog_of(response)
        if dialog is None:
            return []
        return self._in_dialog(process, dialog, "ACK", dialog.cseq) + self._bye(process, dialog)

    def forget(self, now_s: float) -> None:
        """Drop INVITEs of dead processes that are too old to be answered."""
        self._late = {branch: ringing for branch, ringing in self._late.items() if ringing.until_s > now_s}

    def _bye(self, process: ProcessAddress, dialog: Dialog) -> list[Send]:
        return self._in_dialog(process, dialog, "BYE", dialog.cseq + 1, REASONS)

    def _in_dialog(
        self, process: ProcessAddress, dialog: Dialog, method: str, cseq: int, extra: tuple[str, ...] = ()
    ) -> list[Send]:
        try:
            to, transport = next_hop(dialog.routes[0].uri if dialog.routes else dialog.target)
        except MalformedError:
            return []
        mac = self._tokens.mac("ended", dialog.call_id, dialog.local.tag, str(cseq))
        branch = self._tokens.branch(process, f"z9hG4bKended-{method}-{mac}", dialog.call_id)
        lines = [
            f"Via: {self._settings.via(transport, branch)}",
            *(f"Route: {route.bare}" for route in dialog.routes),
            "Max-Forwards: 70",
            f"From: {dialog.local}",
            f"To: {dialog.remote}",
            f"Call-ID: {dialog.call_id}",
            f"CSeq: {cseq} {method}",
            *extra,
        ]
        return [Send(print_message(f"{method} {dialog.target.text} SIP/2.0", lines), to, transport)]


def _dialog_of(response: Response) -> Dialog | None:
    """The caller's side of the dialog that a 2xx confirms (RFC 3261, 12.1.2)."""
    target = guard.reachable_contact(response)
    if target is None:
        return None
    routes = guard.routes(response)[::-1]
    return Dialog(response.from_, response.to, target, routes, response.call_id, response.cseq)


def _hop_by_hop(sent: Send, method: str, extra: tuple[str, ...], to: NameAddr | None = None) -> Send:
    """CANCEL of an INVITE as it was sent, or the ACK to its failure (RFC 3261, 9.1 and 17.1.1.3)."""
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
