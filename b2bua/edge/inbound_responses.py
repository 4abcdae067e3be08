"""Responses from outside: which are forwarded to a process, which are answered in its name, which are dropped.

Rule: a response must carry exactly one Via, ours, with a token that we made (RFC 3261, 18.1.2). What is forwarded is
such that PJSIP does not abort on it (docs/pjsua2.md).
"""

from collections import Counter

import attrs

from b2bua.edge import body, sdp
from b2bua.edge.admission import Admission, lives
from b2bua.edge.dialogs import Dialogs
from b2bua.edge.forward import Forwarding
from b2bua.edge.grammar import MalformedError
from b2bua.edge.message import Response
from b2bua.edge.settings import MOST_INSIDE_BYTES, Send, to_process
from b2bua.edge.token import ProcessAddress


@attrs.frozen
class InboundResponses:
    """What becomes of responses from outside."""

    forward: Forwarding
    admission: Admission
    dialogs: Dialogs
    counters: Counter[str]

    def response(self, response: Response) -> list[Send]:
        """A response from outside must carry exactly one Via: ours, with a token that we made."""
        top = response.vias[0]
        if len(response.vias) != 1 or (top.host, top.port) != self.forward.settings.public or response.truncated:
            return self._dropped("response-astray")
        named = self.forward.tokens.read_branch(top.branch, response.call_id)
        if named is None:
            return self._dropped("response-forged")
        if response.method == "INVITE" and 200 <= response.status < 300 and not response.to.tag:
            return self._dropped("response-without-tag")
        process, branch = named
        if not lives(self.admission, process):
            return self.dialogs.late(process, branch, response) or self._dropped("response-late")
        return self._forwarded(response, process, branch)

    def _forwarded(self, response: Response, process: ProcessAddress, branch: str) -> list[Send]:
        if response.method == "NOTIFY" and response.status >= 300:
            # Only the telephone's interest in its transfer has ended (RFC 5057, 5.1); PJSIP would end the whole call.
            response = attrs.evolve(response, status=200, phrase="OK")
        try:
            passed = body.passed_on(response, request=False, codecs=self.forward.settings.codecs)
        except (MalformedError, body.UnsupportedMediaError):
            self.counters["body-dropped"] += 1
            passed = body.NONE
        ended: list[Send] = []
        if passed.declines and response.method == "INVITE":
            ended = self.dialogs.decline(process, branch, response)
            response, passed = _with_audio(response, passed, over=bool(ended))
        try:
            packet = self.forward.response_in(response, process, branch, passed)
        except MalformedError as fault:
            return self._dropped(f"response:{fault}")
        if len(packet) > MOST_INSIDE_BYTES:
            return self._dropped("response-too-large")
        self.dialogs.answered_in(process, branch, response)
        self.counters["forwarded-in"] += 1
        return [*ended, to_process(packet, process.sip_port)]

    def _dropped(self, reason: str) -> list[Send]:
        self.counters[reason] += 1
        return []


def _with_audio(response: Response, declining: body.Body, *, over: bool) -> tuple[Response, body.Body]:
    """An answer to an INVITE that declines its audio as PJSIP can bear it (docs/pjsua2.md).

    `over`: we have ended the call with the one who answered.
    """
    if over:
        return attrs.evolve(response, status=488, phrase="Not Acceptable Here"), body.NONE
    if response.status < 200:
        return response, body.NONE
    return response, body.Body(sdp.on_hold(declining.octets))
