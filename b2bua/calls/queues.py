"""The queues of calls that wait for a free target: one for each queue node of each number, over all processes (R10).

Rule: white-listed callers come before the others; within each of the two groups the order is that of arrival, also over
a restart of the daemon. A call that ends, however it ends, leaves its queues.
"""

from collections.abc import Iterator

import attrs

from routing.ids import CallId, NodeName, Number400


@attrs.frozen
class QueuedCall:
    """A call in a queue.

    `since_s` is when it joined, on a clock that never goes back; `since_ms` the same in UTC epoch milliseconds.
    """

    call_id: CallId
    priority: bool
    since_s: float
    since_ms: int = 0

    @property
    def rank(self) -> tuple[bool, float]:
        """Sort key: the lowest is next."""
        return (not self.priority, self.since_s)


@attrs.frozen
class Move:
    """A call's new position in the queue of a node: 0 is its turn."""

    number: Number400
    node: NodeName
    call: QueuedCall
    place: int


class Queues:
    """All queues. Every change returns the moves that it caused, to be sent to the calls (O(calls in the queue))."""

    def __init__(self) -> None:
        self._lines: dict[tuple[Number400, NodeName], list[QueuedCall]] = {}

    def join(self, number: Number400, node: NodeName, new: QueuedCall) -> list[Move]:
        """Join a queue; joining again keeps the position."""
        line = self._lines.setdefault((number, node), [])
        if any(call.call_id == new.call_id for call in line):
            return [move for move in self._places(number, node) if move.call.call_id == new.call_id]
        ahead = sum(1 for call in line if call.rank <= new.rank)
        line.insert(ahead, new)
        return list(self._places(number, node, ahead))

    def every(self) -> list[Move]:
        """The positions of all calls."""
        return [move for number, node in self._lines for move in self._places(number, node)]

    def leave(self, number: Number400, node: NodeName, call_id: CallId) -> list[Move]:
        """Leave one queue."""
        line = self._lines.get((number, node), [])
        place = next((place for place, call in enumerate(line) if call.call_id == call_id), None)
        if place is None:
            return []
        del line[place]
        if not line:
            del self._lines[number, node]
        return list(self._places(number, node, place))

    def gone(self, call_id: CallId) -> list[Move]:
        """The call is over: it leaves every queue."""
        stands = [key for key, line in self._lines.items() if any(each.call_id == call_id for each in line)]
        return [move for number, node in stands for move in self.leave(number, node, call_id)]

    def _places(self, number: Number400, node: NodeName, since: int = 0) -> Iterator[Move]:
        line = self._lines.get((number, node), [])
        return (Move(number, node, call, place) for place, call in enumerate(line) if place >= since)
