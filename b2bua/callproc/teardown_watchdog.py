"""How long all that is left of a call has been on its way down.

Rule: PJSIP settles a leg within 64.8 s, whatever the far end does (docs/pjsua2.md). What takes longer is never settled,
and would hold a record open and a process busy for ever.
"""

from typing import Final

TOO_LONG_S: Final = 75.0


class TeardownWatchdog:
    """The time since when every leg that is left is leaving. `now` is monotonic seconds."""

    def __init__(self) -> None:
        self._since: float | None = None

    def is_too_long(self, leaving: bool, now: float) -> bool:
        """Whether it has been so, without a break, for more than `TOO_LONG_S`."""
        if not leaving:
            self._since = None
            return False
        if self._since is None:
            self._since = now
        return now - self._since > TOO_LONG_S
