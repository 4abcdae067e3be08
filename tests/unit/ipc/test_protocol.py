"""The link between daemon and call process: cut anywhere, every message comes out as it went in."""

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.base.framing import make_frame
from b2bua.ipc.protocol import (
    Ask,
    Frames,
    FromDaemon,
    FromProcess,
    Hello,
    Idle,
    InviteKey,
    Retire,
    Stored,
    Tell,
    Update,
    frame,
)
from routing.event import OperatorHungUp
from tests.support.samples import ended_record, open_record, talking_record

OUT: list[Any] = [
    Hello(7, 5071, "ab", "c-1", InviteKey("x@y", "t")),
    Hello(7, 5071, "ab"),
    Update(open_record()),
    Update(talking_record()),
    Update(attrs.evolve(ended_record(), evidence={"0": {"codec": "PCMA"}})),
    Idle("c-1"),
]
BACK: list[Any] = [Stored("c-1", 3), Tell("c-1", OperatorHungUp(1.5, "root")), Retire()]


@pytest.mark.req("S1", "P1")
@pytest.mark.parametrize(("messages", "side"), [(OUT, FromProcess), (BACK, FromDaemon)])
def test_cut_at_any_byte(messages: list[Any], side: Any) -> None:
    """Two pieces, cut at each byte in turn, give the same messages in the same order."""
    stream = b"".join(map(frame, messages))
    for at in range(0, len(stream) + 1, 7 if len(stream) > 4000 else 1):
        frames = Frames(side)
        assert [*frames.feed(stream[:at]), *frames.feed(stream[at:])] == messages


@pytest.mark.req("S1")
@given(st.binary(max_size=200))
def test_what_is_no_message_is_refused(body: bytes) -> None:
    """Any bytes in a frame are a message or a ValueError, never something else."""
    try:
        messages = list(Frames(FromProcess).feed(make_frame(body)))
    except ValueError:
        return
    assert all(isinstance(message, Hello | Update | Ask | Idle) for message in messages)
