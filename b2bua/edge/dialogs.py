"""What the edge remembers of each call process: the INVITE that its caller waits on, its INVITEs to targets that wait
for a final response, and its confirmed dialogs with the far side's address, route set and CSeq.

It is needed in two cases only: a process that died must be ended in its name (an unanswered caller gets 500, a
confirmed dialog BYE, a ringing target CANCEL, each with a Reason, RFC 3326), and a REFER with Replaces names one dialog
of a process where another is meant (`other_dialog`). Nothing else depends on it: every message finds its process by
its token.

Rule: taken from the messages that pass; a process holds one call, so a new INVITE clears what was. Each change is in
the journal before the message goes on, so that the next daemon knows it too. A BYE is repeated until it is answered
(RFC 3261, 17.1.2.2), over restarts as well; CANCEL and 500 are sent once. Not kept over a restart: which answers were
declined (`decline`).
"""

from collections.abc import Iterable
from typing import Final

import attrs

from b2bua.edge import dialog_end, guard, responses
from b2bua.edge.dialog_end import NOTHING_COMMON, Dialog, DialogEnd, dialog_of
from b2bua.edge.dialog_journal import DialogJournal, Entry, Key
from b2bua.edge.far_side import Connection, parse_connection, parse_route
from b2bua.edge.grammar import parse_uri
from b2bua.edge.message import Request, Response, UnreadableError, parse, print_fields
from b2bua.edge.party import inside_call_id, parse_party
from b2bua.edge.rate_limit import Address
from b2bua.edge.settings import EdgeSettings, Send
from b2bua.edge.token import DialogTokens, ProcessAddress

LOST: Final = responses.of_refusal(responses.PROCESS_LOST)
KEEP_LATE_S: Final = 64.0
"""How long a dead process's INVITE may still be answered: twice what a transaction can live (64 × T1)."""
MOST_LATE: Final = 2_000
"""At most so many INVITEs, and as many BYEs, of dead processes wait for an answer."""
T1_S: Final = 0.5
T2_S: Final = 4.0
BYE_S: Final = 64 * T1_S
"""How long a BYE is repeated: timer F (RFC 3261, 17.1.2.2)."""

_CALLER: Final = "caller-invite"
_TARGET: Final = "target-invite"
_DIALOG: Final = "dialog"


@attrs.frozen
class CallerInvite:
    """The initial INVITE of a caller who has no final response yet, without its body, and where it came from."""

    request: Request
    source: Address
    transport: str


@attrs.define
class TargetInvite:
    """An INVITE to a target without final response: as sent, and whether CANCEL may follow it yet (RFC 3261, 9.1)."""

    process: ProcessAddress
    send: Send
    provisional: bool = False
    cancelled: bool = False
    until_s: float = 0.0


@attrs.define
class UnansweredBye:
    """A BYE that was sent for a dead process: when it is due again, after how long then, and until when."""

    key: Key
    send: Send
    due_s: float
    wait_s: float
    until_s: float


@attrs.define
class _Remembered:
    """What one process holds: its targets' INVITEs by branch, its dialogs by Call-ID and local tag."""

    caller: CallerInvite | None = None
    targets: dict[str, TargetInvite] = attrs.field(factory=dict)
    dialogs: dict[tuple[str, str], Dialog] = attrs.field(factory=dict)
    declined: set[str] = attrs.field(factory=set)


