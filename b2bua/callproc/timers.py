"""The timers that a call's flow started, on the monotonic clock.

Rule: a timer fires once, in order of its due moment, and never after it was stopped.
"""

from routing.ids import TimerName


class Timers:
    """Running timers by name. All moments are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._due_at: dict[TimerName, float] = {}

    def start(self, timer: TimerName, due_at: float) -> None:
        """Run a timer; one of the same name starts anew."""
        self._due_at[timer] = due_at

    def stop(self, timer: TimerName) -> None:
        """Stop a timer, if it runs."""
        self._due_at.pop(timer, None)

    def take_due(self, now: float) -> TimerName | None:
        """The timer that was due longest, which runs no more; None if none is due."""
        timer = min(self._due_at, key=self._due_at.__getitem__, default=None)
        if timer is None or self._due_at[timer] > now:
            return None
        del self._due_at[timer]
        return timer

    def next_due(self) -> float | None:
        """When the next timer is due, None if none runs."""
        return min(self._due_at.values(), default=None)
