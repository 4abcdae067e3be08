"""Trunks and gateways as an operator sees them: who answers, who is busy, who was taken out of service.

Rule: a neighbour that nobody pings counts as up; one that an operator took out gets no new calls, and its calls go on.
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
class _Standing:
    """What is known of one neighbour beside its configuration."""

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
        self._standings = {
            (topic, name): _Standing()
            for topic, names in ((TRUNKS, config.trunk), (GATEWAYS, config.gateway))
            for name in names
        }

    def gateways(self) -> list[Gateway]:
        """Gateways to send calls to, in the order of the configuration.

        Those that do not answer come last rather than never, so that a call can still try when none does.
        """
        taken = [
            gateway
            for name, gateway in self._config.gateway.items()
            if self._standings[GATEWAYS, name].service is Service.IN
        ]
        return sorted(taken, key=lambda gateway: self._standings[GATEWAYS, gateway.name].up is False)

    def takes_calls(self, trunk: Trunk) -> bool:
        """Whether an operator lets this trunk bring new calls."""
        return self._standings[TRUNKS, trunk.name].service is Service.IN

    def reached(self, news: Reachability) -> list[PeerChange]:
        """An OPTIONS was answered, or was not; what has changed by it for the operators."""
        changes = []
        for (topic, name), standing in self._standings.items():
            if name != news.name or not self._pinged(topic, name):
                continue
            if news.up is False and standing.up is not False:
                changes.append(PeerChange(topic, name, up=False))
            elif news.up and standing.up is False:
                changes.append(PeerChange(topic, name, up=True))
            standing.up = news.up
            if news.up:
                standing.rtt_ms = None if news.round_trip_ms is None else round(news.round_trip_ms)
                standing.seen_ms = now_ms()
        return changes

    def ended(self, record: CallRecord) -> None:
        """A call is over: count it."""
        standing = self._standings.get((TRUNKS, record.trunk))
        if standing is not None and record.state is CallState.ENDED:
            standing.calls += 1
            if record.ending and record.ending.blame not in (Blame.SUCCESS, Blame.CLIENT):
                standing.failures[record.ending.slug] += 1

    def knows(self, topic: str, name: str) -> bool:
        """Whether there is a trunk or gateway of this name."""
        return (topic, name) in self._standings

    def set_service(self, topic: str, name: str, service: Service) -> None:
        """Take a trunk or gateway that we know in or out of service."""
        self._standings[topic, name].service = service

    def rows(self) -> Iterator[tuple[str, str, PeerRow]]:
        """Every trunk and gateway as it stands now, with its topic and name. One that was drained is out by now."""
        for (topic, name), standing in self._standings.items():
            known = self._config.trunk[name] if topic == TRUNKS else self._config.gateway[name]
            live = self._active_calls.of_trunk(name) if topic == TRUNKS else 0
            if standing.service is Service.DRAINING and not live:
                standing.service = Service.OUT
            row = PeerRow(
                address=_address(known),
                transport=known.transport,
                up=standing.up if self._pinged(topic, name) else True,
                service=standing.service,
                live=live,
                capacity=known.capacity,
                rtt_ms=standing.rtt_ms,
                seen_ms=standing.seen_ms,
                calls=standing.calls,
                failures=dict(standing.failures),
            )
            yield topic, name, row

    def _pinged(self, topic: str, name: str) -> bool:
        return bool(self._config.trunk[name].ping) if topic == TRUNKS else self._config.gateway[name].ping


def _address(neighbour: Trunk | Gateway) -> str:
    if isinstance(neighbour, Gateway):
        return f"{neighbour.host}:{neighbour.port}"
    return neighbour.ping or ", ".join(str(network) for network in neighbour.sources)
