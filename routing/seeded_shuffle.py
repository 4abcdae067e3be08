"""What looks like chance, as a function of a seed: the same seed, the same order (S2).

Rule: no generator with a state; each draw is a hash of the seed, a salt and its number.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


def shuffled(items: Sequence[T], seed: int, salt: str) -> tuple[T, ...]:
    """The items in an order that the seed and the salt decide; each order is equally likely."""

    def draw(index: int) -> bytes:
        return blake2b(f"{seed}/{salt}/{index}".encode(), digest_size=8).digest()

    return tuple(items[index] for index in sorted(range(len(items)), key=draw))
