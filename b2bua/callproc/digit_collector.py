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

    def press(self, key: str, now: float) -> int:
        """A key was pressed. Returns how many keys, the oldest first, have turned out not to be for us."""
        if self.end is not None:
            return 0
        if key in self._command.end_keys and (self._keys or not self._command.codes):
            self.end = KeysEnd.END_KEY
            return 0
        self._keys += key
        self.due_at = now + self._command.inter_s
        others = 0
        while self._keys and not self._may_be_a_code():
            self._keys, others = self._keys[1:], others + 1
        if not self._keys:
            self.due_at = None
        if len(self._keys) >= self._command.most:
            self.end = KeysEnd.FULL
        return others

    def _may_be_a_code(self) -> bool:
        codes = self._command.codes
        return not codes or any(self._keys.startswith(code) or code.startswith(self._keys) for code in codes)

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
