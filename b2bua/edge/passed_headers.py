"""Header fields that go on from one leg of a call to the other as they came, by the policy of the caller's trunk.

    caller's INVITE              → the INVITEs to targets
    target's 18x, 2xx to INVITE  → the next 18x, 2xx to the caller

Rule: what is not in `Trunk.pass_headers` never passes, and nothing of it reaches PJSIP: the edge adds the lines when a
message of the process goes out. Identities stay in the trust domain (RFC 3325, RFC 7044, 10): P-…, History-Info and
Diversion are exchanged with gateways only, never with telephones. The caller's P-Asserted-Identity is not passed: the
process says who calls (M9). Bounded in number and bytes. Not kept over a restart of the daemon.
"""

from typing import Final

import attrs

from b2bua.config.trunks import Trunk
from b2bua.edge.grammar import is_utf8
from b2bua.edge.message import Request, Response
from b2bua.edge.peers import Peers
from b2bua.edge.token import ProcessAddress

MOST_BYTES: Final = 2_000
"""All lines of one message together: a UDP datagram should still go unfragmented by most networks' measure."""
MOST_LINES: Final = 16
_WITHIN_TRUST: Final = ("p-", "history-info", "diversion")


@attrs.define
class _Call:
    """What one process's call has brought. `trusted`: the branches of its INVITEs to gateways."""

    trunk: Trunk
    caller: Request
    trusted: set[str] = attrs.field(factory=set)
    early: tuple[str, ...] = ()
    final: tuple[str, ...] = ()


class PassedHeaders:
    """What each live process's call has brought that goes on."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._calls: dict[ProcessAddress, _Call] = {}

    def begin(self, process: ProcessAddress, trunk: Trunk, invite: Request) -> None:
        """A caller's INVITE goes to the process."""
        self._calls[process] = _Call(trunk, attrs.evolve(invite, body=b""))

    def end(self, process: ProcessAddress) -> None:
        """The process is dead."""
        self._calls.pop(process, None)

    def to_target(self, process: ProcessAddress, branch: str, host: str) -> tuple[str, ...]:
        """The lines for an INVITE of the process to this host."""
        call = self._calls.get(process)
        if call is None:
            return ()
        is_trusted = self._peers.is_gateway(host)
        if is_trusted:
            call.trusted.add(branch)
        return _lines(call.caller, call.trunk, is_trusted=is_trusted, but="p-asserted-identity")

    def answered(self, process: ProcessAddress, branch: str, response: Response) -> None:
        """A target answered an INVITE of the process."""
        call = self._calls.get(process)
        if call is None or response.method != "INVITE" or not 100 < response.status < 300:
            return
        lines = _lines(response, call.trunk, is_trusted=branch in call.trusted)
        if response.status < 200:
            call.early = lines
        else:
            call.final = lines

    def to_caller(self, process: ProcessAddress, response: Response) -> tuple[str, ...]:
        """The lines for a response of the process."""
        call = self._calls.get(process)
        if call is None or (response.call_id, response.method) != (call.caller.call_id, "INVITE"):
            return ()
        if 100 < response.status < 200:
            return call.early
        return call.final if 200 <= response.status < 300 else ()


def _lines(message: Request | Response, trunk: Trunk, *, is_trusted: bool, but: str = "") -> tuple[str, ...]:
    lines: list[str] = []
    left = MOST_BYTES
    for name in trunk.pass_headers:
        low = name.lower()
        if low == but or (not is_trusted and low.startswith(_WITHIN_TRUST)):
            continue
        for value in message.fields.get(low, ()):
            line = f"{name}: {value}"
            left -= len(line) + 2
            if left < 0 or len(lines) == MOST_LINES:
                return tuple(lines)
            if value and is_utf8(value):
                lines.append(line)
    return tuple(lines)
