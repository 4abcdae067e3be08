"""The status of trunks and gateways: whether they answer, how busy they are, whether they are in service.

Rule: a peer that is not pinged counts as up; one that an operator took out of service gets no new calls, and its calls
go on.
"""

from collections import Counter
from collections.abc import Iterator

import attrs

from b2bua.base.clock import now_ms
from b2bua.calls.active_calls import ActiveCalls
from b2bua.config.configuration import Config
from b2bua.config.trunks import Gateway, Trunk
from b2bua.console.rows import GATEWAYS, TRUNKS, PeerRow, Service
from b2bua.edge.ping import Reachability
from b2bua.records.call_record import CallRecord, CallState
from routing.cause import Blame


@attrs.define
class _PeerState:
    """What is known of one peer besides its configuration."""

    up: bool | None = None
    rtt_ms: int | None = None
    seen_ms: int | None = None
    service: Service = Service.IN
    calls: int = 0
    failures: Counter[str] = attrs.field(factory=Counter)


@attrs.frozen
class PeerChange:
    """A trunk or gateway (`topic`: `TRUNKS` or `GATEWAYS`) that stopped answering OPTIONS, or answers again."""

    topic: str
    name: str
    up: bool


class PeerStatus:
    """All trunks and gateways of the configuration."""

    def __init__(self, config: Config, active_calls: ActiveCalls) -> None:
        self._config = config
        self._active_calls = active_calls
        self._states = {
            (topic, name): _PeerState()
            for topic, names in ((TRUNKS, config.trunk), (GATEWAYS, config.gateway))
            for name in names
        }

    def gateways(self) -> list[Gateway]:
        """Gateways to send calls to, in the order of the configuration.

        Those that do not answer come last, so that a call can still try them when none answers.
        """
        taken = [
            gateway
            for name, gateway in self._config.gateway.items()
            if self._states[GATEWAYS, name].service is Service.IN
        ]
        return sorted(taken, key=lambda gateway: self._states[GATEWAYS, gateway.name].up is False)

    def takes_calls(self, trunk: Trunk) -> bool:
        """Whether this trunk is in service, so that new calls from it are taken."""
        return self._states[TRUNKS, trunk.name].service is Service.IN

    def reached(self, result: Reachability) -> list[PeerChange]:
        """An OPTIONS was answered, or was not; returns the changes between up and down."""
        changes = []
        for (topic, name), state in self._states.items():
            if name != result.name or not self._pinged(topic, name):
                continue
            if result.up is False and state.up is not False:
                changes.append(PeerChange(topic, name, up=False))
            elif result.up and state.up is False:
                changes.append(PeerChange(topic, name, up=True))
            state.up = result.up
            if result.up:
                state.rtt_ms = None if result.round_trip_ms is None else round(result.round_trip_ms)
                state.seen_ms = now_ms()
        return changes

    def ended(self, record: CallRecord) -> None:
        """A call is over: count it."""
        state = self._states.get((TRUNKS, record.trunk))
        if state is not None and record.state is CallState.ENDED:
            state.calls += 1
            if record.ending and record.ending.blame not in (Blame.SUCCESS, Blame.CLIENT):
                state.failures[record.ending.slug] += 1

    def knows(self, topic: str, name: str) -> bool:
        """Whether there is a trunk or gateway of this name."""
        return (topic, name) in self._states

    def set_service(self, topic: str, name: str, service: Service) -> None:
        """Take a trunk or gateway that we know in or out of service."""
        self._states[topic, name].service = service

    def rows(self) -> Iterator[tuple[str, str, PeerRow]]:
        """Every trunk and gateway now, with its topic and name. One that is drained is set out of service."""
        for (topic, name), state in self._states.items():
            known = self._config.trunk[name] if topic == TRUNKS else self._config.gateway[name]
            live = self._active_calls.of_trunk(name) if topic == TRUNKS else 0
            if state.service is Service.DRAINING and not live:
                state.service = Service.OUT
            row = PeerRow(
                address=_address(known),
                transport=known.transport,
                up=state.up if self._pinged(topic, name) else True,
                service=state.service,
                live=live,
                capacity=known.capacity,
                rtt_ms=state.rtt_ms,
                seen_ms=state.seen_ms,
                calls=state.calls,
                failures=dict(state.failures),
            )
            yield topic, name, row

    def _pinged(self, topic: str, name: str) -> bool:
        return bool(self._config.trunk[name].ping) if topic == TRUNKS else self._config.gateway[name].ping


def _address(peer: Trunk | Gateway) -> str:
    if isinstance(peer, Gateway):
        return f"{peer.host}:{peer.port}"
    return peer.ping or ", ".join(str(network) for network in peer.sources)
