"""Whether the switch takes new calls at all.

Rule: no call is taken that could not be recorded (P1), and none by a daemon that is being stopped.
"""

from typing import Protocol

from b2bua.store.writer import Health


class RecordStore(Protocol):
    """The part of the record writer that is used here."""

    @property
    def health(self) -> Health:
        """Whether records reach the disk."""


class AdmissionState:
    """`leaving` is set once, when the daemon is told to stop."""

    def __init__(self, writer: RecordStore) -> None:
        self.leaving = False
        self._writer = writer

    def why_closed(self) -> str:
        """Why no new call is taken, in one line; empty while calls are taken."""
        if self.leaving:
            return "the switch is being stopped"
        health = self._writer.health
        return "" if health.healthy else health.reason
