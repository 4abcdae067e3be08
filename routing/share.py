"""Exact shares: which branch the call at a place in line takes (R3).

Rule: places repeat every hundred, and within a hundred each branch has exactly its percentage; so any hundred
calls in a row are shared exactly, wherever they begin. Within the hundred each branch is spread evenly.
"""

from collections.abc import Sequence

WHOLE = 100


def branch_at(place: int, percents: Sequence[int]) -> int:
    """The index of the branch for a place in line (0 or more); `percents` add up to 100.

    The branch whose next turn is due first goes first: turn k of a branch with share p is due at (k +
    ½)·100/p.
    """
    turn = place % WHOLE
    due = sorted(
        ((2 * k + 1) * WHOLE / (2 * share), index) for index, share in enumerate(percents) for k in range(share)
    )
    return due[turn][1]
