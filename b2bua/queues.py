"""Who waits for a free seat: one line for each queue node of each number, over all call processes (R10).

Rule: white-listed callers stand before the others, and within each of the two whoever came first is first, whichever
daemon they came to. A call that ends, however it ends, leaves its lines.
"""

from collections.abc import Iterator

import attrs

from routing.ids import CallId, NodeName, Number400


@attrs.frozen
class Move:
    """A call's new place in the line of a node: 0 is its turn."""

    call_id: CallId
    node: NodeName
    place: int


@attrs.frozen
class _Waiting:
    call_id: CallId
    priority: bool
    since_s: float

    @property
    def rank(self) -> tuple[bool, float]:
        """Less is nearer to its turn."""
        return (not self.priority, self.since_s)


class Queues:
    """All lines. Every change returns the moves that it caused, for the calls' processes to be told (O(line))."""

    def __init__(self) -> None:
        self._lines: dict[tuple[Number400, NodeName], list[_Waiting]] = {}

    def join(self, number: Number400, node: NodeName, call_id: CallId, *, priority: bool, since_s: float) -> list[Move]:
        """Stand in line, as one who came at `since_s` (a clock that never goes back); joining again keeps the place."""
        line = self._lines.setdefault((number, node), [])
        if any(waiting.call_id == call_id for waiting in line):
            return [move for move in _places(line, node, 0) if move.call_id == call_id]
        new = _Waiting(call_id, priority, since_s)
        ahead = sum(1 for waiting in line if waiting.rank <= new.rank)
        line.insert(ahead, new)
        return list(_places(line, node, ahead))

    def every(self) -> list[Move]:
        """Where everybody stands."""
        return [move for (_, node), line in self._lines.items() for move in _places(line, node, 0)]

    def leave(self, number: Number400, node: NodeName, call_id: CallId) -> list[Move]:
        """Leave one line."""
        line = self._lines.get((number, node), [])
        place = next((place for place, waiting in enumerate(line) if waiting.call_id == call_id), None)
        if place is None:
            return []
        del line[place]
        if not line:
            del self._lines[number, node]
        return list(_places(line, node, place))

    def gone(self, call_id: CallId) -> list[Move]:
        """The call is over: it leaves every line."""
        stands = [key for key, line in self._lines.items() if any(each.call_id == call_id for each in line)]
        return [move for number, node in stands for move in self.leave(number, node, call_id)]


def _places(line: list[_Waiting], node: NodeName, since: int) -> Iterator[Move]:
    return (Move(waiting.call_id, node, place) for place, waiting in enumerate(line) if place >= since)
