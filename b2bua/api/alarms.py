"""Lists the active alarms."""

import trio

from b2bua.api.dispatch import Asker, implements
from b2bua.api.requests.alarms import AlarmsListed, ListAlarms
from b2bua.monitoring.feed_publisher import FeedPublisher


class AlarmOperations:
    """Operations on alarms."""

    def __init__(self, publisher: FeedPublisher) -> None:
        self._publisher = publisher

    @implements
    async def list_alarms(self, _: ListAlarms, __: Asker) -> AlarmsListed:
        """The alarms that the consoles show, oldest first."""
        await trio.lowlevel.checkpoint()
        return AlarmsListed(tuple(sorted(self._publisher.active_alarms, key=lambda alarm: alarm.since_ms)))
