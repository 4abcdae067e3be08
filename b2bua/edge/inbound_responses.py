"""Responses from outside: which are forwarded to a process, which are answered in its name, which are dropped.

Rule: a response must carry exactly one Via, ours, with a token that we made (RFC 3261, 18.1.2). What is forwarded is
such that PJSIP does not abort on it (docs/pjsua2.md). A final answer to an INVITE is never lost: where it cannot be
used, the target gets its ACK, and BYE if it took the call (RFC 3261, 13.2.2.4), and the process a failure, so that the
next target rings.
"""

import re

import attrs

from b2bua.edge import body, sdp
from b2bua.edge.admission import Admission, lives
from b2bua.edge.dialogs import Dialogs
from b2bua.edge.drops import Drops
from b2bua.edge.forward import Forwarding
from b2bua.edge.grammar import MalformedError, parse_via
from b2bua.edge.message import Fields, Request, Response, Unread
from b2bua.edge.party import Party, inside_call_id, parse_party
from b2bua.edge.passed_headers import PassedHeaders
from b2bua.edge.settings import MOST_INSIDE_BYTES, Send, to_process
from b2bua.edge.token import ProcessAddress


@attrs.frozen
class InboundResponses:
    """What becomes of responses from outside."""

    forward: Forwarding
    admission: Admission
    dialogs: Dialogs
    drops: Drops
    passed: PassedHeaders

    def response(self, response: Response, host: str, now_s: float) -> list[Send]:
        """What is sent for a response from the address `host`."""
        top = response.vias[0]
        if len(response.vias) != 1 or (top.host, top.port) != self.forward.settings.public:
            return self.drops.note("response-astray", host, now_s)
        named = self.forward.tokens.read_branch(top.branch, response.call_id)
        if named is None:
            return self.drops.note("response-forged", host, now_s)
        process, branch = named
        if not lives(self.admission, process):
            return self.dialogs.late(process, branch, response) or self.drops.note("response-late", host, now_s)
        if response.truncated:
            return self._unusable(response, process, branch) or self.drops.note("response-truncated", host, now_s)
        sends = self._forwarded(response, process, branch)
        return sends or self._unusable(response, process, branch) or self.drops.note("response-bad", host, now_s)

    def unread(self, unread: Unread) -> list[Send]:
        """What is sent for a response that could not be read: something if it is the final answer to an INVITE.

        What of it cannot be known is taken from the INVITE.
        """
        status = _STATUS.match(unread.start)
        call_id = next((value for name, value in unread.fields if name == "call-id"), "")
        try:
            top = parse_via(unread.vias[0]) if len(unread.vias) == 1 else None
        except MalformedError:
            top = None
        if status is None or top is None or (top.host, top.port) != self.forward.settings.public:
            return []
        named = self.forward.tokens.read_branch(top.branch, inside_call_id(call_id))
        invite = self.dialogs.invite_of(*named) if named else None
        if named is None or invite is None or not lives(self.admission, named[0]):
            return []
        fields: Fields = {"call-id": [call_id]}
        for name, value in unread.fields:
            if name in ("contact", "record-route"):
                fields.setdefault(name, []).append(value)
        to = _party_of(unread, invite)
        rest = (invite.call_id, invite.cseq, "INVITE", True, int(status[1]), "")
        return self._unusable(Response(fields, b"", [top], invite.from_, to, *rest), *named)

    def _unusable(self, response: Response, process: ProcessAddress, branch: str) -> list[Send]:
        """A final answer to an INVITE that cannot go on as it is: a failure goes without its fields, a 2xx is ended."""
        if response.method != "INVITE" or response.status < 200:
            return []
        ended: list[Send] = []
        bare = attrs.evolve(response, fields={"call-id": response.fields["call-id"]}, body=b"", truncated=False)
        if response.status < 300:
            ended = self.dialogs.decline(process, branch, response)
            bare = attrs.evolve(bare, status=500, phrase="Answer Cannot Be Used")
        self.drops.counters["response-unusable"] += 1
        return [*ended, *self._forwarded(bare, process, branch)]

    def _forwarded(self, response: Response, process: ProcessAddress, branch: str) -> list[Send]:
        """Empty where it cannot be written as a process may see it."""
        if response.method == "NOTIFY" and response.status >= 300:
            # Only the telephone's interest in its transfer has ended (RFC 5057, 5.1); PJSIP would end the whole call.
            response = attrs.evolve(response, status=200, phrase="OK")
        try:
            passed = body.passed_on(response, request=False, codecs=self.forward.settings.codecs)
        except (MalformedError, body.UnsupportedMediaError):
            self.drops.counters["body-dropped"] += 1
            passed = body.NONE
        ended: list[Send] = []
        if passed.declines and response.method == "INVITE":
            ended = self.dialogs.decline(process, branch, response)
            response, passed = _with_audio(response, passed, over=bool(ended))
        try:
            packet = self.forward.response_in(response, process, branch, passed)
        except MalformedError:
            return []
        if len(packet) > MOST_INSIDE_BYTES:
            return []
        self.dialogs.answered_in(process, branch, response)
        self.passed.answered(process, branch, response)
        self.drops.counters["forwarded-in"] += 1
        return [*ended, to_process(packet, process.sip_port)]


_STATUS = re.compile(r"SIP/2\.0 ([2-6][0-9]{2})(?![0-9])")


def _party_of(unread: Unread, invite: Request) -> Party:
    """The To of a response that could not be read, or the INVITE's where that cannot be read either."""
    written = [value for name, value in unread.fields if name == "to"]
    try:
        to = parse_party(written[0]) if len(written) == 1 else invite.to
    except MalformedError:
        to = invite.to
    return to if to.tag else to.without_tag(invite.call_id)


def _with_audio(response: Response, declining: body.Body, *, over: bool) -> tuple[Response, body.Body]:
    """An answer to an INVITE that declines its audio as PJSIP can bear it (docs/pjsua2.md).

    `over`: we have ended the call with the one who answered.
    """
    if over:
        return attrs.evolve(response, status=488, phrase="Not Acceptable Here"), body.NONE
    if response.status < 200:
        return response, body.NONE
    return response, body.Body(sdp.on_hold(declining.octets))
