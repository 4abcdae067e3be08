"""Messages that are not answered and go no further: counted, and where they come from a peer said in the log.

Rule: a peer's message is answered or there is a line about it. So that a flood fills no disk, one source gets one line
a reason in `LINE_S`; the counters have them all.
"""

import logging
from collections import Counter, OrderedDict
from typing import Final

from b2bua.edge.peers import Peers
from b2bua.edge.settings import Send

LINE_S: Final = 10.0
MOST_KEPT: Final = 1_000

_log = logging.getLogger(__name__)


class Drops:
    """Counts by reason, in `counters`."""

    def __init__(self, counters: Counter[str], peers: Peers) -> None:
        self.counters = counters
        self._peers = peers
        self._said: OrderedDict[tuple[str, str], float] = OrderedDict()

    def note(self, reason: str, host: str, now_s: float) -> list[Send]:
        """A message from this address was dropped, or refused unread; nothing is sent for it."""
        self.counters[reason] += 1
        if self._peers.known(host) and now_s >= self._said.get((reason, host), now_s):
            self._said[reason, host] = now_s + LINE_S
            self._said.move_to_end((reason, host))
            if len(self._said) > MOST_KEPT:
                self._said.popitem(last=False)
            _log.warning("a message from %s is not served: %s (%d so far)", host, reason, self.counters[reason])
        return []
