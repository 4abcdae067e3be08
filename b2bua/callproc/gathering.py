"""Keys gathered from one leg, until there are enough, an end key, or no more in time.

Rule: the keys of a secret stay here. What leaves is whether they matched (O5).
"""

from routing.command import CollectDigits
from routing.event import DigitsKeyed, Event, KeysEnd, SecretKeyed
from routing.secret import Secret, matches


class DigitCollector:
    """One `CollectDigits` under way. `end` is set once it is over; moments are monotonic seconds."""

    def __init__(self, command: CollectDigits, now: float, *, after_prompt: bool) -> None:
        self._command = command
        self._keys = ""
        self.end: KeysEnd | None = None
        self.due_at: float | None = None
        if not after_prompt:
            self.wait_first(now)

    def wait_first(self, now: float) -> None:
        """The prompt is over: from now on a first key is waited for."""
        if not self._keys and self.end is None and self._command.first_s:
            self.due_at = now + self._command.first_s

    def press(self, key: str, now: float) -> None:
        """A key was pressed."""
        if self.end is not None:
            return
        if key in self._command.end_keys:
            self.end = KeysEnd.END_KEY
            return
        self._keys += key
        self.due_at = now + self._command.inter_s
        if len(self._keys) >= self._command.most:
            self.end = KeysEnd.FULL

    def look(self, now: float) -> None:
        """End it if its time has run out."""
        if self.end is None and self.due_at is not None and now >= self.due_at:
            self.end = KeysEnd.INTER_TIMEOUT if self._keys else KeysEnd.FIRST_TIMEOUT

    def outcome(self, at_s: float) -> Event:
        """What came of it, once `end` is set."""
        assert self.end is not None
        if self._command.secret:
            matched = matches(Secret(self._command.secret), self._keys)
            return SecretKeyed(at_s, self._command.leg, matched, self.end)
        return DigitsKeyed(at_s, self._command.leg, self._keys, self.end)