class Dialogs:
    """What live processes hold, and the INVITEs of dead ones that may still be answered."""

    def __init__(self, settings: EdgeSettings, tokens: DialogTokens, journal: DialogJournal | None = None) -> None:
        self._tokens = tokens
        self._end = DialogEnd(settings, tokens)
        self._journal = journal or DialogJournal()
        self._remembered: dict[ProcessAddress, _Remembered] = {}
        self._late: dict[str, TargetInvite] = {}
        self._byes: dict[str, UnansweredBye] = {}

    def restore(self, entries: Iterable[Entry]) -> dict[ProcessAddress, CallerInvite | None]:
        """Take over what an earlier daemon remembered: its processes, and the caller's INVITE that each may have."""
        for entry in entries:
            held = self._remembered.setdefault(entry.key.process, _Remembered())
            try:
                _take(held, entry)
            except ValueError:  # of another version: one dialog less is known
                self._journal.drop(entry.key)
        return {process: held.caller for process, held in self._remembered.items()}

    def hosts(self) -> set[str]:
        """Where messages of these dialogs come from: the next hops of all of them."""
        found = {invite.send.to.host for held in self._remembered.values() for invite in held.targets.values()}
        for held in self._remembered.values():
            found |= {(each.routes[0].uri if each.routes else each.target).host for each in held.dialogs.values()}
            found |= {each.connection.address.host for each in held.dialogs.values() if each.connection}
        return found

    def came_in(self, process: ProcessAddress, request: Request, source: Address, transport: str) -> None:
        """A request from outside went to the process."""
        if request.verb == "INVITE" and not request.to.tag:
            self._begin(process, CallerInvite(attrs.evolve(request, body=b""), source, transport))
        elif held := self._remembered.get(process):
            name = (request.call_id, request.to.tag)
            if request.verb == "BYE":
                self._forget(process, held, name)
            elif (dialog := held.dialogs.get(name)) and (uri := guard.sound_contact(request)) not in (
                None,
                dialog.target,
            ):
                assert uri is not None
                self._put(process, held, attrs.evolve(dialog, target=uri))

    def answered_out(self, process: ProcessAddress, response: Response) -> None:
        """The process answered a request from outside."""
        held = self._remembered.get(process)
        if held is None or held.caller is None or response.method != "INVITE" or response.status < 200:
            return
        held_caller, invite = held.caller, held.caller.request
        if (response.call_id, response.cseq) != (invite.call_id, invite.cseq):
            return
        held.caller = None
        if response.status < 300 and (target := guard.contact(invite)):
            routes = guard.routes(invite)
            connection = Connection(held_caller.transport, held_caller.source)
            dialog = Dialog(
                response.to, invite.from_, target, routes, invite.call_id, 0, invite.written_call_id, connection
            )
            self._put(process, held, dialog)
        self._journal.drop(Key(_CALLER, process))

    def went_out(self, process: ProcessAddress, request: Request, send: Send) -> None:
        """A request of the process went out."""
        held = self._remembered.setdefault(process, _Remembered())
        name = (request.call_id, request.from_.tag)
        if request.verb == "INVITE" and not request.to.tag:
            branch = request.vias[0].branch
            held.targets[branch] = TargetInvite(process, send)
            head = send.packet.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
            fields = (head.decode("latin-1"), send.to.host, str(send.to.port), send.transport)
            self._journal.put(Entry(Key(_TARGET, process, branch), fields))
        elif request.verb == "BYE":
            self._forget(process, held, name)
        elif (dialog := held.dialogs.get(name)) and request.cseq > dialog.cseq:
            self._put(process, held, attrs.evolve(dialog, cseq=request.cseq))

    def answered_in(self, process: ProcessAddress, branch: str, response: Response) -> None:
        """A request of the process was answered."""
        held = self._remembered.get(process)
        if held is None or response.method != "INVITE" or (invite := held.targets.get(branch)) is None:
            return
        if response.status < 200:
            invite.provisional = True
            return
        del held.targets[branch]
        if response.status < 300 and (dialog := dialog_of(response, invite.send)):
            self._put(process, held, dialog)
        self._journal.drop(Key(_TARGET, process, branch))

    def decline(self, process: ProcessAddress, branch: str, response: Response) -> list[Send]:
        """End the dialog of an answer to a first INVITE that declines its audio: ACK and BYE. Nothing for another."""
        held = self._remembered.get(process)
        if held is None or not 200 <= response.status < 300:
            return []
        if branch not in held.targets and branch not in held.declined:
            return []
        dialog = dialog_of(response, held.targets[branch].send if branch in held.targets else None)
        if dialog is None:
            return []
        acked = self._end.ack(process, dialog)
        if branch in held.declined:
            return acked
        held.declined.add(branch)
        return acked + self._end.bye(process, dialog, NOTHING_COMMON)

    def other_dialog(self, process: ProcessAddress, call_id: str, local_tag: str, remote_tag: str) -> Dialog | None:
        """The one other confirmed dialog of the process that holds this one; None if it does not, or holds several."""
        dialogs = self._remembered[process].dialogs if process in self._remembered else {}
        this = dialogs.get((call_id, local_tag))
        others = [dialog for dialog in dialogs.values() if dialog is not this]
        return others[0] if this and this.remote.tag == remote_tag and len(others) == 1 else None

    def invite_of(self, process: ProcessAddress, branch: str) -> Request | None:
        """The INVITE to a target that waits for its final response, as it was sent."""
        held = self._remembered.get(process)
        invite = held.targets.get(branch) if held else None
        message = parse(invite.send.packet) if invite else None
        return message if isinstance(message, Request) else None

    def holder_of(self, request: Request) -> ProcessAddress | None:
        """The process whose dialog a request is in, of which its Request-URI says nothing. Some send it to the number,
        not to our Contact."""
        name = (request.call_id, request.to.tag)
        for process, held in self._remembered.items():
            if (dialog := held.dialogs.get(name)) and dialog.remote.tag == request.from_.tag:
                return process
        return None

    def may_hold(self, process: ProcessAddress, request: Request) -> bool:
        """Whether the process may be in this dialog; False where it is known that it is not."""
        held = self._remembered.get(process)
        if held is None or (request.call_id, request.to.tag) in held.dialogs:
            return True
        is_early = held.caller is not None and held.caller.request.call_id == request.call_id
        return is_early or bool(held.targets)

    def died(self, process: ProcessAddress, now_s: float) -> list[Send]:
        """End what the process held."""
        held = self._remembered.pop(process, None)
        if held is None:
            return []
        sends: list[Send] = []
        if held.caller:
            caller = held.caller
            sends.append(responses.to_outside(caller.request, LOST, self._tokens, caller.source, caller.transport))
            self._journal.drop(Key(_CALLER, process))
        for dialog in held.dialogs.values():
            key = _dialog_key(process, dialog.call_id, dialog.local.tag)
            byes = self._end.bye(process, dialog)
            if byes and len(self._byes) < MOST_LATE:
                bye = UnansweredBye(key, byes[0], now_s + T1_S, 2 * T1_S, now_s + BYE_S)
                self._byes[parse(byes[0].packet).vias[0].branch] = bye
            else:
                self._journal.drop(key)
            sends += byes
        for branch, invite in held.targets.items():
            invite.until_s = now_s + KEEP_LATE_S
            if len(self._late) < MOST_LATE:
                self._late[branch] = invite
            else:
                self._journal.drop(Key(_TARGET, process, branch))
            if invite.provisional:
                invite.cancelled = True
                sends.append(dialog_end.cancel(invite.send))
        return sends

    def late(self, process: ProcessAddress, branch: str, response: Response) -> list[Send]:
        """What is sent for an answer to a dead process's INVITE: CANCEL, ACK, or ACK and BYE; nothing for a BYE's."""
        if response.method == "BYE" and response.status >= 200:
            if bye := self._byes.pop(self._tokens.branch(process, branch, response.call_id), None):
                self._journal.drop(bye.key)
            return []
        invite = self._late.get(branch)
        if invite is None or response.method != "INVITE":
            return []
        if response.status < 200:
            if invite.cancelled:
                return []
            invite.cancelled = True
            return [dialog_end.cancel(invite.send)]
        if response.status >= 300:
            return [dialog_end.failure_ack(invite.send, response)]
        dialog = dialog_of(response, invite.send)
        if dialog is None:
            return []
        return self._end.ack(process, dialog) + self._end.bye(process, dialog)

    def tick(self, now_s: float) -> list[Send]:
        """The BYEs to be repeated; forgets what is too old to be answered, and looks after the journal."""
        for branch in [branch for branch, invite in self._late.items() if invite.until_s <= now_s]:
            self._journal.drop(Key(_TARGET, self._late.pop(branch).process, branch))
        self._journal.tend()
        return self._repeated_byes(now_s)

    def _repeated_byes(self, now_s: float) -> list[Send]:
        sends: list[Send] = []
        for branch, bye in list(self._byes.items()):
            if now_s >= bye.until_s:
                self._journal.drop(self._byes.pop(branch).key)
            elif now_s >= bye.due_s:
                sends.append(bye.send)
                bye.due_s, bye.wait_s = now_s + bye.wait_s, min(2 * bye.wait_s, T2_S)
        return sends

    def _begin(self, process: ProcessAddress, caller: CallerInvite) -> None:
        """A process has a new call: what it held is over."""
        if held := self._remembered.get(process):
            for call_id, tag in held.dialogs:
                self._journal.drop(_dialog_key(process, call_id, tag))
            for branch in held.targets:
                self._journal.drop(Key(_TARGET, process, branch))
        self._remembered[process] = _Remembered(caller)
        head = print_fields(caller.request).decode("latin-1")
        fields = (head, caller.source.host, str(caller.source.port), caller.transport)
        self._journal.put(Entry(Key(_CALLER, process), fields))

    def _put(self, process: ProcessAddress, held: _Remembered, dialog: Dialog) -> None:
        held.dialogs[dialog.call_id, dialog.local.tag] = dialog
        parties = (dialog.local.written, dialog.remote.written, dialog.target.text)
        routes = (route.bare for route in dialog.routes)
        key = _dialog_key(process, dialog.call_id, dialog.local.tag)
        state = f"{dialog.cseq} {dialog.connection}" if dialog.connection else str(dialog.cseq)
        fields = (*parties, dialog.written_call_id, state, *routes)
        self._journal.put(Entry(key, fields))

    def _forget(self, process: ProcessAddress, held: _Remembered, name: tuple[str, str]) -> None:
        if held.dialogs.pop(name, None):
            self._journal.drop(_dialog_key(process, *name))


