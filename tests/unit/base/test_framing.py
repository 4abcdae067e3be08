"""Frames: whatever pieces a stream comes in, the bodies are the same; a length over the bound is refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.base.framing import FrameCutter, make_frame


@given(bodies=st.lists(st.binary(max_size=50), max_size=8), cuts=st.lists(st.integers(0, 400), max_size=12))
def test_the_same_bodies_in_any_pieces(bodies: list[bytes], cuts: list[int]) -> None:
    """A stream cut anywhere gives the bodies that were put into it, in order."""
    stream = b"".join(make_frame(body) for body in bodies)
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    cutter = FrameCutter()
    found = [body for low, high in pairwise(places) for body in cutter.feed(stream[low:high])]
    assert found == bodies


def test_a_length_over_the_bound() -> None:
    """Writer and reader both refuse it, the reader before it has read the body."""
    with pytest.raises(ValueError, match="at most 10"):
        make_frame(b"x" * 11, 10)
    with pytest.raises(ValueError, match="at most 10"):
        list(FrameCutter(10).feed(make_frame(b"x" * 11)[:4]))
