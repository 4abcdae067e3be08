"""Who waits for a free seat: one line for each queue node of each number, over all call processes (R10).

Rule: white-listed callers stand before the others, and within each of the two whoever came first is first. A call that
ends, however it ends, leaves its lines.
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


class Queues:
    """All lines. Every change returns the moves that it caused, for the calls' processes to be told (O(line))."""

    def __init__(self) -> None:
        self._lines: dict[tuple[Number400, NodeName], list[tuple[CallId, bool]]] = {}

    def join(self, number: Number400, node: NodeName, call_id: CallId, *, priority: bool) -> list[Move]:
        """Stand in line; joining again keeps the place."""
        line = self._lines.setdefault((number, node), [])
        if any(waiting == call_id for waiting, _ in line):
            return [move for move in _places(line, node, 0) if move.call_id == call_id]
        ahead = sum(1 for _, first in line if first) if priority else len(line)
        line.insert(ahead, (call_id, priority))
        return list(_places(line, node, ahead))

    def leave(self, number: Number400, node: NodeName, call_id: CallId) -> list[Move]:
        """Leave one line."""
        line = self._lines.get((number, node), [])
        place = next((place for place, (waiting, _) in enumerate(line) if waiting == call_id), None)
        if place is None:
            return []
        del line[place]
        if not line:
            del self._lines[number, node]
        return list(_places(line, node, place))

    def gone(self, call_id: CallId) -> list[Move]:
        """The call is over: it leaves every line."""
        stands = [key for key, line in self._lines.items() if any(waiting == call_id for waiting, _ in line)]
        return [move for number, node in stands for move in self.leave(number, node, call_id)]


def _places(line: list[tuple[CallId, bool]], node: NodeName, since: int) -> Iterator[Move]:
    return (Move(call_id, node, place) for place, (call_id, _) in enumerate(line) if place >= since)
