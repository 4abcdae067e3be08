"""What call processes send: requests to their next hop, responses to where the request came from.

Rule: a process's own Via must be the only one and its branch well formed; the far ends see our Via and Contact.
"""

from collections import Counter

import attrs

from b2bua.edge.dialogs import Dialogs
from b2bua.edge.forward import Forwarding
from b2bua.edge.grammar import MalformedError
from b2bua.edge.invite_table import InviteTable
from b2bua.edge.message import Request, Response, UnreadableError, is_token
from b2bua.edge.passed_headers import PassedHeaders
from b2bua.edge.peers import Peers
from b2bua.edge.responses import PlannedResponse
from b2bua.edge.settings import Send
from b2bua.edge.token import COOKIE, ProcessAddress
from b2bua.ipc.protocol import InviteKey


@attrs.frozen
class Outbound:
    """The way out."""

    forward: Forwarding
    calls: InviteTable
    peers: Peers
    dialogs: Dialogs
    counters: Counter[str]
    passed: PassedHeaders

    def request(self, request: Request, process: ProcessAddress) -> list[Send]:
        """Forward a request; 503 to the process where it has no next hop. Raises UnreadableError."""
        branch = request.vias[0].branch
        if len(request.vias) != 1 or not branch.startswith(COOKIE) or not is_token(branch):
            raise UnreadableError("via")
        try:
            send = self.forward.request_out(request, process, self.passed)
        except MalformedError:
            self.counters["no-next-hop"] += 1
            if request.verb == "ACK":
                return []
            return [self.forward.answer_for(request, process, branch, PlannedResponse(503, "No Way There"))]
        self.dialogs.went_out(process, request, send)
        self.peers.meet(send.to.host)
        self.counters["forwarded-out"] += 1
        return [send]

    def response(self, response: Response, process: ProcessAddress, now_s: float) -> list[Send]:
        """Forward a response. Raises MalformedError if it is to no request that the edge forwarded."""
        send = self.forward.response_out(response, process, self.passed.to_caller(process, response))
        self.dialogs.answered_out(process, response)
        if response.method == "INVITE" and response.status >= 300:
            key = InviteKey(response.call_id, response.from_.tag)
            entry = self.calls.get(key)
            if entry is not None and entry.outcome == process and entry.cseq in (None, response.cseq):
                self.calls.end(key, now_s)
        self.counters["forwarded-out"] += 1
        return [send]
