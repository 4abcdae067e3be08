"""Lines of waiting callers: whatever joins and leaves, the order is right, nobody is lost, and everyone is told."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.calls.queues import Move, QueuedCall, Queues
from routing.ids import CallId, NodeName, Number400

NUMBER = Number400("4006001234")
CALLS = st.sampled_from([CallId(f"c{index}") for index in range(6)])
NODES = st.sampled_from([NodeName("day"), NodeName("night")])
DEEDS = st.lists(st.tuples(st.sampled_from(["join", "first", "leave", "gone"]), NODES, CALLS), max_size=40)


@pytest.mark.req("R10")
@given(DEEDS)
def test_order_and_places(deeds: list[tuple[str, NodeName, CallId]]) -> None:
    """Against a plain model: priority first, then first come; the places told add up to the line as it is."""
    queues = Queues()
    lines: dict[NodeName, list[tuple[CallId, bool]]] = {NodeName("day"): [], NodeName("night"): []}
    told: dict[tuple[NodeName, CallId], int] = {}
    for at, (deed, node, call) in enumerate(deeds):
        moves: list[Move] = []
        match deed:
            case "join" | "first":
                if call not in [waiting for waiting, _ in lines[node]]:
                    lines[node].append((call, deed == "first"))
                    lines[node].sort(key=lambda entry: not entry[1])  # a stable sort: within each, who came first
                moves = queues.join(NUMBER, node, QueuedCall(call, deed == "first", at))
                assert call in [move.call.call_id for move in moves]
            case "leave":
                lines[node] = [entry for entry in lines[node] if entry[0] != call]
                moves = queues.leave(NUMBER, node, call)
            case _:
                lines = {each: [entry for entry in line if entry[0] != call] for each, line in lines.items()}
                moves = queues.gone(call)
        told |= {(move.node, move.call.call_id): move.place for move in moves}
        for each, line in lines.items():
            waiting = [waiting for waiting, _ in line]
            assert [told[each, waiting_call] for waiting_call in waiting] == list(range(len(line)))


@pytest.mark.req("R10")
@given(st.lists(CALLS, unique=True, min_size=1))
def test_everyone_has_a_turn(calls: list[CallId]) -> None:
    """When whoever is in front leaves each time, everyone comes to the front, in the order of coming."""
    queues = Queues()
    node = NodeName("day")
    for call in calls:
        queues.join(NUMBER, node, QueuedCall(call, priority=False, since_s=0.0))
    for call, after in pairwise(calls):
        assert Move(NUMBER, node, QueuedCall(after, priority=False, since_s=0.0), 0) in queues.leave(NUMBER, node, call)
    assert queues.leave(NUMBER, node, calls[-1]) == []
    assert queues.gone(calls[-1]) == []
