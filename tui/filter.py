"""The filter above every table: words that must all be in a row; a `!` in front turns it round.

Rule: spaces and hyphens do not matter: `4006001234` finds `400-600-1234`, and the other way round.
"""

from collections.abc import Iterable

import attrs

_BREAKS = str.maketrans("", "", "- ")


@attrs.frozen
class Filter:
    """What a row must hold (`words`, lower case) to be shown, or to be hidden if `inverted`."""

    words: tuple[str, ...] = ()
    inverted: bool = False

    @classmethod
    def parse(cls, text: str) -> "Filter":
        """A filter as typed."""
        text = text.strip().lower()
        inverted = text.startswith(("!", "！"))
        return cls(tuple(text.lstrip("!！").split()), inverted)

    def takes(self, cells: Iterable[str]) -> bool:
        """Whether a row with these cells is shown."""
        if not self.words:
            return True
        row = "\n".join(cells).lower()
        bare = row.translate(_BREAKS)
        return self.inverted != all(word in row or word.translate(_BREAKS) in bare for word in self.words)
