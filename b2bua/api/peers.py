"""Takes trunks and gateways out of service, and puts them back."""

from b2bua.admission.peer_status import PeerStatus
from b2bua.api.dispatch import Asker, entry, implements, in_thread
from b2bua.api.requests.peers import ServiceSet, SetGatewayService, SetTrunkService
from b2bua.base.errors import NotFound
from b2bua.console.rows import GATEWAYS, TRUNKS, Level
from b2bua.monitoring.feed_publisher import FeedPublisher
from b2bua.store.store import Store


class PeerOperations:
    """Operations on trunks and gateways."""

    def __init__(self, store: Store, peers: PeerStatus, publisher: FeedPublisher) -> None:
        self._store = store
        self._peers = peers
        self._publisher = publisher

    @implements
    async def set_trunk(self, request: SetTrunkService, asker: Asker) -> ServiceSet:
        """Set the service state of one trunk."""
        return await self._set(TRUNKS, request, asker)

    @implements
    async def set_gateway(self, request: SetGatewayService, asker: Asker) -> ServiceSet:
        """Set the service state of one gateway."""
        return await self._set(GATEWAYS, request, asker)

    async def _set(self, topic: str, request: SetTrunkService | SetGatewayService, asker: Asker) -> ServiceSet:
        kind, name, service = topic.removesuffix("s"), request.name, request.service
        if not self._peers.knows(topic, name):
            raise NotFound(f"there is no {kind} named {name!r}")
        step = entry(request, asker, name, {"service": service.value})
        await in_thread(lambda: self._store.note(step))
        self._peers.set_service(topic, name, service)
        self._publisher.peers(self._peers.rows())
        self._publisher.log(Level.WARNING, "service", f"{kind} {name}: {service}", who=asker.name)
        return ServiceSet()
