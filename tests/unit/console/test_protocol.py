"""The control protocol's bytes: what goes in comes out, however it is cut, and garbage is named as such."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.base.framing import MOST_FRAME_BYTES, FrameCutter, make_frame
from b2bua.console.protocol import (
    Delta,
    Fault,
    FaultKind,
    Frames,
    FromConsole,
    FromDaemon,
    Hello,
    Refused,
    Reply,
    Request,
    Role,
    Snapshot,
    Subscribe,
    Welcome,
    frame,
)

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
row = st.dictionaries(st.text(max_size=6), plain, max_size=3)
to_daemon = (
    st.builds(Hello, st.integers(0, 9), st.sampled_from(Role), st.text(max_size=9), st.text(max_size=9))
    | st.builds(Subscribe, st.lists(st.text(max_size=5), max_size=3).map(tuple))
    | st.builds(Request, st.integers(0, 99), st.text(max_size=9), row)
)
to_console = (
    st.builds(Welcome, st.integers(0, 9), st.sampled_from(Role), st.integers(0, 99), st.text(max_size=9))
    | st.builds(Refused, st.integers(0, 9), st.text(max_size=9))
    | st.builds(Snapshot, st.integers(0, 99), st.dictionaries(st.text(max_size=5), st.dictionaries(st.text(), row)))
    | st.builds(Delta, st.integers(0, 99), st.dictionaries(st.text(), st.dictionaries(st.text(), row | st.none())))
    | st.builds(
        Reply,
        st.integers(0, 99),
        st.booleans(),
        row,
        st.none() | st.sampled_from(FaultKind),
        st.text(max_size=9),
        st.lists(st.builds(Fault, st.text(), st.text(), st.text()), max_size=2).map(tuple),
    )
)


@given(st.lists(to_daemon, max_size=4) | st.lists(to_console, max_size=4), st.integers(1, 40))
def test_messages_survive_any_cutting(messages: list[Any], size: int) -> None:
    """Every message of either side comes out as it went in, in pieces of any size."""
    side = FromDaemon if messages and isinstance(messages[0], FromDaemon) else FromConsole
    stream = b"".join(map(frame, messages))
    frames = Frames(side)
    out: list[Any] = []
    for start in range(0, len(stream), size):
        out += frames.feed(stream[start : start + size])
    assert out == messages


@given(st.binary(max_size=200))
def test_garbage_is_a_value_error_and_nothing_else(body: bytes) -> None:
    """A framed body of any bytes is a message or a ValueError, for both sides."""
    for side in (FromConsole, FromDaemon):
        try:
            list(Frames(side).feed(make_frame(body)))
        except ValueError:
            continue


@given(plain)
def test_well_formed_nonsense_is_a_value_error(value: Any) -> None:
    """Plain values that are not messages are refused too."""
    from b2bua.base.serialization import pack

    with pytest.raises(ValueError, match="not a message"):
        list(Frames(FromConsole).feed(make_frame(pack(value))))


def test_a_greeting_of_another_version_is_understood() -> None:
    """A Hello without fields that came later, or with ones that are not known yet, still says its version."""
    from b2bua.base.serialization import pack

    for fields in ({}, {"token": "t", "mood": "good"}):
        said = {"_type": "Hello", "version": 9, "role": "viewer", "who": "li", **fields}
        (hello,) = Frames(FromConsole).feed(make_frame(pack(said)))
        assert hello.version == 9


def test_a_token_does_not_stand_in_what_is_printed_of_a_greeting() -> None:
    """A log that shows a Hello does not show the token."""
    assert "s400" not in repr(Hello(2, Role.VIEWER, "li", "s400_secret"))


def test_a_long_frame_is_refused_by_its_length_alone() -> None:
    """Four bytes that promise too much are refused before a body has come."""
    with pytest.raises(ValueError, match="at most"):
        list(FrameCutter().feed((MOST_FRAME_BYTES + 1).to_bytes(4, "big")))
    with pytest.raises(ValueError, match="at most"):
        frame(Request(1, "plan.publish", {"text": "x" * (MOST_FRAME_BYTES + 1)}))


def test_roles_include_what_is_below_them() -> None:
    """An admin may do all, a viewer only what viewers may."""
    assert [[role.may(least) for least in Role] for role in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
