"""Who waits for a free seat: one line for each queue node of each number, over all call processes (R10).

Rule: white-listed callers stand before the others, and within each of the two whoever came first is first, whichever
daemon they came to. A call that ends, however it ends, leaves its lines.
"""

from collections.abc import Iterator

import attrs

from routing.ids import CallId, NodeName, Number400


@attrs.frozen
class Standing:
    """A call in a line.

    `since_s` is its moment on a clock that never goes back, `since_ms` the same for people (UTC epoch milliseconds).
    """

    call_id: CallId
    priority: bool
    since_s: float
    since_ms: int = 0

    @property
    def rank(self) -> tuple[bool, float]:
        """Less is nearer to its turn."""
        return (not self.priority, self.since_s)


@attrs.frozen
class Move:
    """A call's new place in the line of a node: 0 is its turn."""

    number: Number400
    node: NodeName
    call: Standing
    place: int


class Queues:
    """All lines. Every change returns the moves that it caused, for the calls' processes to be told (O(line))."""

    def __init__(self) -> None:
        self._lines: dict[tuple[Number400, NodeName], list[Standing]] = {}

    def join(self, number: Number400, node: NodeName, new: Standing) -> list[Move]:
        """Stand in line; joining again keeps the place."""
        line = self._lines.setdefault((number, node), [])
        if any(call.call_id == new.call_id for call in line):
            return [move for move in self._places(number, node) if move.call.call_id == new.call_id]
        ahead = sum(1 for call in line if call.rank <= new.rank)
        line.insert(ahead, new)
        return list(self._places(number, node, ahead))

    def every(self) -> list[Move]:
        """Where everybody stands."""
        return [move for number, node in self._lines for move in self._places(number, node)]

    def leave(self, number: Number400, node: NodeName, call_id: CallId) -> list[Move]:
        """Leave one line."""
        line = self._lines.get((number, node), [])
        place = next((place for place, call in enumerate(line) if call.call_id == call_id), None)
        if place is None:
            return []
        del line[place]
        if not line:
            del self._lines[number, node]
        return list(self._places(number, node, place))

    def gone(self, call_id: CallId) -> list[Move]:
        """The call is over: it leaves every line."""
        stands = [key for key, line in self._lines.items() if any(each.call_id == call_id for each in line)]
        return [move for number, node in stands for move in self.leave(number, node, call_id)]

    def _places(self, number: Number400, node: NodeName, since: int = 0) -> Iterator[Move]:
        line = self._lines.get((number, node), [])
        return (Move(number, node, call, place) for place, call in enumerate(line) if place >= since)
