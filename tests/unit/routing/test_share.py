"""Exact shares, and what only looks like chance (R3, R4)."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.seeded_shuffle import shuffled
from routing.share import branch_at


def percents() -> st.SearchStrategy[list[int]]:
    """Whole percentages that add up to 100."""
    cuts = st.sets(st.integers(1, 99), max_size=6).map(sorted)
    return cuts.map(lambda some: [high - low for low, high in zip([0, *some], [*some, 100], strict=True)])


@pytest.mark.req("R3")
def test_thirty_seven_and_sixty_three_in_any_hundred() -> None:
    """A split of 37 and 63 gives exactly 37 and 63 in any 100 calls in a row."""
    branches = [branch_at(place, [37, 63]) for place in range(300)]
    for first in range(200):
        assert Counter(branches[first : first + 100]) == {0: 37, 1: 63}


@pytest.mark.req("R3")
@given(percents(), st.integers(0, 10**9))
def test_any_hundred_in_a_row_are_exact(shares: list[int], first: int) -> None:
    """Whatever the shares and wherever the hundred begins."""
    counted = Counter(branch_at(place, shares) for place in range(first, first + 100))
    assert counted == dict(enumerate(shares))


@pytest.mark.req("R3")
@given(percents())
def test_evenly_spread(shares: list[int]) -> None:
    """After any number of calls each branch is within three calls of its exact share, so no branch waits long."""
    counted: Counter[int] = Counter()
    for place in range(100):
        counted[branch_at(place, shares)] += 1
        for branch, share in enumerate(shares):
            assert abs(counted[branch] - share * (place + 1) / 100) < 3


@pytest.mark.req("R4", "S2")
@given(st.lists(st.integers(), max_size=20), st.integers(), st.text())
def test_shuffling_is_a_function_of_the_seed(items: list[int], seed: int, salt: str) -> None:
    """The same seed gives the same order, and nothing is lost."""
    assert shuffled(items, seed, salt) == shuffled(items, seed, salt)
    assert Counter(shuffled(items, seed, salt)) == Counter(items)


@pytest.mark.req("R4")
def test_each_target_comes_first_about_equally_often() -> None:
    """Over many seeds no target is preferred."""
    firsts = Counter(shuffled("abcd", seed, "desk")[0] for seed in range(4000))
    assert all(900 < count < 1100 for count in firsts.values())