def _dialog_key(process: ProcessAddress, call_id: str, tag: str) -> Key:
    return Key(_DIALOG, process, f"{call_id} {tag}")


def _take(held: _Remembered, entry: Entry) -> None:
    """Put an entry where `Dialogs` had it. Raises ValueError for one that it never made."""
    match entry.key.kind, entry.fields:
        case "caller-invite", (head, host, port, transport):
            request = parse(head.encode("latin-1"))
            if not isinstance(request, Request):
                raise UnreadableError("not-a-request")
            held.caller = CallerInvite(request, Address(host, int(port)), transport)
        case "target-invite", (head, host, port, transport):
            packet = head.encode("latin-1")
            send = Send(packet, Address(host, int(port)), transport)
            # Whether a provisional response came is not known. The target had the time of a restart for it; a CANCEL
            # that is too early is answered 481, and the INVITE's answer is then ended by `late`.
            held.targets[entry.key.id] = TargetInvite(entry.key.process, send, provisional=True)
        case "dialog", (local, remote, target, call_id, state, *routes):
            cseq, _, connection = state.partition(" ")
            far = parse_party(remote)
            dialog = Dialog(
                parse_party(local),
                far if far.tag else far.without_tag(call_id),
                parse_uri(target),
                [parse_route(route) for route in routes],
                inside_call_id(call_id),
                int(cseq),
                call_id,
                parse_connection(connection),
            )
            held.dialogs[dialog.call_id, dialog.local.tag] = dialog
        case _:
            raise ValueError("not a dialog")
